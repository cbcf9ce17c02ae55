"""How strongly each tempo is there, moment by moment.

The Fourier tempogram of P. Grosche and M. Müller, "Extracting predominant local pulse information from music
recordings" (IEEE TASLP 19, 2011). Each frame of the envelope is turned into each tempo once; a window is then put
together from half seconds of these sums, so that overlapping windows cost next to nothing.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.kernels._jit import fast_kernel

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]


def tempo_sums(envelope: Float64, frame_rate_hz: float, tempi_bpm: Float64, piece_frames: int) -> Float64:
    """Σ envelope(t)·exp(−2πi·f·t) over each ``piece_frames``, for the frequency f of each tempo.

    ``envelope`` is ``(frames,)``; the result ``(pieces, 2, tempi)``, real parts before imaginary ones, the last piece
    shorter where the envelope ends. The phase runs on from piece to piece, so that sums of them are those of longer
    stretches.
    """
    pieces = -(-envelope.size // piece_frames)
    sums = np.zeros((pieces, 2, tempi_bpm.size))
    if pieces:
        _tempo_sums(envelope, 2.0 * np.pi * tempi_bpm / (60.0 * frame_rate_hz), piece_frames, sums)
    return sums


@fast_kernel
def _tempo_sums(envelope: Float64, angles: Float64, piece_frames: int, sums: Float64) -> None:
    tempi = angles.size
    real, imag = np.empty(tempi), np.empty(tempi)
    step_real, step_imag = np.cos(angles), -np.sin(angles)
    for piece in range(sums.shape[0]):
        start = piece * piece_frames
        for j in range(tempi):
            # Anew for each piece: what rounding does to a turning pointer would otherwise grow for hours.
            angle = angles[j] * start % (2.0 * np.pi)
            real[j], imag[j] = np.cos(angle), -np.sin(angle)
        sum_real, sum_imag = sums[piece, 0], sums[piece, 1]
        for t in range(start, min(start + piece_frames, envelope.size)):
            value = envelope[t]
            for j in range(tempi):
                sum_real[j] += value * real[j]
                sum_imag[j] += value * imag[j]
                turned = real[j] * step_real[j] - imag[j] * step_imag[j]
                imag[j] = real[j] * step_imag[j] + imag[j] * step_real[j]
                real[j] = turned


def tempogram(sums: Float64, window: Float64, hop_pieces: int) -> Float32:
    """The magnitude at each tempo in windows centred on every ``hop_pieces``-th border between pieces.

    ``sums`` is that of ``tempo_sums``; ``window`` weighs an even number of pieces. Row 0 is centred on the start, what
    lies outside counts as 0. Shape ``(pieces // hop_pieces + 1, tempi)``.
    """
    rows = np.zeros((sums.shape[0] // hop_pieces + 1, sums.shape[2]), np.float32)
    _tempogram(sums, window, hop_pieces, rows)
    return rows


@fast_kernel
def _tempogram(sums: Float64, window: Float64, hop: int, rows: Float32) -> None:
    pieces, _, tempi = sums.shape
    real, imag = np.empty(tempi), np.empty(tempi)
    for row in range(rows.shape[0]):
        real[:] = 0.0
        imag[:] = 0.0
        first = row * hop - window.size // 2
        for place in range(max(0, first), min(pieces, first + window.size)):
            weight = window[place - first]
            for j in range(tempi):
                real[j] += weight * sums[place, 0, j]
                imag[j] += weight * sums[place, 1, j]
        for j in range(tempi):
            rows[row, j] = np.sqrt(real[j] * real[j] + imag[j] * imag[j])
