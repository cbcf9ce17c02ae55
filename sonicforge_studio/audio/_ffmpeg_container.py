"""Opening containers with FFmpeg: only those that hold sound, by content, and nothing that they may point to."""

from __future__ import annotations

import av
from av.container import InputContainer
from av.stream import Discard, Disposition

from sonicforge_studio.audio._known_formats import CONTAINERS, begins_like_audio, is_adts_behind_id3
from sonicforge_studio.audio._regular_file import DecoderFile, RegularFile
from sonicforge_studio.domain.errors import DecodeFailed, NotAudio

_READ_BYTES = 1 << 18
_CONVERT = "Convert it to WAV or FLAC with the program that made it."


def choose_stream(container: InputContainer) -> av.AudioStream:
    """The default sound of a file, else its first; all other streams are passed over unread.

    Raises ``NotAudio`` or ``DecodeFailed``, with the container closed.
    """
    found = container.streams.audio
    streams = [stream for stream in found if stream.codec_context is not None]
    if not streams:
        container.close()
        if found:
            raise DecodeFailed("The studio has no decoder for the sound in this file.", hint=_CONVERT)
        raise NotAudio("There is no sound in this file.")
    default = [stream for stream in streams if stream.disposition & Disposition.default]
    chosen = (default or streams)[0]
    for stream in container.streams:
        if stream.index != chosen.index:
            stream.discard = Discard.all
    return chosen


def container_metadata(file: RegularFile) -> dict[str, str]:
    """What FFmpeg reads of the tags of a container and its streams; empty where it cannot open the file."""
    try:
        container = open_container(file)
    except (av.FFmpegError, OSError):
        return {}
    metadata = dict(container.metadata)
    for stream in container.streams.audio:
        metadata.update(stream.metadata)
    container.close()
    return metadata


def open_container(file: RegularFile) -> InputContainer:
    """Raises ``av.FFmpegError`` where FFmpeg does not recognise the file."""
    try:
        return _open_as(file, None)
    except av.FFmpegError:
        if is_adts_behind_id3(file):
            # FFmpeg looks no further than 1 MB into a tag for what follows it.
            return _open_as(file, "aac")
        # A FLAC file whose beginning is damaged has nothing to be recognised by, but its frames can be found; no
        # other format's packets are marked so clearly that nothing else passes for them.
        if file.path.suffix.casefold() != ".flac" or begins_like_audio(file):
            raise
        return _open_as(file, "flac")


def _open_as(file: RegularFile, container: str | None) -> InputContainer:
    file.seek(0)
    return av.open(
        DecoderFile(file),
        mode="r",
        format=container,
        container_options={"format_whitelist": ",".join(CONTAINERS.split()), "protocol_whitelist": "none"},
        buffer_size=_READ_BYTES,
        metadata_errors="replace",
    )
