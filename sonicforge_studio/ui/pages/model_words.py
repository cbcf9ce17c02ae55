"""What a model is and needs, in words."""

from __future__ import annotations

from sonicforge_studio.studio import ModelCard, Outlook, spoken_bytes
from sonicforge_studio.ui.numbers import clock, decimal
from sonicforge_studio.ui.text import tr


def memory_text(card: ModelCard) -> str:
    """What it needs, and whether that is there; "" where nobody knows yet."""
    if not card.memory_bytes:
        return ""
    size = spoken_bytes(card.memory_bytes)
    if card.fits:
        return tr("Needs {size} of memory, which is there", size=size)
    return tr("Needs {size} of memory, more than is free", size=size)


def outlook_text(outlook: Outlook) -> str:
    """How long it will take, and whether the memory for it is there."""
    size = spoken_bytes(outlook.memory_bytes)
    if not outlook.fits:
        return tr("Needs {size} of memory, more than is free: it may come out smaller", size=size)
    time = clock(outlook.seconds)
    if not outlook.learned:
        return tr("About {time}, a guess until one was made · {size} of memory", time=time, size=size)
    return tr("About {time} · {size} of memory", time=time, size=size)


def kind_text(card: ModelCard) -> str:
    """What it listens to and how it sounds, such as "Text and melody · stereo · 1.5 billion parameters"."""
    heard = tr("Text and melody") if card.kind == "melody" else tr("Text")
    channels = tr("stereo") if card.channels == 2 else tr("mono")
    return " · ".join(part for part in (heard, channels, _parameters_text(card.parameters)) if part)


def _parameters_text(parameters: int) -> str:
    if parameters >= 1_000_000_000:
        return tr("{count} billion parameters", count=decimal(parameters / 1e9, 1))
    if parameters >= 1_000_000:
        return tr("{count} million parameters", count=decimal(parameters / 1e6, 0))
    return tr("{count} thousand parameters", count=decimal(parameters / 1e3, 0)) if parameters else ""


def size_text(card: ModelCard) -> str:
    """On the disk where it is here, else what the download brings."""
    if card.path is not None:
        return tr("{size} on the disk", size=spoken_bytes(card.disk_bytes))
    if card.partial_bytes:
        there, whole = spoken_bytes(card.partial_bytes), spoken_bytes(card.download_bytes)
        return tr("{whole} to download, {size} of it here already", size=there, whole=whole)
    return tr("{size} to download", size=spoken_bytes(card.download_bytes)) if card.download_bytes else ""


def state_word(card: ModelCard) -> str:
    """Where it is."""
    if card.problem:
        return tr("Cannot be used")
    if card.path is None:
        return tr("Not here")
    return tr("Your own folder") if card.local else tr("Here")
