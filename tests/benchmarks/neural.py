"""MusicGen's decode loop at its real size, with random weights, beside transformers' own, in one process and run.

The shapes are musicgen-small's (24 layers of 1024, 16 heads, 4 codebooks of 2048); a weight's value does not change how
long its product takes. What is counted is the language model: seconds of audio that its steps write in a second.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

from rich.console import Console
from rich.table import Table

STEPS = int(os.environ.get("SONICFORGE_BENCH_STEPS", "50"))
_FRAMES_A_SECOND = 50
_WORDS = 12


def run() -> None:
    """Print the table."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    import torch
    from transformers import MusicgenDecoderConfig, MusicgenForCausalLM

    from sonicforge_studio.domain.neural import Sampling
    from sonicforge_studio.generation.musicgen.codes import write_codes
    from sonicforge_studio.generation.musicgen.conditioning import Conditioning
    from sonicforge_studio.generation.musicgen.decoder import Decoder
    from sonicforge_studio.generation.musicgen.linear import Int8Linear, plain

    torch.manual_seed(0)
    torch.set_num_threads(max(1, (os.cpu_count() or 2) - 1))
    config = MusicgenDecoderConfig(
        vocab_size=2048, num_hidden_layers=24, ffn_dim=4096, num_attention_heads=16, hidden_size=1024, num_codebooks=4,
        pad_token_id=2048, bos_token_id=2048,
    )  # fmt: skip
    model = MusicgenForCausalLM(config).eval()
    table = Table(title="musicgen-small's decoder, random weights", box=None, header_style="dim", title_justify="left")
    for name in ("Loop", "Pieces at once", "Seconds of audio a second", "Times the plain loop"):
        table.add_column(name)
    plain_rate = _rate(lambda: _theirs(model, STEPS), 1)
    table.add_row("transformers, float32", "1", f"{plain_rate:.2f}", "1.0")
    for name, linear in (("own, float32", plain), ("own, 8 bits", Int8Linear)):
        decoder = Decoder(model, linear)
        for pieces in (1, 4, 8):
            text = torch.randn(pieces, _WORDS, 1024)
            told = Conditioning(text, torch.ones(pieces, _WORDS, dtype=torch.long))
            dice = [torch.Generator().manual_seed(seed) for seed in range(pieces)]

            def write(decoder: Decoder = decoder, told: Any = told, dice: Any = dice) -> None:
                write_codes(decoder, told, STEPS, dice, Sampling())

            rate = _rate(write, pieces)
            table.add_row(name, str(pieces), f"{rate:.2f}", f"{rate / plain_rate:.1f}")
    Console(width=130).print(table)
    print(f"{torch.get_num_threads()} threads, {STEPS} steps; guided, so that each piece is two rows")


def _theirs(model: Any, steps: int) -> None:
    """The plain loop: a step of transformers' decoder for two rows, with its own cache."""
    import torch

    with torch.inference_mode():
        codes = torch.full((2 * model.config.num_codebooks, 1), model.config.pad_token_id)
        text, cache = torch.randn(2, _WORDS, 1024), None
        for _ in range(steps):
            out = model(input_ids=codes, encoder_hidden_states=text, cache=cache, use_cache=True)
            cache = out.cache
            codes = out.logits[:, -1:].argmax(-1)


def _rate(work: Callable[[], None], pieces: int) -> float:
    """Seconds of audio a second, of the best of two runs."""
    taken = []
    for _ in range(2):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return pieces * STEPS / _FRAMES_A_SECOND / min(taken)
