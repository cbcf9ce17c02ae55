"""How figures and tables look in the terminal."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rich.table import Table
from rich.text import Text


def number(value: float | None, digits: int) -> str:
    """A figure, or a dash where there is no reading."""
    return "–" if value is None or not math.isfinite(value) else f"{value:.{digits}f}"


def clock(seconds: float) -> str:
    """Minutes and seconds."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def facts(rows: Sequence[tuple[str, str]]) -> Table:
    """Names on the left, values on the right."""
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    for name, value in rows:
        table.add_row(name, Text(value))
    return table


def grid(
    left: Sequence[str],
    right: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    heads: bool = True,
    least_width: int | None = None,
) -> Table:
    """A table: the columns ``left`` are text, the columns ``right`` are figures, ``least_width`` wide at least."""
    table = Table(box=None, header_style="dim", pad_edge=False, show_header=heads)
    for name in left:
        table.add_column(name, overflow="fold")
    for name in right:
        table.add_column(name, justify="right", no_wrap=True, min_width=least_width)
    for row in rows:
        table.add_row(*(Text(value) for value in row))
    return table
