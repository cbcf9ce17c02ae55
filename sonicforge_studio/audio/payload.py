"""Which sound, without decoding it: a hash of the packets that a file carries, whatever its tags say."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
from blake3 import blake3

from sonicforge_studio.audio._ffmpeg_container import choose_stream, open_container
from sonicforge_studio.audio._regular_file import RegularFile
from sonicforge_studio.domain import Progress, SilentProgress
from sonicforge_studio.domain.errors import InputError, StudioError

_PACKETS_A_STEP = 64
_SILENT = SilentProgress()
_TAGS_OF_A_PACKET = "strings_metadata"
"""FFmpeg hands Vorbis comments on with the first packet."""
_LACED_HEADERS = 2
"""How extradata in Xiph lacing begins: one less than the headers that follow."""


def payload_hash(path: str | Path, progress: Progress = _SILENT) -> str | None:
    """blake3 of a file's encoded sound and of all that decides how it decodes, 64 hexadecimal digits.

    The codec and its set-up, rate, channels, every packet with its time and what is to be skipped of it: two files
    that agree in these decode to the same samples. None where FFmpeg cannot take the file apart. Lets ``Cancelled`` of
    ``progress`` pass.
    """
    try:
        file = RegularFile(Path(path))
    except InputError:
        return None
    try:
        return _hash(file, progress)
    except (av.FFmpegError, OSError, InputError):
        return None
    finally:
        file.close()


def _hash(file: RegularFile, progress: Progress) -> str | None:
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
                digest.update(np.array([packet.pts or 0, packet.duration or 0, packet.size], "<i8").tobytes())
                digest.update(bytes(packet))
                for side in packet.iter_sidedata():
                    if side.data_type != _TAGS_OF_A_PACKET:
                        digest.update(bytes(side))
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
