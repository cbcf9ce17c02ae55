"""A model from its folder into memory: texts in, codes and sound out."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import torch
from torch.nn.utils.rnn import pad_sequence

from sonicforge_studio.domain import Samples
from sonicforge_studio.domain.errors import ModelNotUsable
from sonicforge_studio.generation.musicgen.codes import LanguageModel
from sonicforge_studio.generation.musicgen.conditioning import Told, told_melody, told_text
from sonicforge_studio.generation.musicgen.decoder import Decoder
from sonicforge_studio.generation.musicgen.eight_bit import EightBitDecoder
from sonicforge_studio.generation.musicgen.model_folder import ModelFolder

_MOST_WORDS = 256
"""Of a text: the models were never told more."""


class MusicGen:
    """A loaded model. Not for several threads at once."""

    def __init__(self, folder: ModelFolder, precision: Literal["float32", "int8"] = "float32") -> None:
        """Raises ``ModelNotUsable`` where the loader cannot make a model of what the folder holds."""
        # Whatever a folder lacks is told, not fetched.
        os.environ["HF_HUB_OFFLINE"] = "1"
        from transformers import (
            MusicgenForConditionalGeneration,
            MusicgenMelodyForConditionalGeneration,
            T5Tokenizer,
        )
        from transformers.utils import logging

        logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        kind: Any = (
            MusicgenMelodyForConditionalGeneration if folder.kind == "melody" else MusicgenForConditionalGeneration
        )
        try:
            model: Any = kind.from_pretrained(
                folder.path, local_files_only=True, use_safetensors=True, dtype=torch.float32
            )
            # The melody models' processor would need torchaudio; of either only the tokenizer is used.
            self._tokenizer: Any = T5Tokenizer.from_pretrained(folder.path, local_files_only=True)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError) as error:
            # The loader tells of what it cannot read by whatever it runs into.
            raise ModelNotUsable(f'The model in "{folder.path.name}" cannot be loaded.') from error
        self._model = model.eval()
        self.folder = folder
        self.decoder: LanguageModel = EightBitDecoder(model.decoder) if precision == "int8" else Decoder(model.decoder)
        self._hop_frames = folder.sample_rate_hz // folder.frame_rate_hz

    @torch.inference_mode()
    def encode(self, prompts: Sequence[str]) -> tuple[torch.Tensor, torch.Tensor]:
        """What the texts say, shape ``(rows, words, hidden)``, and which words there are, ``(rows, words)``.

        Each text by itself: in a batch, sums are added up in another order."""
        said = {prompt: self._said(prompt) for prompt in dict.fromkeys(prompts)}
        states = pad_sequence([said[prompt] for prompt in prompts], batch_first=True)
        lengths = torch.tensor([len(said[prompt]) for prompt in prompts])
        return states, (torch.arange(states.shape[1])[None] < lengths[:, None]).long()

    def _said(self, prompt: str) -> torch.Tensor:
        told = self._tokenizer(prompt, truncation=True, max_length=_MOST_WORDS, return_tensors="pt")
        states = self._model.text_encoder(**told).last_hidden_state
        if hasattr(self._model, "enc_to_dec_proj"):
            states = self._model.enc_to_dec_proj(states)
        spoken: torch.Tensor = states[0]
        return spoken

    def told(self, prompts: Sequence[str], tune: Sequence[int] = ()) -> Told:
        """What each window of a piece is told: of each row a text and, for a melody model, one tune for all of them."""
        text, mask = self.encode(prompts)
        if self.folder.kind == "melody":
            return told_melody(self._model, self.folder, text, mask, tune)
        return told_text(text, mask)

    @torch.inference_mode()
    def codes(self, samples: Samples) -> torch.Tensor:
        """The codes ``(1, codebooks, n)`` of a sound ``(channels, frames)``, one for each whole hop.

        In stereo each side is encoded by itself, and their codebooks take turns.
        """
        sides = self.folder.channels
        codes = torch.empty((1, self.folder.codebooks, samples.shape[1] // self._hop_frames), dtype=torch.long)
        for side in range(sides):
            heard = torch.from_numpy(samples[None, None, side, : codes.shape[2] * self._hop_frames])
            codes[:, side::sides] = self._model.audio_encoder.encode(heard).audio_codes[0, :, : codes.shape[1] // sides]
        return codes

    @torch.inference_mode()
    def sound(self, codes: torch.Tensor) -> Samples:
        """The sound of one row's codes (codebooks, n), shape ``(channels, frames)``."""
        sides = self.folder.channels
        heard = [
            self._model.audio_encoder.decode(codes[None, None, side::sides], [None]).audio_values[0, 0]
            for side in range(sides)
        ]
        samples: Samples = torch.stack(heard).float().numpy().astype(np.float32, copy=False)
        return samples
