"""The language model in 8 bits on the processor: the same steps as ``Decoder``, by kernels of our own."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from sonicforge_studio.generation.musicgen.conditioning import Conditioning
from sonicforge_studio.kernels.products import LANES, OUTPUTS, pack, product, spread_product
from sonicforge_studio.kernels.transformer import Memory, Weights, levels_of, normalised_levels, run_layers

Floats = NDArray[np.float32]
_Product = tuple[NDArray[np.int8], Floats]

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

    def parts(self) -> tuple[tuple[str, Any], ...]:
        """By the ends of the names that ``Weights`` has for them."""
        return ("", self.tiles), ("_scales", self.scales)


class EightBitDecoder:
    """The decoder of a loaded MusicGen. Not for several threads at once."""

    def __init__(self, config: Any, weight: Callable[[str], torch.Tensor], *, spread: bool = False) -> None:
        """``config`` is a ``MusicgenDecoderConfig`` or a ``MusicgenMelodyDecoderConfig``; ``weight`` has the weights of
        such a decoder by their names, each asked for once. ``spread`` uses as many threads as Numba is told.

        Raises ``ValueError`` for shapes that cannot be packed, and what ``weight`` does where one is missing."""
        if config.activation_function != "gelu" or config.hidden_size // config.num_attention_heads % OUTPUTS:
            raise ValueError("no kernel for such a decoder")
        self.codebooks = int(config.num_codebooks)
        self.channels = int(config.audio_channels)
        self.vocabulary = int(config.vocab_size)
        self._heads = int(config.num_attention_heads)
        self._hidden = int(config.hidden_size)
        self._spread = spread
        books = range(self.codebooks)
        self._embeddings = [_array(weight(f"model.decoder.embed_tokens.{book}.weight")) for book in books]
        self._norm = _norm(weight, "model.decoder.layer_norm")
        self._to_logits = pack(np.concatenate([_array(weight(f"lm_heads.{book}.weight")) for book in books]))
        self._text_products: list[tuple[_Product, _Product]] = []
        """To keys and to values of a text, in each layer; none in a melody model."""
        self._weights = self._taken(
            int(config.num_hidden_layers), weight, hears=config.model_type == "musicgen_decoder"
        )
        self._memory: Memory | None = None
        self._listening = 0
        self._prefix: Floats | None = None
        self._ahead = 0
        self._positions: Floats = _sines(0, self._hidden)

    def _taken(self, count: int, weight: Callable[[str], torch.Tensor], *, hears: bool) -> Weights:
        norms = {name: np.zeros((count, 2, self._hidden), np.float32) for name in ("own", "text", "wide")}
        packed: dict[str, _Packed] = {}
        for index in range(count):
            layer = f"model.decoder.layers.{index}"
            for name, part in _products(weight, layer, hears=hears):
                if index == 0:
                    packed[name] = _Packed(count, part)
                packed[name].put(index, part)
            norms["own"][index] = _norm(weight, f"{layer}.self_attn_layer_norm")
            norms["wide"][index] = _norm(weight, f"{layer}.final_layer_norm")
            if hears:
                norms["text"][index] = _norm(weight, f"{layer}.encoder_attn_layer_norm")
                keys, values = (pack(_array(weight(f"{layer}.encoder_attn.{kind}_proj.weight"))) for kind in "kv")
                self._text_products.append((keys, values))
        parts = {f"{name}{end}": part for name, kind in packed.items() for end, part in kind.parts()}
        return Weights(own_norm=norms["own"], text_norm=norms["text"], wide_norm=norms["wide"], **parts)

    def begin(self, told: Conditioning, frames: int, *, guided: bool) -> None:
        """As ``Decoder.begin``; the words of a text stand before what only fills its row."""
        rows, width = told.states.shape[0], self._hidden // self._heads
        self._prefix, self._ahead, self._listening = None, 0, rows
        if told.untold is not None:
            self._prefix = _array(torch.cat([told.states, told.untold]) if guided else told.states)
            self._ahead, self._listening = self._prefix.shape[1], 0
        layers = self._weights.own_norm.shape[0]
        shape = (layers, 2 * rows if guided else rows, self._heads)
        places, lanes = _whole(self._ahead + frames, LANES), _whole(width, LANES)
        keys, values = self._text_memory(told.states)
        self._memory = Memory(
            keys=np.zeros((*shape, places // OUTPUTS, lanes // LANES, OUTPUTS, LANES), np.int8),
            values=np.zeros((*shape, width // OUTPUTS, places // LANES, OUTPUTS, LANES), np.int8),
            scales=np.zeros((*shape, places, 2), np.float32),
            text_keys=keys,
            text_values=values,
            words=told.mask.sum(dim=1).long().numpy(),
        )
        self._positions = _sines(self._ahead + frames, self._hidden)

    def _text_memory(self, states: torch.Tensor) -> tuple[Floats, Floats]:
        """Keys and values of a text in all layers, each of shape ``(layers, rows, heads, words, width)``."""
        rows, words, _ = states.shape
        if not self._listening:
            nothing = np.zeros((0, 0, self._heads, 0, self._hidden // self._heads), np.float32)
            return nothing, nothing
        lines = np.ascontiguousarray(_array(states.reshape(rows * words, -1)))
        levels, steps = np.empty(lines.shape, np.int16), np.empty(len(lines), np.float32)
        levels_of(lines, levels, steps)

        def said(packed: _Product) -> Floats:
            out = np.empty((rows * words, self._hidden), np.float32)
            product(*packed, levels, steps, out)
            return out.reshape(rows, words, self._heads, -1).transpose(0, 2, 1, 3)

        keys = np.stack([said(keys) for keys, _ in self._text_products])
        values = np.stack([said(values) for _, values in self._text_products])
        # In the order that the kernel is compiled for.
        return np.ascontiguousarray(keys), np.ascontiguousarray(values)

    def step(self, codes: torch.Tensor, position: int) -> torch.Tensor:
        """As ``Decoder.step``."""
        rows = codes.shape[0]
        places = codes.numpy()
        state = np.stack([table[places[:, book]] for book, table in enumerate(self._embeddings)]).sum(0)
        start = position + self._ahead
        if position == 0 and self._prefix is not None:
            state, start = np.concatenate([self._prefix, state], axis=1), 0
        state += self._positions[start : start + state.shape[1]]
        few = max(1, _LINES // rows)
        for first in range(0, state.shape[1], few):
            last = self._run(state[:, first : first + few], start + first)
        levels, steps = np.empty((rows, self._hidden), np.int16), np.empty(rows, np.float32)
        normalised_levels(np.ascontiguousarray(last), self._norm, levels, steps)
        logits = np.empty((rows, self.codebooks * self.vocabulary), np.float32)
        (spread_product if self._spread else product)(*self._to_logits, levels, steps, logits)
        return torch.from_numpy(logits).view(rows, self.codebooks, self.vocabulary)

    def _run(self, state: Floats, position: int) -> Floats:
        """The last place's state ``(rows, hidden)`` behind the last layer."""
        rows, count, _ = state.shape
        lines = np.ascontiguousarray(state.reshape(rows * count, -1), dtype=np.float32)
        assert self._memory is not None
        run_layers(self._weights, self._memory, lines, position, count, self._listening, self._spread)
        return lines.reshape(rows, count, -1)[:, -1]


def _products(weight: Callable[[str], torch.Tensor], layer: str, *, hears: bool) -> Iterator[tuple[str, torch.Tensor]]:
    """The weights of a layer by the names that ``Weights`` has for them; of no size where there is no such thing."""
    yield "own_in", torch.cat([weight(f"{layer}.self_attn.{kind}_proj.weight") for kind in "qkv"])
    out = weight(f"{layer}.self_attn.out_proj.weight")
    yield "own_out", out
    yield "text_in", weight(f"{layer}.encoder_attn.q_proj.weight") if hears else out[:0]
    yield "text_out", weight(f"{layer}.encoder_attn.out_proj.weight") if hears else out[:0]
    yield "widen", weight(f"{layer}.fc1.weight")
    yield "narrow", weight(f"{layer}.fc2.weight")


def _sines(count: int, width: int) -> Floats:
    """The places' own states ``(count, width)``, as transformers' ``MusicgenSinusoidalPositionalEmbedding`` has them:
    cosines, then sines, of ever slower turns (A. Vaswani et al., "Attention Is All You Need", 2017, 3.5)."""
    half = width // 2
    rates = torch.exp(torch.arange(half).float() * -(math.log(10000) / (half - 1)))
    angles = torch.arange(count).float()[:, None] * rates
    return _array(functional.pad(torch.cat([angles.cos(), angles.sin()], dim=1), (0, width % 2)))


def _whole(count: int, parts: int) -> int:
    """The next multiple of ``parts``."""
    return -(-count // parts) * parts


def _array(tensor: torch.Tensor) -> Floats:
    array: Floats = tensor.detach().float().numpy()
    return array


def _norm(weight: Callable[[str], torch.Tensor], name: str) -> Floats:
    return np.stack([_array(weight(f"{name}.weight")), _array(weight(f"{name}.bias"))])
