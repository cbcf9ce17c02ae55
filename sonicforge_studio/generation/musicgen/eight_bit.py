"""The language model in 8 bits on the processor: the same steps as ``Decoder``, by kernels of our own."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from sonicforge_studio.kernels.products import pack, product, quantise, spread_product
from sonicforge_studio.kernels.transformer import Memory, Weights, normalised_levels, run_layers

Floats = NDArray[np.float32]

_LINES = 32
"""So many places of all rows go through the layers together where much is known from the start."""


class _Packed:
    """Layers' weights of one kind, packed one after the other, so that no second copy of all is ever there."""

    def __init__(self, layers: int, weight: torch.Tensor) -> None:
        tiles, scales = pack(_array(weight))
        self.tiles = np.empty((layers, *tiles.shape), np.int8)
        self.scales = np.empty((layers, *scales.shape), np.float32)

    def put(self, layer: int, weight: torch.Tensor) -> None:
        self.tiles[layer], self.scales[layer] = pack(_array(weight))


class EightBitDecoder:
    """The decoder of a loaded MusicGen. Not for several threads at once."""

    def __init__(self, model: Any, *, spread: bool = False) -> None:
        """``model`` is a ``MusicgenForCausalLM``, whose weights are given up layer by layer; ``spread`` uses as many
        threads as Numba is told. Raises ``ValueError`` for shapes that cannot be packed."""
        config, inner = model.config, model.model.decoder
        if config.activation_function != "gelu":
            raise ValueError(f"no kernel for {config.activation_function}")
        self.codebooks = int(config.num_codebooks)
        self.channels = int(config.audio_channels)
        self.vocabulary = int(config.vocab_size)
        self._heads = int(config.num_attention_heads)
        self._hidden = int(config.hidden_size)
        self._spread = spread
        self._embeddings = [_array(embedding.weight) for embedding in inner.embed_tokens]
        self._positions = inner.embed_positions
        self._norm = _norm(inner.layer_norm)
        self._to_logits = pack(np.concatenate([_array(head.weight) for head in model.lm_heads]))
        self._text_products: list[tuple[Any, Any]] = []
        self._weights = self._taken(inner.layers)
        self._memory: Memory | None = None
        self._told = 0

    def _taken(self, layers: Any) -> Weights:
        count = len(layers)
        kinds: dict[str, _Packed] = {}
        norms = {name: np.empty((count, 2, self._hidden), np.float32) for name in ("own", "text", "wide")}
        for index, layer in enumerate(layers):
            own, other = layer.self_attn, layer.encoder_attn
            for name, weight in (
                ("own_in", torch.cat([part.weight for part in (own.q_proj, own.k_proj, own.v_proj)])),
                ("own_out", own.out_proj.weight),
                ("text_in", other.q_proj.weight),
                ("text_out", other.out_proj.weight),
                ("widen", layer.fc1.weight),
                ("narrow", layer.fc2.weight),
            ):
                if index == 0:
                    kinds[name] = _Packed(count, weight)
                kinds[name].put(index, weight)
            self._text_products.append((pack(_array(other.k_proj.weight)), pack(_array(other.v_proj.weight))))
            norms["own"][index] = _norm(layer.self_attn_layer_norm)
            norms["text"][index] = _norm(layer.encoder_attn_layer_norm)
            norms["wide"][index] = _norm(layer.final_layer_norm)
            layer.to("meta")  # its memory is given back
        packed = {
            f"{name}{end}": array
            for name, kind in kinds.items()
            for end, array in (("", kind.tiles), ("_scales", kind.scales))
        }
        return Weights(own_norm=norms["own"], text_norm=norms["text"], wide_norm=norms["wide"], **packed)

    def begin(self, text: torch.Tensor, mask: torch.Tensor, frames: int, *, guided: bool) -> None:
        """As ``Decoder.begin``; the words of a text stand before what only fills its row."""
        told, words, _ = text.shape
        layers, width = len(self._text_products), self._hidden // self._heads
        shape = (layers, 2 * told if guided else told, self._heads, frames, width)
        levels, steps = _levels(text.reshape(told * words, -1).float().numpy())

        def said(packed: tuple[NDArray[np.int8], Floats]) -> Floats:
            lines = np.empty((told * words, self._hidden), np.float32)
            product(*packed, levels, steps, lines)
            return lines.reshape(told, words, self._heads, width).transpose(0, 2, 1, 3)

        self._memory = Memory(
            keys=np.zeros(shape, np.int8),
            key_scales=np.zeros(shape[:-1], np.float32),
            values=np.zeros(shape, np.int8),
            value_scales=np.zeros(shape[:-1], np.float32),
            text_keys=np.stack([said(keys) for keys, _ in self._text_products]),
            text_values=np.stack([said(values) for _, values in self._text_products]),
            words=mask.sum(dim=1).numpy(),
        )
        self._told = told
        if self._positions.weights.shape[0] < frames:
            self._positions.make_weights(frames, self._positions.embedding_dim)

    def step(self, codes: torch.Tensor, position: int) -> torch.Tensor:
        """As ``Decoder.step``."""
        rows, _, count = codes.shape
        few = max(1, _LINES // rows)
        for start in range(0, count, few):
            part = codes[:, :, start : start + few]
            state = self._run(part, position + start)
        levels, steps = np.empty((rows, self._hidden), np.int16), np.empty(rows, np.float32)
        normalised_levels(np.ascontiguousarray(state[:, -1]), self._norm, levels, steps)
        logits = np.empty((rows, self.codebooks * self.vocabulary), np.float32)
        (spread_product if self._spread else product)(*self._to_logits, levels, steps, logits)
        return torch.from_numpy(logits).view(rows, self.codebooks, self.vocabulary)

    def _run(self, codes: torch.Tensor, position: int) -> Floats:
        """The states ``(rows, places, hidden)`` behind the last layer."""
        rows, _, count = codes.shape
        places = codes.numpy()
        state = self._positions.weights[position : position + count].float().numpy()[None].repeat(rows, axis=0)
        for book, table in enumerate(self._embeddings):
            state = state + table[places[:, book]]
        lines = np.ascontiguousarray(state.reshape(rows * count, -1), dtype=np.float32)
        assert self._memory is not None
        run_layers(self._weights, self._memory, lines, position, count, self._told, self._spread)
        return lines.reshape(rows, count, -1)


def _array(tensor: torch.Tensor) -> Floats:
    array: Floats = tensor.detach().float().numpy()
    return array


def _norm(norm: Any) -> Floats:
    return np.stack([_array(norm.weight), _array(norm.bias)])


def _levels(lines: Floats) -> tuple[NDArray[np.int16], Floats]:
    levels, steps = np.empty(lines.shape, np.int16), np.empty(len(lines), np.float32)
    for index, line in enumerate(np.ascontiguousarray(lines)):
        steps[index] = quantise(line, levels[index])
    return levels, steps
