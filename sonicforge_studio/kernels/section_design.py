"""Second-order sections that follow their analogue prototypes up to half the sample rate.

The bilinear transform squeezes whatever lies near the top. Here the poles are the prototype's by e^(s/rate), and the
zeros are those with which the magnitude is the prototype's at 0 Hz, at the corner and at half the rate (M. Vicanek,
"Matched Second Order Digital Filters", 2016; the prototypes are those of R. Bristow-Johnson's "Cookbook formulae for
audio equalizer biquad filter coefficients"). A section is ``b0 b1 b2 a1 a2``, a0 is 1.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Float64 = NDArray[np.float64]
_Prototype = tuple[tuple[float, float, float], tuple[float, float, float]]
"""Numerator and denominator in s² s 1, where s is 1 at the corner."""

_TILT_LOW_HZ, _TILT_HIGH_HZ, _TILT_PIVOT_HZ = 20.0, 20_000.0, 1000.0
_TILT_SHELVES, _TILT_SHELF_OCTAVES, _TILT_LOWEST_HZ = 8, 1.5, 10.0


def bell(sample_rate_hz: float, frequency_hz: float, gain_db: float, q: float) -> Float64:
    """One section, shape ``(5,)``. A cut is the boost turned round, exactly."""
    boost = _matched(bell_prototype(abs(gain_db), q), frequency_hz / sample_rate_hz)
    return boost if gain_db >= 0.0 else _inverse(boost)


def low_shelf(sample_rate_hz: float, frequency_hz: float, gain_db: float, q: float) -> Float64:
    boost = _matched(low_shelf_prototype(abs(gain_db), q), frequency_hz / sample_rate_hz)
    return boost if gain_db >= 0.0 else _inverse(boost)


def high_shelf(sample_rate_hz: float, frequency_hz: float, gain_db: float, q: float) -> Float64:
    """The low shelf of as much less, and all of it louder."""
    shelf = low_shelf(sample_rate_hz, frequency_hz, -gain_db, q)
    shelf[:3] *= 10.0 ** (gain_db / 20.0)
    return shelf


def low_cut(sample_rate_hz: float, frequency_hz: float, q: float) -> Float64:
    """12 dB an octave down, exact at its corner; Butterworth where ``q`` is √½."""
    turn = 2.0 * math.pi * frequency_hz / sample_rate_hz
    a1, a2 = _matched_poles((1.0, 1.0 / q, 1.0), frequency_hz / sample_rate_hz)
    squares = ((1.0 + a1 + a2) ** 2, (1.0 - a1 + a2) ** 2, -4.0 * a2)
    b0 = q * math.sqrt(_at(squares, turn)) / (4.0 * math.sin(0.5 * turn) ** 2)
    return np.array([b0, -2.0 * b0, b0, a1, a2])


def high_cut(sample_rate_hz: float, frequency_hz: float, q: float) -> Float64:
    """12 dB an octave up; Butterworth where ``q`` is √½."""
    return _matched(((0.0, 0.0, 1.0), (1.0, 1.0 / q, 1.0)), frequency_hz / sample_rate_hz)


def notch(sample_rate_hz: float, frequency_hz: float, q: float) -> Float64:
    """By the bilinear transform: nothing is left at its frequency, and 0 Hz and half the rate are as they were."""
    turn = 2.0 * math.pi * frequency_hz / sample_rate_hz
    alpha = math.sin(turn) / (2.0 * q)
    across = -2.0 * math.cos(turn)
    return np.array([1.0, across, 1.0, across, 1.0 - alpha]) / (1.0 + alpha)


def bell_prototype(gain_db: float, q: float) -> _Prototype:
    root = 10.0 ** (gain_db / 40.0)
    return (1.0, root / q, 1.0), (1.0, 1.0 / (root * q), 1.0)


def low_shelf_prototype(gain_db: float, q: float) -> _Prototype:
    root = 10.0 ** (gain_db / 40.0)
    return (root, root * math.sqrt(root) / q, root * root), (root, math.sqrt(root) / q, 1.0)


def tilt(sample_rate_hz: float, tilt_db: float) -> Float64:
    """A straight line over the logarithm of frequency, ``2·tilt_db`` higher at 20 kHz than at 20 Hz and 0 at 1 kHz.

    Eight first-order shelves from 10 Hz up, as four sections, shape ``(4, 5)``.
    """
    octaves = math.log2(_TILT_HIGH_HZ / _TILT_LOW_HZ)
    root = 10.0 ** (tilt_db * _TILT_SHELF_OCTAVES / octaves / 20.0)
    centres = _TILT_LOWEST_HZ * 2.0 ** (_TILT_SHELF_OCTAVES * (np.arange(_TILT_SHELVES) + 0.5))
    firsts = [_first_order_shelf(centre / sample_rate_hz, root) for centre in centres]
    sections = []
    for (b, a), (d, c) in zip(firsts[::2], firsts[1::2], strict=True):
        numerator, denominator = np.convolve(b, d), np.convolve(a, c)
        sections.append(np.concatenate([numerator, denominator[1:]]))
    rows = np.array(sections)
    pivot = min(_TILT_PIVOT_HZ, 0.25 * sample_rate_hz)
    rows[0, :3] /= response(rows, sample_rate_hz, np.array([pivot]))[0]
    return rows


def _first_order_shelf(corner: float, root: float) -> tuple[Float64, Float64]:
    """From 1/root below its corner (in rates) to root above it, exact at 0 Hz and half the rate."""
    x = 0.5 / corner
    a1 = -math.exp(-2.0 * math.pi * corner * root)
    low, high = (1.0 + a1) / root, (1.0 - a1) * math.hypot(x * root, 1.0) / math.hypot(x, root)
    return np.array([0.5 * (low + high), 0.5 * (low - high)]), np.array([1.0, a1])


def response(sections: Float64, sample_rate_hz: float, frequencies_hz: Float64) -> Float64:
    """The magnitude of all sections together at some frequencies; 1 where there is none."""
    turn = np.exp(-2j * np.pi * np.asarray(frequencies_hz, np.float64) / sample_rate_hz)
    product = np.ones(turn.shape, np.complex128)
    for b0, b1, b2, a1, a2 in sections:
        product *= (b0 + turn * (b1 + turn * b2)) / (1.0 + turn * (a1 + turn * a2))
    magnitude: Float64 = np.abs(product)
    return magnitude


def _matched(prototype: _Prototype, corner: float) -> Float64:
    """``corner`` is in sample rates."""
    numerator, denominator = prototype
    a1, a2 = _matched_poles(denominator, corner)
    turn = 2.0 * math.pi * corner
    squares = ((1.0 + a1 + a2) ** 2, (1.0 - a1 + a2) ** 2, -4.0 * a2)

    def wanted(angle: float) -> float:
        """The prototype's squared magnitude, times the digital poles'."""
        s = 1j * angle / turn
        gain = abs(np.polyval(numerator, s) / np.polyval(denominator, s)) ** 2
        return float(gain * _at(squares, angle))

    low, high = wanted(0.0), wanted(math.pi)
    middle = wanted(turn)
    share = math.sin(0.5 * turn) ** 2
    third = (middle - low * (1.0 - share) - high * share) / (4.0 * share * (1.0 - share))
    half = 0.5 * (math.sqrt(low) + math.sqrt(high))
    b0 = 0.5 * (half + math.sqrt(max(half * half + third, 0.0)))
    b1 = 0.5 * (math.sqrt(low) - math.sqrt(high))
    return np.array([b0, b1, half - b0, a1, a2])


def _inverse(section: Float64) -> Float64:
    b0, b1, b2, a1, a2 = section
    return np.array([1.0, a1, a2, b1, b2]) / b0


def _at(squares: tuple[float, float, float], angle: float) -> float:
    """A squared magnitude of Vicanek's form at an angle of the unit circle."""
    share = math.sin(0.5 * angle) ** 2
    return squares[0] * (1.0 - share) + squares[1] * share + squares[2] * 4.0 * share * (1.0 - share)


def _matched_poles(denominator: tuple[float, float, float], corner: float) -> tuple[float, float]:
    square, linear, constant = denominator
    turn = 2.0 * math.pi * corner * math.sqrt(constant / square)
    damping = 0.5 * linear / math.sqrt(square * constant)
    left = math.exp(-damping * turn)
    if damping <= 1.0:
        a1 = -2.0 * left * math.cos(min(math.sqrt(1.0 - damping * damping) * turn, math.pi))
    else:
        apart = math.sqrt(damping * damping - 1.0) * turn
        a1 = -(math.exp(apart - damping * turn) + math.exp(-apart - damping * turn))
    return a1, left * left
