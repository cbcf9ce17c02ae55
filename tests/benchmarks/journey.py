"""The journey: 30 s forged, mastered and catalogued, beside the time the music itself lasts."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from sonicforge_studio.domain import SilentProgress
from sonicforge_studio.generation import SynthEngine, compose
from sonicforge_studio.studio import build_studio
from sonicforge_studio.studio.forging import ForgeRequest
from tests.benchmarks.tables import Row, in_turns, show

SECONDS = 30.0
PROMPTS = ("liquid drum and bass, 174 bpm, A minor", "deep house", "lo-fi", "ambient")


def run() -> None:
    rows = []
    engine = SynthEngine()
    with tempfile.TemporaryDirectory() as folder, build_studio(Path(folder)) as studio:
        for prompt in PROMPTS:
            concept = compose(prompt, duration_seconds=SECONDS)
            seconds, _ = in_turns(lambda concept=concept: engine.render(concept, 7, SilentProgress()), lambda: None, 3)
            rows.append(Row(f"render: {prompt}", seconds, "the music itself", SECONDS, "–"))
        request = ForgeRequest(PROMPTS[0], seconds=SECONDS, seed=7, folder=f"{folder}/out")
        began = time.perf_counter()
        studio.forge.forge(request, SilentProgress())
        whole = time.perf_counter() - began
        rows.append(Row("forge, master, measure, catalogue", whole, "the music itself", SECONDS, "–"))
    show("30 s of music", rows)
