"""Which sound, without decoding it: a hash of the encoded sound that a file carries, whatever its tags say."""

from __future__ import annotations

import struct
from pathlib import Path

import av
from blake3 import blake3

from sonicforge_studio.audio._ffmpeg_container import choose_stream, open_container
from sonicforge_studio.audio._regular_file import RegularFile
from sonicforge_studio.audio._sound_ranges import Range, sound_ranges
from sonicforge_studio.domain import Progress, SilentProgress
from sonicforge_studio.domain.errors import InputError, StudioError

_PACKETS_A_STEP = 64
_BLOCK_BYTES = 1 << 20
_RANGE = struct.Struct("<q")
_PLACE = struct.Struct("<3q")
"""Time, duration and size of a packet."""
_SILENT = SilentProgress()
_TAGS_OF_A_PACKET = "strings_metadata"
"""FFmpeg hands Vorbis comments on with the first packet."""
_LACED_HEADERS = 2
"""How extradata in Xiph lacing begins: one less than the headers that follow."""


def payload_hash(path: str | Path, progress: Progress = _SILENT) -> str | None:
    """blake3 of a file's encoded sound and of all that decides how it decodes, 64 hexadecimal digits.

    Two files that agree in it decode to the same samples. Of the usual formats it is the bytes between the tags; of the
    others the codec and its set-up, rate, channels, every packet with its time and what is to be skipped of it, which
    takes several times as long. None where there is no sound, or FFmpeg cannot take the file apart. Lets ``Cancelled``
    of ``progress`` pass.
    """
    try:
        file = RegularFile(Path(path))
    except InputError:
        return None
    try:
        ranges = sound_ranges(file)
        return _of_packets(file, progress) if ranges is None else _of_ranges(file, ranges, progress)
    except (av.FFmpegError, OSError, InputError):
        return None
    finally:
        file.close()


def _of_ranges(file: RegularFile, ranges: tuple[Range, ...], progress: Progress) -> str:
    digest = blake3(b"ranges")
    for start, end in ranges:
        digest.update(_RANGE.pack(end - start))
        file.seek(start)
        left = end - start
        while left and (block := file.read(min(left, _BLOCK_BYTES))):
            digest.update(block)
            left -= len(block)
            progress.step(end - left, max(file.size_bytes, end), "hashing")
    return str(digest.hexdigest())


def _of_packets(file: RegularFile, progress: Progress) -> str | None:
    container = open_container(file)
    try:
        stream = choose_stream(container)
    except StudioError:
        return None
    try:
        digest = blake3(_set_up(stream).encode())
        digest.update(_without_comment(bytes(stream.codec_context.extradata or b"")))
        done = 0
        for number, packet in enumerate(container.demux(stream)):
            if packet.size:
                digest.update(_PLACE.pack(packet.pts or 0, packet.duration or 0, packet.size))
                digest.update(packet)
                for side in packet.iter_sidedata():
                    if side.data_type != _TAGS_OF_A_PACKET:
                        digest.update(side)
            done += packet.size
            if number % _PACKETS_A_STEP == 0:
                progress.step(min(done, file.size_bytes), file.size_bytes, "hashing")
        return str(digest.hexdigest())
    finally:
        container.close()


def _set_up(stream: av.AudioStream) -> str:
    context = stream.codec_context
    told = (
        stream.codec.canonical_name, context.sample_rate, context.channels, context.layout.name, context.format,
        stream.time_base, stream.start_time, stream.duration,
    )  # fmt: skip
    return "\n".join(str(item) for item in told)


def _without_comment(extradata: bytes) -> bytes:
    """Vorbis carries its comment header between two others; other extradata as it is."""
    if extradata[:1] != bytes([_LACED_HEADERS]):
        return extradata
    sizes: list[int] = []
    at = 1
    while len(sizes) < _LACED_HEADERS:
        size = 0
        while at < len(extradata) and extradata[at] == 0xFF:
            size, at = size + 0xFF, at + 1
        if at >= len(extradata):
            return extradata
        sizes.append(size + extradata[at])
        at += 1
    if extradata[at + sizes[0] + 1 : at + sizes[0] + 7] != b"vorbis":
        return extradata
    return extradata[at : at + sizes[0]] + extradata[at + sum(sizes) :]
