"""What a download would bring, in figures and in words."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HubFile:
    """A file as the hub has it. Of its hashes it has one: ``sha256`` of large files, ``blob`` (git's) of small ones."""

    name: str
    size_bytes: int
    sha256: str
    blob: str


@dataclass(frozen=True, slots=True)
class Offer:
    """What a download would bring, as the hub has it now."""

    name: str
    hub: str
    revision: str
    files: tuple[HubFile, ...]
    download_bytes: int
    """Still to come: what is here of it already is left out."""
    free_bytes: int
    """On the disk that it goes to."""
    licence: str


def spoken_bytes(size: int) -> str:
    """ "2.4 GB"."""
    for unit, digits in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if size >= unit:
            return f"{size / unit:.1f} {digits}"
    return f"{size} bytes"
