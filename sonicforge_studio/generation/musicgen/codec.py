"""EnCodec: sound as codes, and codes as sound, also piece by piece without a seam.

The decoder (A. Défossez et al., "High Fidelity Neural Audio Compression", 2022) is a convolution, a recurrent layer
that runs forwards, and convolutions again. Convolutions look a few codes to either side, and only the recurrent layer
remembers: with its state kept and those few codes decoded along, pieces are the same sound as the whole.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from sonicforge_studio.domain import Samples
from sonicforge_studio.generation.musicgen.model_folder import ModelFolder

_REACH_BEFORE = 8
"""Codes to either side that the first convolution looks at, and more than it needs."""
_REACH_BEHIND = 8
"""The same of the convolutions behind the recurrent layer."""


class Codec:
    """The codec of a loaded model."""

    def __init__(self, model: Any, folder: ModelFolder) -> None:
        """``model`` is an ``EncodecModel``. Raises ``ValueError`` for one that works in chunks of its own."""
        if model.config.chunk_length_s is not None or model.config.normalize or model.config.use_causal_conv:
            raise ValueError("a codec that works in chunks, or is another one than MusicGen's")
        self._model = model
        self._sides = folder.channels
        self._codebooks = folder.codebooks
        self._hop_frames = folder.sample_rate_hz // folder.frame_rate_hz

    @torch.inference_mode()
    def encode(self, samples: Samples) -> torch.Tensor:
        """The codes ``(1, codebooks, n)`` of a sound ``(channels, frames)``, one for each whole hop.

        In stereo each side is encoded by itself, and their codebooks take turns.
        """
        sides = self._sides
        codes = torch.empty((1, self._codebooks, samples.shape[1] // self._hop_frames), dtype=torch.long)
        for side in range(sides):
            heard = torch.from_numpy(samples[None, None, side, : codes.shape[2] * self._hop_frames])
            codes[:, side::sides] = self._model.encode(heard).audio_codes[0, :, : codes.shape[1] // sides]
        return codes

    def decode(self, codes: torch.Tensor) -> Samples:
        """The sound of one row's codes (codebooks, n), shape ``(channels, frames)``."""
        return self.sounding().add(codes, last=True)

    def sounding(self) -> Sounding:
        """Takes one row's codes piece by piece."""
        return Sounding([_Side(self._model, self._hop_frames) for _ in range(self._sides)])


class Sounding:
    """The sound of one row of codes as they come. Some codes behind a place are waited for."""

    def __init__(self, sides: list[_Side]) -> None:
        self._sides = sides

    @torch.inference_mode()
    def add(self, codes: torch.Tensor, *, last: bool) -> Samples:
        """The next codes (codebooks, n); what can be heard of them by now, shape ``(channels, frames)``."""
        count = len(self._sides)
        heard = [side.add(codes[index::count], last=last) for index, side in enumerate(self._sides)]
        samples: Samples = torch.stack(heard).float().numpy().astype(np.float32, copy=False)
        return samples


class _Side:
    """One channel's way through the codec's decoder."""

    def __init__(self, model: Any, hop_frames: int) -> None:
        layers = list(model.decoder.layers)
        self._quantizer = model.quantizer
        self._first, self._recurrent, self._rest = layers[0], layers[1].lstm, layers[2:]
        self._state: Any = None
        self._front = _Reaching(self._convolved, _REACH_BEFORE, 1)
        self._back = _Reaching(self._sounded, _REACH_BEHIND, hop_frames)

    def add(self, codes: torch.Tensor, *, last: bool) -> torch.Tensor:
        """What can be heard by now, shape ``(frames,)``."""
        embedded = self._quantizer.decode(codes[:, None])
        return self._back.add(self._remembered(self._front.add(embedded, last=last)), last=last)[0, 0]

    def _convolved(self, embedded: torch.Tensor) -> torch.Tensor:
        convolved: torch.Tensor = self._first(embedded)
        return convolved

    def _remembered(self, states: torch.Tensor) -> torch.Tensor:
        if not states.shape[2]:
            return states
        inputs = states.permute(2, 0, 1)
        outputs, self._state = self._recurrent(inputs, self._state)
        remembered: torch.Tensor = (outputs + inputs).permute(1, 2, 0)
        return remembered

    def _sounded(self, states: torch.Tensor) -> torch.Tensor:
        for layer in self._rest:
            states = layer(states)
        return states


class _Reaching:
    """Applies to a stream what looks ``reach`` places to either side and makes ``factor`` places of each."""

    def __init__(self, apply: Any, reach: int, factor: int) -> None:
        self._apply, self._reach, self._factor = apply, reach, factor
        self._kept: torch.Tensor | None = None
        self._pending = 0
        """So many of the places that are kept were not given yet; those before them were."""

    def add(self, places: torch.Tensor, *, last: bool) -> torch.Tensor:
        """The next places ``(1, width, n)``; what is certain by now, ``(1, other width, factor · m)``."""
        known = [] if self._kept is None else [self._kept]
        kept = torch.cat([*known, places], dim=2) if places.shape[2] or not known else known[0]
        pending = self._pending + places.shape[2]
        count = pending if last else max(0, pending - self._reach)
        if not count:
            self._kept = kept if kept.shape[2] else self._kept
            self._pending = pending
            return kept[:, :, :0]
        given = kept.shape[2] - pending
        applied: torch.Tensor = self._apply(kept)[:, :, given * self._factor : (given + count) * self._factor]
        self._pending = pending - count
        self._kept = kept[:, :, max(0, given + count - self._reach) :]
        return applied
