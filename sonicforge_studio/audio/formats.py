"""The formats that the studio delivers, by name: one table for the command line, the proof and the export."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

Codec = Literal["pcm", "flac", "mp3", "aac", "opus", "vorbis"]

_MP3_RATES_HZ = (32_000, 44_100, 48_000)
_AAC_RATES_HZ = (22_050, 24_000, 32_000, 44_100, 48_000, 88_200, 96_000)
_VORBIS_RATES_HZ = (
    8000,
    11_025,
    12_000,
    16_000,
    22_050,
    24_000,
    32_000,
    44_100,
    48_000,
    88_200,
    96_000,
    176_400,
    192_000,
)
"""libvorbis knows no rate above 200 kHz: handed one, libsndfile ends the process when the file is closed."""


@dataclass(frozen=True, slots=True)
class DeliveryFormat:
    """One format as it is written, with what its encoder takes."""

    name: str
    title: str
    """For people, such as "MP3 320 kbit/s"."""
    suffix: str
    codec: Codec
    bits: int = 0
    """The word length; 0 of a lossy format."""
    bit_rate: int = 0
    """Of up to two channels, in bits per second; 0 where the quality decides, or where nothing is lost."""
    quality: float | None = None
    """Of a variable bit rate: LAME's V number, or Vorbis's 0..1."""
    most_channels: int = 64
    rates_hz: tuple[int, ...] = ()
    """Empty where any rate is taken."""

    @property
    def lossy(self) -> bool:
        return self.bits == 0

    def rate_for(self, sample_rate_hz: int) -> int:
        """The rate that is written: the same where the encoder takes it, else the next of its family, or above."""
        if not self.rates_hz or sample_rate_hz in self.rates_hz:
            return sample_rate_hz
        related = [rate for rate in self.rates_hz if max(rate, sample_rate_hz) % min(rate, sample_rate_hz) == 0]
        above = [rate for rate in related or self.rates_hz if rate >= sample_rate_hz]
        return min(above) if above else max(related or self.rates_hz)


PROOF_FORMATS = (
    DeliveryFormat("wav", "WAV 24 bit", "wav", "pcm", bits=24),
    DeliveryFormat("wav16", "WAV 16 bit", "wav", "pcm", bits=16),
    DeliveryFormat("flac", "FLAC 24 bit", "flac", "flac", bits=24, most_channels=8),
    DeliveryFormat("flac16", "FLAC 16 bit", "flac", "flac", bits=16, most_channels=8),
    DeliveryFormat("mp3-320", "MP3 320 kbit/s", "mp3", "mp3", 0, 320_000, None, 2, _MP3_RATES_HZ),
    DeliveryFormat("mp3-v0", "MP3 V0", "mp3", "mp3", 0, 0, 0.0, 2, _MP3_RATES_HZ),
    DeliveryFormat("aac-256", "AAC 256 kbit/s", "m4a", "aac", 0, 256_000, None, 6, _AAC_RATES_HZ),
    DeliveryFormat("aac-128", "AAC 128 kbit/s", "m4a", "aac", 0, 128_000, None, 6, _AAC_RATES_HZ),
    DeliveryFormat("opus-160", "Opus 160 kbit/s", "opus", "opus", 0, 160_000, None, 8, (48_000,)),
    DeliveryFormat("vorbis", "Vorbis 192 kbit/s", "ogg", "vorbis", 0, 0, 0.6, 2, _VORBIS_RATES_HZ),
)
"""Each once: what "all" means to a proof."""

_SHORT_NAMES = {"mp3": "mp3-320", "m4a": "aac-256", "opus": "opus-160", "ogg": "vorbis"}
_BY_NAME = {format.name: format for format in PROOF_FORMATS}

DELIVERY_FORMATS: Mapping[str, DeliveryFormat] = MappingProxyType(
    _BY_NAME | {short: replace(_BY_NAME[long], name=short) for short, long in _SHORT_NAMES.items()}
)
"""By every name that is taken: those of ``PROOF_FORMATS``, and the suffixes, which are short for one of them."""

FORMATS = ("wav", "flac", "mp3", "m4a", "opus", "ogg")
"""The suffixes that are written, each the name of a format."""
LOSSY_FORMATS = tuple(name for name in FORMATS if DELIVERY_FORMATS[name].lossy)


def same_format(one: str, other: str) -> bool:
    """Whether two names mean the same bytes, such as "mp3" and "mp3-320"."""
    return _SHORT_NAMES.get(one, one) == _SHORT_NAMES.get(other, other)
