"""Where in a file its sound lies: what is left when the tags are cut out, without taking it apart packet by packet."""

from __future__ import annotations

from sonicforge_studio.audio._known_formats import behind_id3, has_tags_behind
from sonicforge_studio.audio._regular_file import RegularFile
from sonicforge_studio.audio._riff import Riff, read_riff

Range = tuple[int, int]
"""The first byte and the one behind the last."""

_STREAM_INFO_BYTES = 34
_LAST_BLOCK = 0x80
_SIDES = 2


def sound_ranges(file: RegularFile) -> tuple[Range, ...] | None:
    """The stretches of an MP3, AAC, FLAC or WAV file that decide what it decodes to; None of any other file, and of one
    where more than these might have a say, by what decoders are known to do.

    MP3 and AAC: what stands behind the ID3v2 tag (id3.org, 2.4.0, 3.1). FLAC: STREAMINFO and the frames (RFC 9639, 8
    and 9). WAV: ``fmt ``, ``fact`` and ``data``.
    """
    riff = read_riff(file)
    if riff is not None:
        return _of_wav(riff)
    if has_tags_behind(file, file.size_bytes):
        return None
    if file.read_at(0, 4) == b"fLaC":
        return _of_flac(file)
    start = behind_id3(file)
    head = file.read_at(start, 2)
    if len(head) == 2 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0:
        return ((start, file.size_bytes),)
    return None


def _of_wav(riff: Riff) -> tuple[Range, ...] | None:
    """Of a WAV whose sound is one chunk that is as long as it says: where that is open, decoders differ."""
    names = [chunk.name for chunk in riff.chunks]
    if riff.form != b"RIFF" or b"ds64" in names or names.count(b"fmt ") != 1 or names.count(b"data") != 1:
        return None
    form, data, fact = riff.first(b"fmt "), riff.first(b"data"), riff.first(b"fact")
    if form is None or data is None or not 0 < data.declared_bytes == data.present_bytes:
        return None
    chunks = [chunk for chunk in (form, fact, data) if chunk is not None]
    return tuple((chunk.offset - 8, chunk.offset + chunk.present_bytes) for chunk in chunks)


def _of_flac(file: RegularFile) -> tuple[Range, ...] | None:
    at, info = 4, 8
    first = file.read_at(at, 4 + _STREAM_INFO_BYTES)
    if len(first) < 4 + _STREAM_INFO_BYTES or first[0] & ~_LAST_BLOCK:
        return None
    if int.from_bytes(first[1:4]) != _STREAM_INFO_BYTES:
        return None
    # Of more channels a tag may say which loudspeaker each of them is for.
    if (first[4 + 12] >> 1 & 0x07) + 1 > _SIDES:
        return None
    last = False
    while not last:
        head = file.read_at(at, 4)
        if len(head) < 4:
            return None
        last = bool(head[0] & _LAST_BLOCK)
        at += 4 + int.from_bytes(head[1:])
    return ((info, info + _STREAM_INFO_BYTES), (at, file.size_bytes)) if at < file.size_bytes else None
