"""A benchmark row: ours and the reference, timed in turns within one run, and how far their results differ."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Row:
    """One comparison. ``ratio`` is the reference's time over ours: above 1, ours is faster."""

    name: str
    ours_seconds: float
    reference: str
    reference_seconds: float
    difference: str

    @property
    def ratio(self) -> float:
        return self.reference_seconds / self.ours_seconds


def in_turns(ours: Callable[[], object], reference: Callable[[], object], rounds: int = 5) -> tuple[float, float]:
    """The median seconds of each, after one round that is not counted; the turns share the machine's mood."""
    ours(), reference()
    taken: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for seconds, work in zip(taken, (ours, reference), strict=True):
            began = time.perf_counter()
            work()
            seconds.append(time.perf_counter() - began)
    return statistics.median(taken[0]), statistics.median(taken[1])


def show(title: str, rows: list[Row]) -> None:
    table = Table(title=title, box=None, header_style="dim", title_justify="left")
    for name in ("What", "Ours ms", "Reference", "Its ms", "Faster by", "Difference of the results"):
        table.add_column(name, justify="right" if name.endswith(("ms", "by")) else "left")
    for row in rows:
        table.add_row(
            row.name,
            f"{1e3 * row.ours_seconds:.2f}",
            row.reference,
            f"{1e3 * row.reference_seconds:.2f}",
            f"{row.ratio:.2f}×",
            row.difference,
        )
    Console(width=150).print(table)
