"""Where memory does not suffice, the next best way: fewer at once, coarser numbers, a smaller model, the processor."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from sonicforge_studio.domain.neural import Precision
from sonicforge_studio.generation.musicgen.model_folder import ModelFolder


@dataclass(frozen=True, slots=True)
class Rung:
    """One way to make the pieces."""

    folder: ModelFolder
    at_once: int
    precision: Precision
    device: str
    said: str = ""
    """What the user is told where it comes to this; "" of the way that was asked for."""


def ladder(first: Rung, smaller: Sequence[ModelFolder] = ()) -> Iterator[Rung]:
    """``first``, and what is tried after it, each in less memory than the one before; ``smaller`` models stand in the
    order in which they are to be tried. On a graphics card only the language model lies anyway."""
    rung = first
    yield rung
    while rung.at_once > 1:
        fewer = rung.at_once // 2
        said = f"{fewer} at a time are made instead of {rung.at_once}."
        rung = replace(rung, at_once=fewer, said=said)
        yield rung
    if rung.device != "cpu" and rung.precision == "float32":
        rung = replace(rung, precision="bfloat16", said="It is made in bfloat16.")
        yield rung
    if rung.device != "cpu":
        rung = replace(rung, device="cpu", said="It is made on the processor.")
        yield rung
    if rung.precision != "int8":
        rung = replace(rung, precision="int8", said="It is made in 8 bits.")
        yield rung
    for folder in smaller:
        said = f"It is made by {folder.path.name}."
        rung = replace(rung, folder=folder, said=said)
        yield rung
