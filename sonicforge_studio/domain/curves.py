"""What a track's measurements look like over time: for pictures, and for whoever compares tracks."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_MAGIC = b"SFC1"
"""The last character is the version: it changes with the layout."""
_HEAD = struct.Struct("<4s3d2d4I")
"""Magic; rates of loudness, chroma, tempogram; slowest and fastest tempo; rows of each of the three; tempi."""
_LU_STEPS = 100.0
_NO_READING = -32768
_CHROMA_CLASSES = 12


@dataclass(frozen=True, slots=True, eq=False)
class Curves:
    """Row ``i`` of each is about the time ``i / rate`` from the start; of the chromagram, about what follows until the
    next one. Small: 140 bytes for a second of audio."""

    loudness_rate_hz: float
    short_term_lufs: NDArray[np.float32]
    """Shape ``(n,)``: of the 3 s that end there, as a meter shows it (EBU Tech 3341); −inf in silence."""
    momentary_lufs: NDArray[np.float32]
    """Shape ``(n,)``, of the 400 ms that end there."""
    chroma_rate_hz: float
    chromagram: NDArray[np.float32]
    """Shape ``(n, 12)`` from C upwards, 0..1, each row's greatest 1 where there are pitches."""
    tempogram_rate_hz: float
    tempogram_bpm: NDArray[np.float32]
    """Shape ``(tempi,)``, rising, evenly spaced in octaves."""
    tempogram: NDArray[np.float32]
    """Shape ``(n, tempi)``, 0..1."""


def curves_to_bytes(curves: Curves) -> bytes:
    """Curves in steps of 0.01 LU and 1/255, for a cache or a database."""
    tempi_bpm = curves.tempogram_bpm
    ends_bpm = (float(tempi_bpm[0]), float(tempi_bpm[-1])) if tempi_bpm.size else (1.0, 1.0)
    head = _HEAD.pack(
        _MAGIC,
        curves.loudness_rate_hz,
        curves.chroma_rate_hz,
        curves.tempogram_rate_hz,
        *ends_bpm,
        curves.short_term_lufs.size,
        curves.chromagram.shape[0],
        curves.tempogram.shape[0],
        tempi_bpm.size,
    )
    loudness = [_loudness_steps(part) for part in (curves.short_term_lufs, curves.momentary_lufs)]
    shares = [_share_steps(part) for part in (curves.chromagram, curves.tempogram)]
    return b"".join([head, *loudness, *shares])


def curves_from_bytes(packed: bytes) -> Curves:
    """What ``curves_to_bytes`` packed. Raises ``ValueError`` where it is anything else."""
    if len(packed) < _HEAD.size or packed[:4] != _MAGIC:
        raise ValueError("these bytes are no curves, or those of another version")
    _, *told = _HEAD.unpack_from(packed)
    rates_hz, slowest, fastest = told[:3], told[3], told[4]
    loudness_rows, chroma_rows, tempogram_rows, tempi = told[5:]
    if not all(math.isfinite(value) and value > 0.0 for value in (*rates_hz, slowest, fastest)):
        raise ValueError("these bytes are no curves: a rate that is not positive")
    sizes = (2 * loudness_rows, 2 * loudness_rows, _CHROMA_CLASSES * chroma_rows, tempi * tempogram_rows)
    if len(packed) != _HEAD.size + sum(sizes):
        raise ValueError("these bytes are no curves: they are cut off, or too many")
    parts = []
    start = _HEAD.size
    for size in sizes:
        parts.append(packed[start : start + size])
        start += size
    return Curves(
        rates_hz[0],
        _loudness(parts[0]),
        _loudness(parts[1]),
        rates_hz[1],
        _shares(parts[2], _CHROMA_CLASSES),
        rates_hz[2],
        spaced_tempi_bpm(slowest, fastest, tempi),
        _shares(parts[3], tempi),
    )


def spaced_tempi_bpm(slowest_bpm: float, fastest_bpm: float, tempi: int) -> NDArray[np.float32]:
    """So many tempi from the one to the other, evenly spaced in octaves, shape ``(tempi,)``."""
    return np.geomspace(slowest_bpm, fastest_bpm, tempi, dtype=np.float64).astype(np.float32)


def _loudness_steps(lufs: NDArray[np.float32]) -> bytes:
    there = np.isfinite(lufs)
    steps = np.clip(np.rint(np.where(there, lufs, 0.0) * _LU_STEPS), _NO_READING + 1, -_NO_READING - 1)
    return np.where(there, steps, _NO_READING).astype("<i2").tobytes()


def _loudness(packed: bytes) -> NDArray[np.float32]:
    steps = np.frombuffer(packed, "<i2")
    lufs: NDArray[np.float32] = np.where(steps == _NO_READING, -np.inf, steps / _LU_STEPS).astype(np.float32)
    return lufs


def _share_steps(shares: NDArray[np.float32]) -> bytes:
    steps: NDArray[np.uint8] = np.rint(np.clip(shares, 0.0, 1.0) * 255.0).astype(np.uint8)
    return steps.tobytes()


def _shares(packed: bytes, columns: int) -> NDArray[np.float32]:
    shares = np.frombuffer(packed, np.uint8).astype(np.float32) / np.float32(255.0)
    return shares.reshape(-1, columns) if columns else shares.reshape(0, 0)
