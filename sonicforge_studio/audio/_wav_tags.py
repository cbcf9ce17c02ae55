"""Tags inside WAV files: an ``id3 `` chunk with all, and a ``LIST INFO`` chunk for programs that know only that."""

from __future__ import annotations

import io
import os
import struct
from typing import Any, Protocol

import mutagen.id3

from sonicforge_studio.audio._riff import Chunk, ReadableAt, Riff, chunk_bytes
from sonicforge_studio.audio._tag_fields import BROKEN, Tags, set_id3_frames

_ID3: Any = mutagen.id3.ID3
_INFO = {b"INAM": "title", b"IART": "artist", b"IPRD": "album", b"IGNR": "genre", b"ICMT": "comment"}
_ID3_NAMES = (b"id3 ", b"ID3 ")
_LARGEST_TAG_BYTES = 1 << 26
_COPY_BYTES = 1 << 20


class _Writable(Protocol):
    def write(self, data: bytes) -> int: ...

    def seek(self, offset: int, whence: int = 0) -> int: ...

    def tell(self) -> int: ...


def read_id3_chunk(file: ReadableAt, riff: Riff) -> Any:
    """The ID3 tag of a WAV file, None where there is none or it is broken."""
    chunk = riff.first(*_ID3_NAMES)
    if chunk is None or chunk.present_bytes > _LARGEST_TAG_BYTES:
        return None
    try:
        return _ID3(io.BytesIO(file.read_at(chunk.offset, chunk.present_bytes)))
    except BROKEN:
        return None


def tag_chunks(tags: Tags, id3: Any = None, *, big_endian: bool = False) -> bytes:
    """Both chunks as bytes, nothing where there are no tags; ``id3`` is what was there before, whose other frames
    stay."""
    id3 = _ID3() if id3 is None else id3
    set_id3_frames(id3, tags)
    content = b""
    if id3:
        buffer = io.BytesIO()
        id3.save(buffer, padding=lambda _: 0)
        content = chunk_bytes(b"id3 ", buffer.getvalue(), big_endian=big_endian)
    entries = b"".join(
        chunk_bytes(name, text.encode("utf-8", "replace") + b"\0", big_endian=big_endian)
        for name, field in _INFO.items()
        if (text := getattr(tags, field))
    )
    return (chunk_bytes(b"LIST", b"INFO" + entries, big_endian=big_endian) if entries else b"") + content


def copy_with_tags(file: ReadableAt, riff: Riff, out: _Writable, tags: Tags) -> None:
    """Copy a WAV file chunk by chunk, with new tags at its end."""
    number = ">I" if riff.big_endian else "<I"
    out.write(file.read_at(0, 12))
    places: dict[bytes, int] = {}
    data_bytes = 0
    for chunk in riff.chunks:
        if chunk.name in _ID3_NAMES or (chunk.name == b"LIST" and file.read_at(chunk.offset, 4) == b"INFO"):
            continue
        if chunk.name == b"data":
            data_bytes = chunk.present_bytes
        places[chunk.name] = out.tell() + 8
        # A file that was cut off promises more than it has; new chunks behind it would count as sound.
        out.write(chunk.name + struct.pack(number, min(chunk.present_bytes, 0xFFFFFFFF)))
        _copy(file, chunk, out)
    out.write(tag_chunks(tags, read_id3_chunk(file, riff), big_endian=riff.big_endian))
    riff_bytes = out.tell() - 8
    if b"ds64" in places:
        _patch(out, places[b"ds64"], struct.pack("<QQ", riff_bytes, data_bytes))
        _patch(out, places[b"data"] - 4, b"\xff\xff\xff\xff")
        _patch(out, 4, b"\xff\xff\xff\xff")
    else:
        _patch(out, 4, struct.pack(number, min(riff_bytes, 0xFFFFFFFF)))
    out.seek(0, os.SEEK_END)


def _copy(file: ReadableAt, chunk: Chunk, out: _Writable) -> None:
    done = 0
    while done < chunk.present_bytes:
        content = file.read_at(chunk.offset + done, min(_COPY_BYTES, chunk.present_bytes - done))
        if not content:
            break
        out.write(content)
        done += len(content)
    if done & 1:
        out.write(b"\0")


def _patch(out: _Writable, offset: int, content: bytes) -> None:
    out.seek(offset)
    out.write(content)
