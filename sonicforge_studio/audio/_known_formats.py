"""Which containers FFmpeg may open, what audio files are called, and how they begin."""

from __future__ import annotations

from typing import Protocol

CONTAINERS = (
    "3dostr aa aac aax ac3 ac4 act adp ads adx aea afc aiff aix amr apc ape apm argo_asf asf asf_o ast au avi avr avs "
    "bethsoftvid bfstm bink binka bonk brstm caf dsf dss dts dtshd dv dxa ea eac3 epaf film_cpk flac flic flv fsb fwse "
    "genh gxf hca hcom iff ilbc ircam iss kux laf live_flv loas lvf lxf matroska mca mlp mods moflex mov mp3 mpc mpc8 "
    "mpeg mpegts msf mtaf musx mv mxf nistsphere nsp nsv nut nuv ogg oma osq paf pmp pp_bnk pva pvf qcp qoa rka rl2 rm "
    "roq rpl rsd rso s337m sds sdx shn siff smjpeg smk sol sox spdif str svag svs swf tak thp truehd tta txd ty vag "
    "voc vpk vqf w64 wady wav wavarc webm wsaud wsd wtv wv wve xa xmv xvag xwma yop"
)
"""FFmpeg's names of the containers that hold sound and begin in a way of their own.

Left out on purpose: playlists and scripts that open other files or addresses (hls, concat, dash, sdp, imf, sbg), raw
streams that any text can pass for (amrnb, g729, loose PCM), pictures, subtitles, devices.
"""

AUDIO_SUFFIXES = (
    ".wav", ".wave", ".bwf", ".rf64", ".w64", ".aif", ".aiff", ".aifc", ".flac", ".mp3", ".mp2", ".mpga", ".m4a",
    ".m4b", ".m4r", ".mp4", ".aac", ".adts", ".ogg", ".oga", ".opus", ".spx", ".wv", ".ape", ".mpc", ".tta", ".tak",
    ".wma", ".asf", ".alac", ".caf", ".au", ".snd", ".ac3", ".eac3", ".dts", ".amr", ".3gp", ".mka", ".mkv", ".webm",
    ".mov", ".m4v", ".avi", ".flv", ".mpg", ".mpeg", ".ts", ".dsf", ".shn", ".voc", ".ra", ".rm",
)  # fmt: skip
"""Lower-case endings of what looks like audio, or like video with sound."""

_ID3_HEAD_BYTES, _ID3_FOOTED = 10, 0x10
_ID3V1_BYTES, _APE_FOOT_BYTES = 128, 32

_BEGINNINGS = (
    b"RF64", b"BW64", b"RIFX", b"fLaC", b"OggS", b"wvpk", b"caff", b".snd", b"TTA1", b"MAC ", b"\x1aE\xdf\xa3",
    b"riff\x2e\x91\xcf\x11", b"0&\xb2u\x8ef\xcf\x11", b"#!AMR", b"DSD ", b"tBaK", b"FLV\x01",
)  # fmt: skip


class _ReadableAt(Protocol):
    def read_at(self, offset: int, count: int) -> bytes: ...


def begins_like_audio(file: _ReadableAt) -> bool:
    """Whether the first bytes are those of an audio or video container, sound or not."""
    head = file.read_at(0, 16)
    if head[:4] in (b"RIFF", b"FORM"):
        return head[8:12] in (b"WAVE", b"AVI ", b"AIFF", b"AIFC")
    return head.startswith(_BEGINNINGS) or head[4:8] in (b"ftyp", b"moov", b"mdat")


def behind_id3(file: _ReadableAt) -> int:
    """Where an ID3v2 tag in front ends (id3.org, 2.4.0, 3.1: no byte of its version is 0xFF); 0 without one."""
    head = file.read_at(0, _ID3_HEAD_BYTES)
    if len(head) < _ID3_HEAD_BYTES or head[:3] != b"ID3" or 0xFF in head[3:5] or any(byte & 0x80 for byte in head[6:]):
        return 0
    size = head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9]
    return _ID3_HEAD_BYTES + size + (_ID3_HEAD_BYTES if head[5] & _ID3_FOOTED else 0)


def has_tags_behind(file: _ReadableAt, size_bytes: int) -> bool:
    """Whether a file ends with an ID3v1 or APE tag."""
    return file.read_at(size_bytes - _ID3V1_BYTES, 3) == b"TAG" or has_ape_tag_behind(file, size_bytes)


def has_ape_tag_behind(file: _ReadableAt, size_bytes: int) -> bool:
    """Whether a file ends with an APE tag, before an ID3v1 tag or without: FFmpeg takes it for sound, and a long one
    makes it doubt an MP3's own count of its frames."""
    ends = (size_bytes, size_bytes - _ID3V1_BYTES)
    return any(file.read_at(end - _APE_FOOT_BYTES, 8) == b"APETAGEX" for end in ends)


HIGHEST_RATE_HZ = 6_144_000
"""What is beyond is a header's mistake: eight times the fastest converters."""


def has_vbr_header(file: _ReadableAt) -> bool:
    """Whether an MP3 tells its exact length in a Xing, Info or VBRI frame, which is the first after any ID3 tag."""
    first_frame = file.read_at(behind_id3(file), 4096)
    return any(mark in first_frame for mark in (b"Xing", b"Info", b"VBRI"))


def is_adts_behind_id3(file: _ReadableAt) -> bool:
    """Whether an ID3v2 tag is followed by AAC's transport stream (ISO/IEC 13818-7, 6.2.1)."""
    start = behind_id3(file)
    head = file.read_at(start, 2)
    return start > 0 and len(head) == 2 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0


def ogg_ends_well(file: _ReadableAt, size_bytes: int) -> bool:
    """Whether the last Ogg page is whole and says that it is the last (RFC 3533, section 6)."""
    tail = file.read_at(size_bytes - 131072, 131072)
    at = tail.rfind(b"OggS")
    if at < 0 or at + 27 > len(tail):
        return False
    segments = tail[at + 26]
    table = tail[at + 27 : at + 27 + segments]
    whole = len(table) == segments and at + 27 + segments + sum(table) <= len(tail)
    return whole and bool(tail[at + 5] & 4)
