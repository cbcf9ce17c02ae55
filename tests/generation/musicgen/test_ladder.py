"""What is tried in turn where memory does not suffice."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from sonicforge_studio.generation.musicgen.ladder import Rung, ladder
from sonicforge_studio.generation.musicgen.model_folder import ModelFolder

FOLDER = ModelFolder(Path("large"), "text", 1, 32000, 50, 4, 48, 2048, 3_400_000_000, 13_000_000_000, ())


def test_on_the_processor_fewer_then_coarser_then_smaller() -> None:
    smaller = replace(FOLDER, path=Path("small"))
    rungs = list(ladder(Rung(FOLDER, 5, "float32", "cpu"), [smaller]))
    assert [(rung.folder.path.name, rung.at_once, rung.precision) for rung in rungs] == [
        ("large", 5, "float32"), ("large", 2, "float32"), ("large", 1, "float32"), ("large", 1, "int8"),
        ("small", 1, "int8"),
    ]  # fmt: skip
    assert not rungs[0].said
    assert all(rung.said.endswith(".") for rung in rungs[1:])


def test_from_the_graphics_card_it_ends_on_the_processor() -> None:
    rungs = list(ladder(Rung(FOLDER, 1, "float32", "cuda")))
    assert [(rung.device, rung.precision) for rung in rungs] == [
        ("cuda", "float32"), ("cuda", "bfloat16"), ("cpu", "bfloat16"), ("cpu", "int8"),
    ]  # fmt: skip
