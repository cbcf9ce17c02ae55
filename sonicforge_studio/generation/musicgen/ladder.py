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
        said = f"Memory did not suffice for {rung.at_once} pieces at once: {fewer} at a time are made."
        rung = replace(rung, at_once=fewer, said=said)
        yield rung
    if rung.device != "cpu" and rung.precision == "float32":
        rung = replace(rung, precision="bfloat16", said="Memory did not suffice for float32: made in bfloat16.")
        yield rung
    if rung.device != "cpu":
        rung = replace(rung, device="cpu", said="The graphics card's memory did not suffice: made on the processor.")
        yield rung
    if rung.precision != "int8":
        rung = replace(rung, precision="int8", said=f"Memory did not suffice for {rung.precision}: made in 8 bits.")
        yield rung
    for folder in smaller:
        said = f"Memory did not suffice for {rung.folder.path.name}: made by {folder.path.name}."
        rung = replace(rung, folder=folder, said=said)
        yield rung
