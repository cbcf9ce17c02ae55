"""Figures as people read them: one way for each unit, everywhere in the window."""

from __future__ import annotations

import math
import re

from sonicforge_studio.domain import Key
from sonicforge_studio.ui.text import tr

NONE = "–"
_NOTES = ("C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B")
_A4_HZ = 440.0


def clock(seconds: float | None) -> str:
    """ "3:07", or "1:02:45" from an hour on."""
    if seconds is None or not math.isfinite(seconds):
        return "–:––"
    whole = max(0, int(seconds))
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"


def decimal(value: float | None, places: int = 1, *, signed: bool = False) -> str:
    """With a true minus sign; a dash for what was not measured."""
    if value is None or math.isnan(value):
        return NONE
    if math.isinf(value):
        return "−∞" if value < 0 else "∞"
    rounded = round(value, places) + 0.0
    return f"{rounded:{'+' if signed else ''}.{places}f}".replace("-", "−")


def tempo(bpm: float | None) -> str:
    if bpm is None:
        return NONE
    return decimal(bpm, 0 if abs(bpm - round(bpm)) < 0.05 else 1)


def lufs(value: float | None) -> str:
    return f"{decimal(value)} LUFS"


def frequency(hz: float) -> str:
    return f"{hz / 1000:.2f} kHz" if hz >= 1000 else f"{hz:.0f} Hz"


def note_at(hz: float) -> str:
    """The nearest note of the equal temperament at A4 = 440 Hz, such as "A4"."""
    if hz <= 0:
        return NONE
    return note_name(round(69 + 12 * math.log2(hz / _A4_HZ)))


def note_name(number: int) -> str:
    """A MIDI note number as "C♯4"; 60 is C4."""
    return f"{_NOTES[number % 12]}{number // 12 - 1}"


def pitch(hz: float) -> str:
    """The nearest note and how far the frequency lies from it, such as "A4 +12 ct"."""
    if hz <= 0:
        return NONE
    number = 69 + 12 * math.log2(hz / _A4_HZ)
    return f"{note_at(hz)} {decimal(100 * (number - round(number)), 0, signed=True)} ct"


def key_name(key: Key | None) -> str:
    """The key with its place on the Camelot wheel in front, "8A · A minor", in Polish "8A · a-moll"."""
    return NONE if key is None else f"{key.camelot} · {tr(str(key))}"


def codec_name(codec: str) -> str:
    """ "PCM 16" and "PCM 32 float" for FFmpeg's ``pcm_s16le`` and ``pcm_f32le``, "MP3" for ``mp3float``."""
    pcm = re.match(r"pcm_([suf])(\d+)", codec)
    if pcm is None:
        return codec.removesuffix("float").upper()
    return f"PCM {pcm[2]}" + (" float" if pcm[1] == "f" else "")
