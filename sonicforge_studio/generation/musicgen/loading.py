"""A model from its folder into memory: texts in, codes and sound out."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
import torch

from sonicforge_studio.domain import Samples
from sonicforge_studio.domain.errors import ModelNotUsable
from sonicforge_studio.generation.musicgen.conditioning import Told, told_melody, told_text
from sonicforge_studio.generation.musicgen.decoder import Decoder
from sonicforge_studio.generation.musicgen.linear import Int8Linear, Linear, plain
from sonicforge_studio.generation.musicgen.model_folder import Kind, ModelFolder

Precision = Literal["float32", "int8"]

_LINEAR: Mapping[Precision, Callable[[torch.Tensor], Linear]] = {"float32": plain, "int8": Int8Linear}
_CLASSES: Mapping[Kind, str] = {
    "text": "MusicgenForConditionalGeneration",
    "melody": "MusicgenMelodyForConditionalGeneration",
}
_MOST_WORDS = 256
"""Of a text: the models were never told more."""


class MusicGen:
    """A loaded model. Not for several threads at once."""

    def __init__(self, folder: ModelFolder, precision: Precision = "float32") -> None:
        """Raises ``ModelNotUsable`` where the loader cannot make a model of what the folder holds."""
        # Whatever a folder lacks is told, not fetched.
        os.environ["HF_HUB_OFFLINE"] = "1"
        import transformers
        from transformers.utils import logging

        logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        kind: Any = getattr(transformers, _CLASSES[folder.kind])
        try:
            model: Any = kind.from_pretrained(
                folder.path, local_files_only=True, use_safetensors=True, dtype=torch.float32
            )
            # The melody models' processor would need torchaudio; of either only the tokenizer is used.
            self._tokenizer: Any = transformers.T5Tokenizer.from_pretrained(folder.path, local_files_only=True)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError) as error:
            # The loader tells of what it cannot read by whatever it runs into.
            raise ModelNotUsable(f'The model in "{folder.path.name}" cannot be loaded.') from error
        self._model = model.eval()
        self.folder = folder
        self._hop_frames = folder.sample_rate_hz // folder.frame_rate_hz
        self.decoder = Decoder(model.decoder, _LINEAR[precision])

    @torch.inference_mode()
    def encode(self, prompts: Sequence[str]) -> tuple[torch.Tensor, torch.Tensor]:
        """What the texts say, shape ``(rows, words, hidden)``, and which words there are, ``(rows, words)``."""
        told = self._tokenizer(
            list(prompts), padding=True, truncation=True, max_length=_MOST_WORDS, return_tensors="pt"
        )
        mask = told["attention_mask"]
        states = self._model.text_encoder(input_ids=told["input_ids"], attention_mask=mask).last_hidden_state
        if hasattr(self._model, "enc_to_dec_proj"):
            states = self._model.enc_to_dec_proj(states)
        return states * mask[..., None], mask

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
