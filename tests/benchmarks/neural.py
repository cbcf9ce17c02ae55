"""MusicGen at musicgen-small's real size with random weights, beside transformers' plain loop and audiocraft's.

The shapes are musicgen-small's (24 layers of 1024, 16 heads, 4 codebooks of 2048); a weight's value does not change how
long its product takes. The first table counts the language model: seconds of audio that its steps write in a second,
near the beginning of a window and in the middle of one. The second is the engine with its process, from the order to
the last sound, with the memory that it took.
"""

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

STEPS = int(os.environ.get("SONICFORGE_BENCH_STEPS", "30"))
_MIDDLE = 750
_FRAMES_A_SECOND = 50
_WORDS = 12
_SECONDS = 10.0


def run() -> None:
    """Print the tables."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    import torch

    torch.manual_seed(0)
    console = Console(width=150)
    console.print(_loops())
    print(f"{torch.get_num_threads()} threads, {STEPS} steps; guided, so that each piece is two rows")
    with tempfile.TemporaryDirectory() as folder:
        console.print(_engine(_real_size(Path(folder) / "musicgen-small")))


# The language model alone


def _loops() -> Table:
    import torch
    from transformers import MusicgenDecoderConfig, MusicgenForCausalLM

    from sonicforge_studio.generation.musicgen.decoder import Decoder
    from sonicforge_studio.generation.musicgen.eight_bit import EightBitDecoder
    from tests.benchmarks.audiocraft_loop import audiocraft_rate

    torch.set_num_threads(max(1, (os.cpu_count() or 2) - 1))
    config = MusicgenDecoderConfig(
        vocab_size=2048, num_hidden_layers=24, ffn_dim=4096, num_attention_heads=16, hidden_size=1024, num_codebooks=4,
        pad_token_id=2048, bos_token_id=2048,
    )  # fmt: skip
    model = MusicgenForCausalLM(config).eval()
    weights: Any = model.state_dict()
    table = Table(title="musicgen-small's decoder, random weights", box=None, header_style="dim", title_justify="left")
    for name in (
        "Loop",
        "At once",
        "Audio s/s at 0 s",
        "Audio s/s at 15 s",
        "Times the plain loop",
        "Logits: cosine, far",
    ):
        table.add_column(name)
    theirs = audiocraft_rate(STEPS)
    told = "no Python with it here" if theirs is None else f"{theirs:.3f}"
    plain = _plain(model)
    table.add_row("audiocraft, float32", "1", told, "", "", "")
    table.add_row("transformers, float32", "1", *(f"{rate:.3f}" for rate in plain), "1.0", "1, 0")
    exact = _logits(Decoder(model), torch.float32)
    # The last one changes the model.
    kinds: dict[str, tuple[Callable[[], Any], Any, tuple[int, ...]]] = {
        "own, float32": (lambda: Decoder(model), torch.float32, (1, 4)),
        "own, 8 bits": (lambda: EightBitDecoder(config, weights.get), torch.float32, (1, 2, 4, 8)),
        "own, bfloat16": (lambda: Decoder(model.to(torch.bfloat16)), torch.bfloat16, (1,)),
    }
    for name, (make, dtype, counts) in kinds.items():
        decoder = make()
        near = _logits(decoder, dtype)
        cosine = torch.nn.functional.cosine_similarity(exact.flatten(), near.flatten(), dim=0)
        apart = f"{cosine:.5f}, {(near - exact).abs().max() / exact.std():.3f} σ"
        for pieces in counts:
            rates = _own(decoder, pieces, dtype)
            times = f"{rates[0] / plain[0]:.1f}, {rates[1] / plain[1]:.1f}"
            table.add_row(name, str(pieces), *(f"{rate:.3f}" for rate in rates), times, apart)
    return table


def _conditioning(pieces: int, dtype: Any) -> Any:
    import torch

    from sonicforge_studio.generation.musicgen.conditioning import Conditioning

    dice = torch.Generator().manual_seed(1)
    words = torch.randn(1, _WORDS, 1024, generator=dice).expand(pieces, -1, -1)
    return Conditioning(words.to(dtype), torch.ones(pieces, _WORDS, dtype=torch.long))


def _logits(decoder: Any, dtype: Any) -> Any:
    """What 40 places are followed by."""
    import torch

    codes = torch.randint(0, 2048, (2, 4, 40), generator=torch.Generator().manual_seed(2))
    with torch.inference_mode():
        decoder.begin(_conditioning(1, dtype), 41, guided=True)
        return torch.stack([decoder.step(codes[:, :, at : at + 1], at).float() for at in range(40)])


def _own(decoder: Any, pieces: int, dtype: Any) -> list[float]:
    """The rate at the beginning, and behind ``_MIDDLE`` places."""
    import torch

    codes = torch.randint(0, 2048, (2 * pieces, 4, _MIDDLE))
    rates = []
    with torch.inference_mode():
        for known in (1, _MIDDLE):
            decoder.begin(_conditioning(pieces, dtype), _MIDDLE + STEPS + 1, guided=True)
            decoder.step(codes[:, :, :known], 0)
            began = time.perf_counter()
            for step in range(STEPS):
                decoder.step(codes[:, :, :1], known + step)
            rates.append(pieces * STEPS / _FRAMES_A_SECOND / (time.perf_counter() - began))
    return rates


def _plain(model: Any) -> list[float]:
    """transformers' decoder, two rows, with its own cache."""
    import torch

    rates = []
    with torch.inference_mode():
        text = torch.randn(2, _WORDS, 1024)
        for known in (1, _MIDDLE):
            codes = torch.randint(0, 2048, (2 * 4, known))
            out = model(input_ids=codes, encoder_hidden_states=text, use_cache=True)
            began = time.perf_counter()
            for _ in range(STEPS):
                out = model(
                    input_ids=codes[:, :1], encoder_hidden_states=text, past_key_values=out.past_key_values,
                    use_cache=True,
                )  # fmt: skip
            rates.append(STEPS / _FRAMES_A_SECOND / (time.perf_counter() - began))
    return rates


# The engine with its process


def _real_size(folder: Path) -> Path:
    """A folder as musicgen-small's: T5-base's encoder, EnCodec at 32 kHz, the decoder above; 2.4 GB."""
    from transformers import (
        EncodecConfig,
        MusicgenConfig,
        MusicgenDecoderConfig,
        MusicgenForConditionalGeneration,
        T5Config,
    )

    from tests.generation.musicgen.conftest import _tokenizer

    text = T5Config(
        vocab_size=32128, d_model=768, d_kv=64, d_ff=3072, num_layers=12, num_heads=12, is_encoder_decoder=False,
        use_cache=False,
    )  # fmt: skip
    codec = EncodecConfig(
        target_bandwidths=[2.2], sampling_rate=32000, hidden_size=128, num_filters=64, upsampling_ratios=[8, 5, 4, 4],
        codebook_size=2048, codebook_dim=128, num_lstm_layers=2, use_causal_conv=False, use_conv_shortcut=False,
    )  # fmt: skip
    decoder = MusicgenDecoderConfig(
        vocab_size=2048, num_hidden_layers=24, ffn_dim=4096, num_attention_heads=16, hidden_size=1024, num_codebooks=4,
        pad_token_id=2048, bos_token_id=2048,
    )  # fmt: skip
    config = MusicgenConfig(text_encoder=text, audio_encoder=codec, decoder=decoder)
    MusicgenForConditionalGeneration(config).save_pretrained(folder)
    _tokenizer().save_pretrained(folder)
    return folder


def _engine(folder: Path) -> Table:
    from sonicforge_studio.domain import Neural
    from sonicforge_studio.generation.musicgen.engine import MusicGenEngine
    from sonicforge_studio.generation.musicgen.pace import Paces

    table = Table(title=f"The engine, {_SECONDS:g} s a piece", box=None, header_style="dim", title_justify="left")
    for name in ("Precision", "Pieces", "Seconds", "Estimated before", "First sound after", "Audio s/s", "Peak memory",
                 "Told before", "Cancel to memory free"):  # fmt: skip
        table.add_column(name)
    paces = Paces(folder.parent / "paces.json")
    for precision, pieces in (("int8", 1), ("int8", 1), ("int8", 4), ("int8", 4), ("float32", 1)):
        engine = MusicGenEngine(folder, Neural(precision=precision), folder.parent, paces=paces)  # type: ignore[arg-type]
        before = paces.estimate(engine._folder, precision, "cpu", _SECONDS, pieces)
        watch = _Watch()
        began = time.perf_counter()
        engine.render_batch(_concept(), list(range(pieces)), watch, listener=watch)
        took = time.perf_counter() - began
        table.add_row(
            precision, str(pieces), f"{took:.1f}", f"{before.seconds:.1f}{'' if before.learned else ' (guessed)'}",
            f"{watch.first - began:.1f}", f"{pieces * _SECONDS / took:.2f}", f"{watch.peak_bytes / 1e9:.2f} GB",
            f"{before.memory_bytes / 1e9:.2f} GB", f"{_cancel(engine):.2f}",
        )  # fmt: skip
    return table


def _concept() -> Any:
    from sonicforge_studio.generation import compose

    return compose("lofi hip hop with warm rhodes", duration_seconds=_SECONDS)


class _Watch:
    """Listens, and looks at the process's memory: what of it no file holds, and can be given back."""

    def __init__(self) -> None:
        self.first = 0.0
        self.peak_bytes = 0
        self._looked = 0.0

    def step(self, done: float, total: float, note: str = "") -> None:
        if time.perf_counter() - self._looked > 0.2:
            self._looked = time.perf_counter()
            self.peak_bytes = max(self.peak_bytes, sum(map(_anonymous_bytes, _children())))

    def begin(self, sample_rate_hz: int, channels: int, frames: int | None) -> None:
        self.first = time.perf_counter()

    def hear(self, block: Any) -> None:
        return

    def end(self) -> None:
        return


def _cancel(engine: Any) -> float:
    """Seconds from the cancel in the middle of the work until no process is left."""
    from sonicforge_studio.domain import Cancelled

    asked = threading.Event()
    at = [0.0]

    class Stop(_Watch):
        def step(self, done: float, total: float, note: str = "") -> None:
            if note == "Making":
                at[0] = at[0] or time.perf_counter()
                asked.set()
                raise Cancelled()

    try:
        engine.render(_concept(), 1, Stop())
    except Cancelled:
        assert not _children()
    return time.perf_counter() - at[0]


def _children() -> list[int]:
    from tests.engine_watch import workers

    return workers()


def _anonymous_bytes(process: int) -> int:
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("RssAnon:"))
    except (OSError, StopIteration):
        return 0
