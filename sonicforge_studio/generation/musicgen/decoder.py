"""The language model, one step at a time: the weights that transformers loads, in an arrangement of our own.

What it does is the decoder of J. Copet et al., "Simple and Controllable Music Generation" (2023), as
``MusicgenForCausalLM`` and ``MusicgenMelodyForCausalLM`` compute it; a test holds them equal. What is our own: query,
key and value in one product, all heads in one product, a cache that lies there from the start, what the text says
projected once, and no cross-attention for the rows without a text, whose states are zero and whose projections have no
bias. A melody model has no cross-attention at all: what it is told stands before the codes.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional

from sonicforge_studio.generation.musicgen.conditioning import Conditioning


class _Layer:
    """One layer's weights, ready for a step."""

    def __init__(self, layer: Any) -> None:
        own = layer.self_attn
        self.own_norm, self.last_norm = layer.self_attn_layer_norm, layer.final_layer_norm
        self.to_queries_keys_values = torch.cat([part.weight for part in (own.q_proj, own.k_proj, own.v_proj)])
        self.from_own = own.out_proj.weight
        if hasattr(layer, "encoder_attn"):
            other = layer.encoder_attn
            self.other_norm = layer.encoder_attn_layer_norm
            self.to_query = other.q_proj.weight
            self.to_key, self.to_value = other.k_proj, other.v_proj
            self.from_other = other.out_proj.weight
        self.widen, self.narrow = layer.fc1.weight, layer.fc2.weight
        self.activate = layer.activation_fn


class Decoder:
    """The decoder of a loaded MusicGen. Not for several threads at once."""

    def __init__(self, model: Any) -> None:
        """``model`` is a ``MusicgenForCausalLM`` or a ``MusicgenMelodyForCausalLM``."""
        config, inner = model.config, model.model.decoder
        self.codebooks = int(config.num_codebooks)
        self.channels = int(config.audio_channels)
        self.vocabulary = int(config.vocab_size)
        self._heads = int(config.num_attention_heads)
        self._width = int(config.hidden_size) // self._heads
        self._embeddings = [embedding.weight for embedding in inner.embed_tokens]
        self._positions = inner.embed_positions
        self._layers = [_Layer(layer) for layer in inner.layers]
        self._norm = inner.layer_norm
        self._to_logits = torch.cat([head.weight for head in model.lm_heads])
        self._keys: list[torch.Tensor] = []
        self._values: list[torch.Tensor] = []
        self._text: list[tuple[torch.Tensor, torch.Tensor]] = []
        self._text_mask: torch.Tensor | None = None
        self._listening = 0
        """So many of the rows listen to a text all along."""
        self._prefix: torch.Tensor | None = None
        self._ahead = 0
        """So many places come before the codes."""

    def begin(self, told: Conditioning, frames: int, *, guided: bool) -> None:
        """Make room for ``frames`` positions of each row, and of as many that are told nothing where ``guided``."""
        rows = told.states.shape[0]
        self._prefix = None
        if told.untold is not None:
            self._prefix = torch.cat([told.states, told.untold]) if guided else told.states
        self._ahead = 0 if self._prefix is None else self._prefix.shape[1]
        frames += self._ahead
        place = self._embeddings[0]
        shape = (2 * rows if guided else rows, self._heads, frames, self._width)
        self._keys = [torch.zeros(shape, dtype=place.dtype, device=place.device) for _ in self._layers]
        self._values = [torch.zeros_like(keys) for keys in self._keys]
        self._listening = 0
        if self._prefix is None:
            text = told.states
            self._text = [(self._split(one.to_key(text)), self._split(one.to_value(text))) for one in self._layers]
            self._text_mask = told.mask[:, None, None, :].bool()
            self._listening = rows
        if self._positions.weights.shape[0] < frames:
            self._positions.make_weights(frames, self._positions.embedding_dim)

    def step(self, codes: torch.Tensor, position: int) -> torch.Tensor:
        """The logits ``(rows, codebooks, vocabulary)`` that follow ``codes`` (rows, codebooks, n), which stand at
        ``position`` and behind; n above 1 only at position 0."""
        rows = codes.shape[0]
        state = torch.stack([table[codes[:, book]] for book, table in enumerate(self._embeddings)]).sum(0)
        start = position + self._ahead
        if position == 0 and self._prefix is not None:
            state, start = torch.cat([self._prefix, state], dim=1), 0
        state = state + self._positions.weights[start : start + state.shape[1]].to(state.dtype)
        for index, layer in enumerate(self._layers):
            state = state + self._own_attention(layer, index, layer.own_norm(state), start)
            if self._listening:
                told = state[: self._listening]
                heard = told + self._text_attention(layer, index, layer.other_norm(told))
                state = torch.cat([heard, state[self._listening :]]) if self._listening < rows else heard
            state = state + _widened(layer, layer.last_norm(state))
        logits = functional.linear(self._norm(state[:, -1]), self._to_logits)
        return logits.view(rows, self.codebooks, self.vocabulary)

    def _own_attention(self, layer: _Layer, index: int, state: torch.Tensor, position: int) -> torch.Tensor:
        rows, count, _ = state.shape
        mixed = functional.linear(state, layer.to_queries_keys_values).view(rows, count, 3, self._heads, self._width)
        query, key, value = mixed.permute(2, 0, 3, 1, 4)
        end = position + count
        self._keys[index][:, :, position:end] = key
        self._values[index][:, :, position:end] = value
        heard = functional.scaled_dot_product_attention(
            query, self._keys[index][:, :, :end], self._values[index][:, :, :end], is_causal=count > 1
        )
        return functional.linear(heard.transpose(1, 2).reshape(rows, count, -1), layer.from_own)

    def _text_attention(self, layer: _Layer, index: int, state: torch.Tensor) -> torch.Tensor:
        keys, values = self._text[index]
        query = self._split(functional.linear(state, layer.to_query))
        heard = functional.scaled_dot_product_attention(query, keys, values, attn_mask=self._text_mask)
        return functional.linear(heard.transpose(1, 2).reshape(state.shape), layer.from_other)

    def _split(self, state: torch.Tensor) -> torch.Tensor:
        """Into heads: ``(rows, heads, places, width)``."""
        rows, places, _ = state.shape
        return state.view(rows, places, self._heads, self._width).transpose(1, 2)


def _widened(layer: _Layer, state: torch.Tensor) -> torch.Tensor:
    """Through the two wide products."""
    return functional.linear(layer.activate(functional.linear(state, layer.widen)), layer.narrow)
