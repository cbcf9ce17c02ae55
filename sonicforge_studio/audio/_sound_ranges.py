"""Where in a file its sound lies: what is left when the tags are cut out, without taking it apart packet by packet."""

from __future__ import annotations

import struct

from sonicforge_studio.audio._regular_file import RegularFile
from sonicforge_studio.audio._riff import read_riff

Range = tuple[int, int]
"""The first byte and the one behind the last."""

_ID3_HEAD, _ID3_FOOTED = 10, 0x10
_ID3V1_BYTES = 128
_APE_FOOT, _APE_HEADED = 32, 1 << 31
_MOST_TAGS = 64
_STREAM_INFO_BYTES = 34
_SIDES = 2
_OPEN_LENGTH = 0x7FFFFF00
"""Recorders that stream leave a length like this one in a WAV file, and FFmpeg then reads on to the end."""


def sound_ranges(file: RegularFile) -> tuple[Range, ...] | None:
    """The stretches of an MP3, AAC, FLAC or WAV file that decide what it decodes to; None of any other file, and of one
    where more than these might have a say.

    MP3 and AAC: what stands between the ID3v2 tags (id3.org, 2.4.0, 3.1) and ID3v1 or APE tags. FLAC: STREAMINFO and
    the frames (RFC 9639, 8 and 9). WAV: ``fmt ``, ``fact`` and ``data``.
    """
    riff = read_riff(file)
    if riff is not None:
        form, data = riff.first(b"fmt "), riff.first(b"data")
        if form is None or data is None or data.declared_bytes >= _OPEN_LENGTH:
            return None
        fact = riff.first(b"fact")
        chunks = [chunk for chunk in (form, fact, data) if chunk is not None]
        return tuple((chunk.offset - 8, chunk.offset + chunk.present_bytes) for chunk in chunks)
    start, end = _behind_id3(file), _before_tags(file)
    head = file.read_at(start, 4)
    if head == b"fLaC":
        return _of_flac(file, start, end)
    if len(head) == 4 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0 and start < end:
        return ((start, end),)
    return None


def _of_flac(file: RegularFile, start: int, end: int) -> tuple[Range, ...] | None:
    at, info = start + 4, start + 8
    last = False
    first = file.read_at(info, _STREAM_INFO_BYTES)
    # Of more channels a tag may say which loudspeaker each of them is for.
    if len(first) < _STREAM_INFO_BYTES or (first[12] >> 1 & 0x07) + 1 > _SIDES:
        return None
    while not last:
        head = file.read_at(at, 4)
        if len(head) < 4:
            return None
        if at == start + 4 and (head[0] & 0x7F, int.from_bytes(head[1:])) != (0, _STREAM_INFO_BYTES):
            return None
        last = bool(head[0] & 0x80)
        at += 4 + int.from_bytes(head[1:])
    return ((info, info + _STREAM_INFO_BYTES), (at, end)) if at < end else None


def _behind_id3(file: RegularFile) -> int:
    at = 0
    for _ in range(_MOST_TAGS):
        head = file.read_at(at, _ID3_HEAD)
        if len(head) < _ID3_HEAD or head[:3] != b"ID3" or any(byte & 0x80 for byte in head[6:]):
            break
        size = head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9]
        at += _ID3_HEAD + size + (_ID3_HEAD if head[5] & _ID3_FOOTED else 0)
    return at


def _before_tags(file: RegularFile) -> int:
    end = file.size_bytes
    if file.read_at(end - _ID3V1_BYTES, 3) == b"TAG" and end > _ID3V1_BYTES:
        end -= _ID3V1_BYTES
    foot = file.read_at(end - _APE_FOOT, _APE_FOOT) if end > _APE_FOOT else b""
    if foot[:8] == b"APETAGEX":
        size, _, flags = struct.unpack_from("<3I", foot, 12)
        end = max(0, end - size - (_APE_FOOT if flags & _APE_HEADED else 0))
    return end
