"""The mastering chain: what it leaves behind at rest, what each stage takes, and how much of a core a preview needs."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
from rich.console import Console
from rich.table import Table

from sonicforge_studio.domain.chain import ChainSettings
from sonicforge_studio.kernels.limiter import Limiter
from sonicforge_studio.kernels.true_peak import PeakEnvelope
from sonicforge_studio.mastering.chain import Chain
from sonicforge_studio.mastering.stages import STAGE_MAKERS
from tests.mastering.test_stages import ACTIVE, NEUTRAL, OFF, only, through
from tests.sounds import groove

RATE_HZ = 44_100
SECONDS = 20
BLOCK_FRAMES = 1_024
"""What a preview works in."""
LOUDNESS_LUFS = -16.0
_ROUNDS = 3


def run() -> None:
    music = groove(SECONDS)
    resting = Chain(RATE_HZ, 2, NEUTRAL, LOUDNESS_LUFS, live=True)
    rest = np.abs(through(resting, music, BLOCK_FRAMES).astype(np.float64) - music).max()
    null = "bit for bit" if rest == 0.0 else f"{20 * np.log10(rest):.1f} dBFS"
    print(f"All {len(STAGE_MAKERS)} stages on and neutral, {resting.latency_frames} frames late: null {null}")

    table = Table(title="Of each stage, stereo at 44.1 kHz", box=None, header_style="dim", title_justify="left")
    for name in ("Stage", "ns a frame, whole", f"in blocks of {BLOCK_FRAMES}", "of a core", "latency ms"):
        table.add_column(name, justify="left" if name == "Stage" else "right")
    for name in STAGE_MAKERS:
        _add(table, name, only(name, ACTIVE[name]), music)
    for part in ("high_pass_hz", "declip", "hum_hz", "declick"):
        quiet = replace(OFF["repair"], on=True)
        _add(
            table, f"  repair: {part}", only("repair", replace(quiet, **{part: getattr(ACTIVE["repair"], part)})), music
        )
    _add(table, "all, neutral", NEUTRAL, music, live=True)
    _add(table, "all, at work", ChainSettings(**ACTIVE), music)
    _add(table, "all, at work, with limiter", ChainSettings(**ACTIVE), music, limited=True)
    Console(width=120).print(table)


def _add(
    table: Table, name: str, settings: ChainSettings, music: np.ndarray, *, live: bool = False, limited: bool = False
) -> None:
    taken = []
    latency_frames = 0
    for block_frames in (1 << 16, BLOCK_FRAMES):
        rounds = []
        for _ in range(_ROUNDS):
            chain = Chain(RATE_HZ, 2, settings, LOUDNESS_LUFS, live=live)
            envelope, limiter = PeakEnvelope(RATE_HZ, 2), Limiter(RATE_HZ, 2, gain=2.0, ceiling=0.89)
            latency_frames = chain.latency_frames
            began = time.perf_counter()
            for at in range(0, music.shape[1], block_frames):
                out = chain.process(music[:, at : at + block_frames])
                if limited:
                    limiter.process(*envelope.process(out))
            rounds.append((time.perf_counter() - began) / music.shape[1])
        taken.append(min(rounds))
    table.add_row(
        name,
        *(f"{1e9 * seconds:.1f}" for seconds in taken),
        f"{100 * taken[1] * RATE_HZ:.2f} %",
        f"{1e3 * latency_frames / RATE_HZ:.1f}",
    )
