"""Where each kind of tag keeps the studio's fields, to read and to write."""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

import mutagen
from mutagen.apev2 import APEv2
from mutagen.asf import ASFTags
from mutagen.id3 import COMM, ID3, TXXX, Frames
from mutagen.mp4 import AtomDataType, MP4FreeForm, MP4Tags

from sonicforge_studio.domain import Key
from sonicforge_studio.domain.errors import UnknownKey

BROKEN = (
    mutagen.MutagenError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError, EOFError, OSError,
    AssertionError, NotImplementedError, RecursionError, MemoryError, struct.error, zlib.error,
)  # fmt: skip
"""What mutagen has been seen to raise over tags that do not keep to their format."""


@dataclass(frozen=True, slots=True)
class Tags:
    """What a file says of itself. ``recipe`` is the JSON text of how it was made."""

    title: str | None = None
    artist: str | None = None
    album: str | None = None
    genre: str | None = None
    comment: str | None = None
    bpm: float | None = None
    key: str | None = None
    """"A minor" where it can be read as a key, else as it stands."""
    licence: str | None = None
    recipe: str | None = None


_new_comment: Any = COMM
_new_text: Any = TXXX
_new_freeform: Any = MP4FreeForm
FIELDS = tuple(field.name for field in fields(Tags))

_ID3_FRAMES = {"title": "TIT2", "artist": "TPE1", "album": "TALB", "genre": "TCON", "bpm": "TBPM", "key": "TKEY"}
_ID3_OWN = {"licence": "LICENSE", "recipe": "SONICFORGE_RECIPE"}
_MP4 = {
    "title": "\xa9nam",
    "artist": "\xa9ART",
    "album": "\xa9alb",
    "genre": "\xa9gen",
    "comment": "\xa9cmt",
    "bpm": "----:com.apple.iTunes:BPM",
    "key": "----:com.apple.iTunes:initialkey",
    "licence": "----:com.apple.iTunes:LICENSE",
    "recipe": "----:com.sonicforge:recipe",
}
_ASF = {
    "title": ("Title",),
    "artist": ("Author",),
    "album": ("WM/AlbumTitle",),
    "genre": ("WM/Genre",),
    "comment": ("Description",),
    "bpm": ("WM/BeatsPerMinute",),
    "key": ("WM/InitialKey",),
    "licence": ("LICENSE", "Copyright"),
    "recipe": ("SONICFORGE_RECIPE",),
}
_NAMES = {
    "title": ("TITLE",),
    "artist": ("ARTIST",),
    "album": ("ALBUM",),
    "genre": ("GENRE",),
    "comment": ("COMMENT", "DESCRIPTION"),
    "bpm": ("BPM", "TEMPO", "TBPM", "TMPO"),
    "key": ("INITIALKEY", "KEY", "TKEY"),
    "licence": ("LICENSE", "LICENCE"),
    "recipe": ("SONICFORGE_RECIPE",),
}
"""Of Vorbis comments, APE tags and FFmpeg's metadata; the first is written, all are read."""


def tags_of(texts: Mapping[str, str | None]) -> Tags:
    """Tags from the texts of a file's fields."""
    kept: dict[str, Any] = {name: text for name in FIELDS if (text := texts.get(name))}
    if "bpm" in kept:
        kept["bpm"] = _number(kept["bpm"])
    if "key" in kept:
        kept["key"] = _spoken_key(kept["key"])
    return Tags(**kept)


def read_texts(tags: Any) -> dict[str, str | None]:
    """The fields of whatever tag mutagen found, as texts."""
    if isinstance(tags, ID3):
        return _read_id3(tags)
    if isinstance(tags, MP4Tags):
        return _read_mp4(tags)
    return read_named(tags, _ASF if isinstance(tags, ASFTags) else _NAMES)


def read_named(tags: Mapping[str, Any], names: Mapping[str, tuple[str, ...]] = _NAMES) -> dict[str, str | None]:
    """The fields of a tag that keeps names and values; case does not matter."""
    by_name = {str(name).casefold(): name for name in tags.keys()}  # noqa: SIM118 — Vorbis comments iterate as pairs
    texts: dict[str, str | None] = {}
    for field, spellings in names.items():
        found = [by_name[name.casefold()] for name in spellings if name.casefold() in by_name]
        texts[field] = next((text for name in found if (text := _joined(tags[name]))), None)
    return texts


def set_fields(tags: Any, wanted: Tags) -> None:
    """Put the fields into a tag of any kind; those that are None are taken out, all others of the tag stay."""
    if isinstance(tags, ID3):
        set_id3_frames(tags, wanted)
    elif isinstance(tags, MP4Tags):
        _set_mp4(tags, wanted)
    else:
        names = _ASF if isinstance(tags, ASFTags) else _NAMES
        for field, text in written_texts(wanted).items():
            for name in names[field]:
                if name in tags:
                    del tags[name]
            if text is not None:
                tags[names[field][0]] = text if isinstance(tags, APEv2) else [text]


def set_id3_frames(id3: Any, wanted: Tags) -> None:
    """Put the fields into an ID3 tag as UTF-8 (ID3v2.4)."""
    for name in ("COMM::eng", "COMM::XXX", *_ID3_FRAMES.values(), *(f"TXXX:{own}" for own in _ID3_OWN.values())):
        id3.delall(name)
    for field, text in written_texts(wanted).items():
        if text is None:
            continue
        if field == "comment":
            id3.add(_new_comment(encoding=3, lang="eng", desc="", text=text))
        elif field in _ID3_OWN:
            id3.add(_new_text(encoding=3, desc=_ID3_OWN[field], text=text))
        else:
            id3.add(Frames[_ID3_FRAMES[field]](encoding=3, text=text))


def written_texts(tags: Tags) -> dict[str, str | None]:
    """The fields as files hold them: valid Unicode without NUL; the key short, as DJ programs read it ("F#m")."""
    texts = {name: _clean(str(value)) if (value := getattr(tags, name)) else None for name in FIELDS}
    if tags.bpm is not None:
        texts["bpm"] = f"{tags.bpm:.4f}".rstrip("0").rstrip(".") if math.isfinite(tags.bpm) else None
    if texts["key"]:
        texts["key"] = _short_key(texts["key"])
    return texts


def _read_id3(tags: Any) -> dict[str, str | None]:
    texts: dict[str, str | None] = {}
    for field, name in _ID3_FRAMES.items():
        frame = tags.get(name)
        texts[field] = None if frame is None else _joined(frame.genres if field == "genre" else frame.text)
    for field, description in _ID3_OWN.items():
        own = [frame for frame in tags.getall("TXXX") if frame.desc.casefold() == description.casefold()]
        texts[field] = _joined(own[0].text) if own else None
    comments = [frame for frame in tags.getall("COMM") if not frame.desc]
    texts["comment"] = _joined(comments[0].text) if comments else None
    return texts


def _read_mp4(tags: Any) -> dict[str, str | None]:
    texts = {field: _joined(tags.get(name, ())) for field, name in _MP4.items()}
    texts["bpm"] = texts["bpm"] or _joined(tags.get("tmpo", ()))
    return texts


def _set_mp4(tags: Any, wanted: Tags) -> None:
    texts = written_texts(wanted)
    for field, name in _MP4.items():
        tags.pop(name, None)
        text = texts[field]
        if text is None:
            continue
        freeform = name.startswith("----")
        tags[name] = [_new_freeform(text.encode(), AtomDataType.UTF8) if freeform else text]
    tags.pop("tmpo", None)
    if wanted.bpm is not None and 0 < wanted.bpm < 65535:
        tags["tmpo"] = [round(wanted.bpm)]


def _joined(values: Any) -> str | None:
    """One text of one or many values, each once; bytes are UTF-8."""
    many: Iterable[Any] = values if isinstance(values, (list, tuple)) else [values]
    texts = [value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value) for value in many]
    return _clean("; ".join(text for text in dict.fromkeys(texts) if text)) or None


def _clean(text: str) -> str:
    """Without NUL, which ends or divides texts in tags, and with lone surrogates replaced: no file can hold them."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").replace("\0", "")


def _number(text: str) -> float | None:
    try:
        number = float(text.strip().replace(",", "."))
    except ValueError:
        return None
    return number if math.isfinite(number) and number > 0 else None


def _spoken_key(text: str) -> str:
    try:
        return str(Key.parse(text))
    except UnknownKey:
        return text


def _short_key(text: str) -> str:
    try:
        tonic, mode = str(Key.parse(text)).split()
    except UnknownKey:
        return text
    return tonic + ("m" if mode == "minor" else "")
