"""A model from its folder into memory: texts in, codes and sound out."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import partial
from typing import Any

import torch
from safetensors import safe_open
from torch.nn import functional
from torch.nn.utils.rnn import pad_sequence

from sonicforge_studio.domain.errors import ModelNotUsable
from sonicforge_studio.generation.audiocraft.worker import is_of_memory
from sonicforge_studio.generation.musicgen.codec import Codec
from sonicforge_studio.generation.musicgen.codes import LanguageModel
from sonicforge_studio.generation.musicgen.conditioning import Told, told_melody, told_text
from sonicforge_studio.generation.musicgen.decoder import Decoder
from sonicforge_studio.generation.musicgen.eight_bit import EightBitDecoder
from sonicforge_studio.generation.musicgen.model_folder import ModelFolder

_MOST_WORDS = 256
"""Of a text: the models were never told more."""


class MusicGen:
    """A loaded model. Not for several threads at once, but for ``codec``, which may have one of its own."""

    def __init__(
        self, folder: ModelFolder, precision: str = "float32", device: str = "cpu", *, spread: bool = False
    ) -> None:
        """Each part is loaded by itself, and in 8 bits the largest one layer by layer, so that the whole is never in
        memory in full precision. On another ``device`` lies the language model alone, which takes nearly all of the
        time; 8 bits are for processors, and there it plays in bfloat16. ``spread`` has steps in 8 bits use as many
        threads as Numba is told.

        Raises ``ModelNotUsable`` where the loader cannot make a model of what the folder holds.
        """
        # Whatever a folder lacks is told, not fetched.
        os.environ["HF_HUB_OFFLINE"] = "1"
        from transformers import AutoConfig, EncodecModel, T5EncoderModel, T5Tokenizer
        from transformers.utils import logging

        logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        logging.set_verbosity_error()  # type: ignore[no-untyped-call]
        self.folder = folder
        self._weights = _WeightFiles(folder)
        self._device = torch.device(device)
        eight_bits = precision == "int8" and device == "cpu"
        self._dtype = torch.float32 if precision == "float32" or eight_bits else torch.bfloat16
        try:
            self._config: Any = AutoConfig.from_pretrained(folder.path, local_files_only=True)
            # The melody models' processor would need torchaudio; of either only the tokenizer is used.
            self._tokenizer: Any = T5Tokenizer.from_pretrained(folder.path, local_files_only=True)
            self._text_encoder: Any = _part(folder, T5EncoderModel, self._config.text_encoder, "text_encoder")
            self.codec = Codec(_part(folder, EncodecModel, self._config.audio_encoder, "audio_encoder"), folder)
            self.decoder = self._eight_bits(spread) if eight_bits else self._full()
        except Exception as error:
            if is_of_memory(error):
                raise
            # The loader tells of what it cannot read by whatever it runs into.
            raise ModelNotUsable(f'The model in "{folder.path.name}" cannot be loaded.') from error

    def _eight_bits(self, spread: bool) -> LanguageModel:
        weights = self._weights
        return EightBitDecoder(self._config.decoder, lambda name: weights.tensor(f"decoder.{name}"), spread=spread)

    def _full(self) -> LanguageModel:
        from transformers import MusicgenForCausalLM, MusicgenMelodyForCausalLM

        kind = MusicgenMelodyForCausalLM if self.folder.kind == "melody" else MusicgenForCausalLM
        return Decoder(_part(self.folder, kind, self._config.decoder, "decoder").to(self._device, self._dtype))

    @torch.inference_mode()
    def encode(self, prompts: Sequence[str]) -> tuple[torch.Tensor, torch.Tensor]:
        """What the texts say, shape ``(rows, words, hidden)``, and which words there are, ``(rows, words)``.

        Each text by itself: in a batch, sums are added up in another order.
        """
        said = {prompt: self._said(prompt) for prompt in dict.fromkeys(prompts)}
        states = pad_sequence([said[prompt] for prompt in prompts], batch_first=True)
        lengths = torch.tensor([len(said[prompt]) for prompt in prompts])
        mask = (torch.arange(states.shape[1])[None] < lengths[:, None]).long()
        return states.to(self._device, self._dtype), mask.to(self._device)

    def _said(self, prompt: str) -> torch.Tensor:
        told = self._tokenizer(prompt, truncation=True, max_length=_MOST_WORDS, return_tensors="pt")
        states = self._text_encoder(**told).last_hidden_state
        projected: torch.Tensor = self._projected("enc_to_dec_proj", states)[0]
        return projected

    def _projected(self, name: str, states: torch.Tensor) -> torch.Tensor:
        """To the language model's width, where the model has a projection for that."""
        if f"{name}.weight" not in self._weights:
            return states
        weight, bias = (self._weights.tensor(f"{name}.{kind}").to(states) for kind in ("weight", "bias"))
        return functional.linear(states, weight, bias)

    def told(self, prompts: Sequence[str], tune: Sequence[int] = ()) -> Told:
        """What each window of a piece is told: of each row a text and, for a melody model, one tune for all of them."""
        text, mask = self.encode(prompts)
        if self.folder.kind != "melody":
            return told_text(text, mask)
        return told_melody(
            self._config, partial(self._projected, "audio_enc_to_dec_proj"), self.folder, text, mask, tune
        )

    def forget_texts(self) -> None:
        """Give up the part that reads texts, once they are read: it is a third of a small model."""
        self._text_encoder = None


class _WeightFiles:
    """The tensors of a folder by name, each read when it is asked for."""

    def __init__(self, folder: ModelFolder) -> None:
        self._files = {}
        for path in folder.weight_files:
            opened = safe_open(path, framework="pt")
            self._files.update(dict.fromkeys(opened.keys(), opened))  # type: ignore[no-untyped-call]

    def __contains__(self, name: str) -> bool:
        return name in self._files

    def tensor(self, name: str) -> torch.Tensor:
        """In float32. Raises ``KeyError`` where there is none of that name."""
        tensor: torch.Tensor = self._files[name].get_tensor(name)  # type: ignore[no-untyped-call]
        return tensor.float()


def _part(folder: ModelFolder, kind: Any, config: Any, name: str) -> Any:
    """One of the models that a MusicGen consists of, by the start of its weights' names."""
    part, found = kind.from_pretrained(
        folder.path, config=config, key_mapping={rf"^{name}\.": ""}, local_files_only=True, use_safetensors=True,
        dtype=torch.float32, output_loading_info=True,
    )  # fmt: skip
    if found["missing_keys"] or found["mismatched_keys"]:
        raise KeyError(f"{name} lacks {sorted(found['missing_keys'])[:3]}")
    return part.eval()
