"""WAV out: RIFF that turns into RF64 past 4 GiB (EBU Tech 3306), with its tags in ``id3 `` and ``LIST`` chunks."""

from __future__ import annotations

import struct
from typing import Protocol

import numpy as np

from sonicforge_studio.audio._pcm import Quantiser, finite
from sonicforge_studio.audio._riff import LARGEST_RIFF_BYTES
from sonicforge_studio.audio._wav_tags import tag_chunks
from sonicforge_studio.audio.tags import Tags
from sonicforge_studio.domain import Samples
from sonicforge_studio.kernels.packing import packed_24_bit_frames

_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_GUID_TAIL = bytes.fromhex("000000001000800000aa00389b71")
_SPEAKERS = {3: 0x7, 4: 0x33, 5: 0x37, 6: 0x3F, 7: 0x13F, 8: 0x63F}
"""Channel masks of the usual layouts, 3.0 to 7.1, in the order of WAVEFORMATEXTENSIBLE."""
_DS64_BYTES = 28


class WavFile(Protocol):
    """What a WAV is written to; a ``PartFile`` or a ``GrowingFile``."""

    def write(self, data: bytes) -> int: ...

    def seek(self, offset: int) -> int: ...

    def tell(self) -> int: ...


class WavWriter:
    """16 and 24-bit integers or 32-bit floats into a file that is at its beginning."""

    def __init__(
        self,
        file: WavFile,
        sample_rate_hz: int,
        channels: int,
        bits: int,
        *,
        largest_riff_bytes: int = LARGEST_RIFF_BYTES,
    ) -> None:
        self._file = file
        self._bits = bits
        self._frame_bytes = channels * bits // 8
        self._largest_riff_bytes = largest_riff_bytes
        self._quantiser = Quantiser(bits, channels) if bits == 16 else None
        self._data_bytes = 0
        self._format = _format_chunk(sample_rate_hz, channels, bits)
        head = self._head(0)
        self._head_bytes = len(head)
        file.write(head)

    def write(self, block: Samples) -> None:
        if self._bits == 24:
            content = packed_24_bit_frames(block).tobytes()
        elif self._quantiser is None:
            content = finite(np.ascontiguousarray(block.T)).astype("<f4", copy=False).tobytes()
        else:
            content = self._quantiser.quantise(block).astype("<i2").tobytes()
        self._file.write(content)
        self._data_bytes += len(content)

    def checkpoint(self) -> None:
        """Make the file as it stands a complete one: until here it plays, whatever becomes of the writer."""
        self._write_head(self._head_bytes + self._data_bytes + (self._data_bytes & 1) - 8)
        self._file.seek(self._head_bytes + self._data_bytes)

    def finish(self, tags: Tags) -> None:
        if self._data_bytes & 1:
            self._file.write(b"\0")
        self._file.write(tag_chunks(tags))
        self._write_head(self._file.tell() - 8)

    def stop(self) -> None:
        """Nothing is held besides the part file."""

    def _write_head(self, riff_bytes: int) -> None:
        self._file.seek(0)
        # In one piece: a process may be killed between two writes, and not within one of so few bytes.
        self._file.write(self._head(riff_bytes))

    def _head(self, riff_bytes: int) -> bytes:
        """All that stands before the samples, always of the same length."""
        frames = self._data_bytes // self._frame_bytes
        if riff_bytes > self._largest_riff_bytes:
            sizes = struct.pack("<QQQI", riff_bytes, self._data_bytes, frames, 0)
            head = b"RF64\xff\xff\xff\xffWAVEds64" + struct.pack("<I", _DS64_BYTES) + sizes
            data = b"data\xff\xff\xff\xff"
        else:
            # The place that ds64 takes where the file outgrows RIFF; readers skip a JUNK chunk.
            head = b"RIFF" + struct.pack("<I", riff_bytes) + b"WAVEJUNK" + struct.pack("<I", _DS64_BYTES)
            head += bytes(_DS64_BYTES)
            data = b"data" + struct.pack("<I", self._data_bytes)
        count = struct.pack("<4sII", b"fact", 4, min(frames, 0xFFFFFFFF)) if self._bits == 32 else b""
        return head + self._format + count + data


def _format_chunk(sample_rate_hz: int, channels: int, bits: int) -> bytes:
    frame_bytes = channels * bits // 8
    kind = _FLOAT if bits == 32 else _PCM
    rest = struct.pack("<HIIHH", channels, sample_rate_hz, sample_rate_hz * frame_bytes, frame_bytes, bits)
    if channels > 2:
        speakers = _SPEAKERS.get(channels, 0)
        content = struct.pack("<H", _EXTENSIBLE) + rest + struct.pack("<HHIH", 22, bits, speakers, kind) + _GUID_TAIL
    elif kind == _FLOAT:
        content = struct.pack("<H", kind) + rest + b"\0\0"
    else:
        content = struct.pack("<H", kind) + rest
    return b"fmt " + struct.pack("<I", len(content)) + content
