"""What targets, presets and licences are called by people."""

from __future__ import annotations

from sonicforge_studio.domain.licence import is_non_commercial
from sonicforge_studio.ui.text import tr

_TARGETS = {
    "spotify": "Spotify",
    "spotify-loud": "Spotify Loud",
    "apple-music": "Apple Music",
    "youtube": "YouTube",
    "tidal": "Tidal",
    "amazon": "Amazon Music",
    "deezer": "Deezer",
    "ebu-r128": "EBU R 128",
    "atsc-a85": "ATSC A/85",
}


def target_name(name: str) -> str:
    """The brand's own name, or a translated word."""
    if name == "podcast":
        return tr("Podcast")
    if name == "club":
        return tr("Club")
    return _TARGETS.get(name, name)


def preset_name(name: str) -> str:
    return {
        "transparent": tr("Transparent"),
        "glue": tr("Glue"),
        "punchy": tr("Punchy"),
        "warm": tr("Warm"),
        "bright": tr("Bright"),
        "wide": tr("Wide"),
        "dense": tr("Dense"),
        "loud-club": tr("Loud for clubs"),
        "podcast-voice": tr("Podcast voice"),
        "acoustic": tr("Acoustic"),
    }.get(name, name.capitalize())


def licence_text(licence: str) -> str:
    """A licence by its name, with what matters of it."""
    if not licence:
        return tr("Licence unknown: see where it comes from")
    if is_non_commercial(licence):
        return tr("Not for commercial use ({licence})", licence=licence)
    return tr("Licence {licence}", licence=licence)
