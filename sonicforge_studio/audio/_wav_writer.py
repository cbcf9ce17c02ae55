"""WAV out: RIFF that turns into RF64 past 4 GiB (EBU Tech 3306), with its tags in ``id3 `` and ``LIST`` chunks."""

from __future__ import annotations

import struct

import numpy as np

from sonicforge_studio.audio._part_file import PartFile
from sonicforge_studio.audio._pcm import Quantiser, finite, packed_24_bit
from sonicforge_studio.audio._riff import LARGEST_RIFF_BYTES
from sonicforge_studio.audio._wav_tags import tag_chunks
from sonicforge_studio.audio.tags import Tags
from sonicforge_studio.domain import Samples

_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_GUID_TAIL = bytes.fromhex("000000001000800000aa00389b71")
_SPEAKERS = {3: 0x7, 4: 0x33, 5: 0x37, 6: 0x3F, 7: 0x13F, 8: 0x63F}
"""Channel masks of the usual layouts, 3.0 to 7.1, in the order of WAVEFORMATEXTENSIBLE."""
_DS64_BYTES = 28


class WavWriter:
    """16 and 24-bit integers or 32-bit floats into a part file."""

    def __init__(
        self,
        file: PartFile,
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
        self._quantiser = Quantiser(bits) if bits < 32 else None
        self._data_bytes = 0
        # The place that ds64 takes where the file outgrows RIFF; readers skip a JUNK chunk.
        head = b"RIFF\0\0\0\0WAVEJUNK" + struct.pack("<I", _DS64_BYTES) + bytes(_DS64_BYTES)
        head += _format_chunk(sample_rate_hz, channels, bits)
        self._frame_count_at = 0
        if bits == 32:
            head += b"fact\4\0\0\0\0\0\0\0"
            self._frame_count_at = len(head) - 4
        head += b"data\0\0\0\0"
        self._data_at = len(head)
        file.write(head)

    def write(self, block: Samples) -> None:
        if self._quantiser is None:
            content = finite(np.ascontiguousarray(block.T)).astype("<f4", copy=False).tobytes()
        elif self._bits == 16:
            content = self._quantiser.quantise(block).astype("<i2").tobytes()
        else:
            content = packed_24_bit(self._quantiser.quantise(block))
        self._data_bytes += len(content)
        self._file.write(content)

    def finish(self, tags: Tags) -> None:
        if self._data_bytes & 1:
            self._file.write(b"\0")
        self._file.write(tag_chunks(tags))
        riff_bytes = self._file.tell() - 8
        frames = self._data_bytes // self._frame_bytes
        if riff_bytes > self._largest_riff_bytes:
            self._patch(0, b"RF64\xff\xff\xff\xff")
            sizes = struct.pack("<QQQI", riff_bytes, self._data_bytes, frames, 0)
            self._patch(12, b"ds64" + struct.pack("<I", _DS64_BYTES) + sizes)
            self._patch(self._data_at - 4, b"\xff\xff\xff\xff")
        else:
            self._patch(4, struct.pack("<I", riff_bytes))
            self._patch(self._data_at - 4, struct.pack("<I", self._data_bytes))
        if self._frame_count_at:
            self._patch(self._frame_count_at, struct.pack("<I", min(frames, 0xFFFFFFFF)))

    def stop(self) -> None:
        """Nothing is held besides the part file."""

    def _patch(self, offset: int, content: bytes) -> None:
        self._file.seek(offset)
        self._file.write(content)


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
