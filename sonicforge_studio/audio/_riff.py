"""The chunks of a WAV file: RIFF, big-endian RIFX, and RF64/BW64 for more than 4 GiB (EBU Tech 3306)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Protocol

LARGEST_RIFF_BYTES = 0xFFFFFFFF
_MOST_CHUNKS = 4096


class ReadableAt(Protocol):
    @property
    def size_bytes(self) -> int: ...

    def read_at(self, offset: int, count: int) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Chunk:
    """``offset`` is where the content starts; ``declared_bytes`` may reach past the end of a file that was cut off."""

    name: bytes
    offset: int
    declared_bytes: int
    present_bytes: int


@dataclass(frozen=True, slots=True)
class Riff:
    big_endian: bool
    form: bytes
    """``RIFF``, ``RIFX``, ``RF64`` or ``BW64``."""
    chunks: tuple[Chunk, ...]

    def first(self, *names: bytes) -> Chunk | None:
        return next((chunk for chunk in self.chunks if chunk.name in names), None)


def read_riff(file: ReadableAt) -> Riff | None:
    """The chunks of a WAV file, or None where the file is no WAV."""
    head = file.read_at(0, 12)
    if len(head) < 12 or head[:4] not in (b"RIFF", b"RIFX", b"RF64", b"BW64") or head[8:] != b"WAVE":
        return None
    big_endian = head[:4] == b"RIFX"
    number = struct.Struct(">I" if big_endian else "<I")
    data_bytes_of_ds64: int | None = None
    chunks: list[Chunk] = []
    offset = 12
    while offset + 8 <= file.size_bytes and len(chunks) < _MOST_CHUNKS:
        header = file.read_at(offset, 8)
        if len(header) < 8:
            break
        name, size = header[:4], number.unpack(header[4:])[0]
        start = offset + 8
        if name == b"ds64":
            sizes = file.read_at(start, 16)
            if len(sizes) == 16:
                data_bytes_of_ds64 = struct.unpack("<8xQ", sizes)[0]
        if name == b"data" and size == 0xFFFFFFFF and data_bytes_of_ds64 is not None:
            size = data_bytes_of_ds64
        chunks.append(Chunk(name, start, size, max(0, min(size, file.size_bytes - start))))
        offset = start + size + (size & 1)
    return Riff(big_endian, head[:4], tuple(chunks))


def declared_wav_frames(file: ReadableAt) -> int | None:
    """How many frames of plain PCM the header promises; None where it leaves the length open or is no such WAV.

    Recorders that stream write a placeholder near 2 or 4 GiB, which promises nothing.
    """
    riff = read_riff(file)
    if riff is None:
        return None
    form, data = riff.first(b"fmt "), riff.first(b"data")
    if form is None or data is None or form.present_bytes < 16:
        return None
    endian = ">" if riff.big_endian else "<"
    kind, _channels, _rate, _bytes_per_second, frame_bytes = struct.unpack(
        endian + "HHIIH", file.read_at(form.offset, 14)
    )
    placeholder = 0x7FFFFF00 <= data.declared_bytes <= 0x7FFFFFFF or 0xFFFFFF00 <= data.declared_bytes <= 0xFFFFFFFF
    if kind not in (1, 3, 6, 7, 0xFFFE) or frame_bytes == 0 or placeholder:
        return None
    return int(data.declared_bytes // frame_bytes)


def chunk_bytes(name: bytes, content: bytes, *, big_endian: bool = False) -> bytes:
    """A whole chunk, padded to an even length."""
    return name + struct.pack(">I" if big_endian else "<I", len(content)) + content + b"\0" * (len(content) & 1)
