"""`compare`: will these two mix."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sonicforge_studio.cli.options import Force, Home, Json, Workers
from sonicforge_studio.cli.output import Output, printable
from sonicforge_studio.cli.session import each_input, studio_session
from sonicforge_studio.cli.tables import facts, number

if TYPE_CHECKING:
    from rich.table import Table

    from sonicforge_studio.domain import Analysis
    from sonicforge_studio.studio.measuring import Measurement
    from sonicforge_studio.studio.mixing import MixAdvice


def register(app: typer.Typer) -> None:
    app.command()(compare)


def compare(
    one: Annotated[str, typer.Argument(help="The file that plays first.", show_default=False)],
    other: Annotated[str, typer.Argument(help="The file that follows.", show_default=False)],
    json: Json = False,
    home: Home = None,
    workers: Workers = None,
    force: Force = False,
) -> int:
    """Tell whether two files mix: tempo, key, loudness, and how alike they sound."""
    from sonicforge_studio.studio import mixing
    from sonicforge_studio.studio.report import mix_fields

    output = Output(json)
    began = time.perf_counter()
    pair = [_one_file(given) for given in (one, other)]
    measured: dict[str, Analysis] = {}

    def use(given: str, path: Path, measurement: Measurement) -> None:
        measured[given] = studio.importer.as_wanted(path, measurement)

    with studio_session(home) as studio:
        each_input(
            list(dict.fromkeys(pair)),
            output,
            lambda path, progress: studio.measurer.measure(path, progress, force=force),
            use,
            workers=workers,
            verb="Listening",
        )
    if output.exit_code:
        return output.exit_code
    advice = mixing.compare(*(measured[given] for given in pair))
    fields = {"path": pair[0], "other": pair[1], **mix_fields(advice), "elapsed_seconds": time.perf_counter() - began}
    output.item(fields, lambda: _advice_table(advice))
    return output.exit_code


def _one_file(given: str) -> str:
    """What a pattern stands for, where it is one file."""
    from sonicforge_studio.studio.inputs import expand

    found = expand([given])
    if len(found) > 1 or Path(given).is_dir():
        raise typer.BadParameter(f"two files are wanted, and {printable(given)} is {len(found)}")
    return found[0][0]


def _advice_table(advice: MixAdvice) -> Table:
    tempo, key, loudness = advice.tempo, advice.key, advice.loudness
    rows: list[tuple[str, str]] = [("Mix", advice.grade or "neither beat nor key to go by")]
    if tempo is not None:
        change = f"{number(tempo.other_bpm, 1)} → {number(tempo.one_bpm / tempo.turns, 1)} BPM"
        rows.append(("Tempo", f"{tempo.grade}: {change} ({tempo.change_percent:+.1f} %)"))
    if key is not None:
        rows.append(("Key", f"{key.grade}: {key.one.camelot} → {key.other.camelot} ({key.relation.replace('-', ' ')})"))
    if loudness is not None:
        rows.append(("Loudness", f"{loudness.difference_lu:+.1f} LU: {loudness.gain_db:+.1f} dB for the second"))
    if advice.likeness is not None:
        rows.append(("Sounds alike", f"{advice.likeness:.2f} of 1"))
    return facts(rows)
