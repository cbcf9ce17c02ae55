"""`presets`: settings of the mastering chain under a name, shared as files."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sonicforge_studio.cli.options import Force, Home, Json, Workers
from sonicforge_studio.cli.output import Output, may_replace, printable
from sonicforge_studio.cli.session import studio_session
from sonicforge_studio.cli.tables import grid
from sonicforge_studio.domain import to_plain
from sonicforge_studio.domain.errors import OutputExists

if TYPE_CHECKING:
    from sonicforge_studio.studio.master_presets import PresetShelf

Name = Annotated[str, typer.Argument(metavar="NAME", help="A preset, as `presets list` names it.")]


@contextmanager
def _shelf(home: Path | None) -> Iterator[PresetShelf]:
    """The shelf of an open studio; imported here, so that `--help` needs none of the heavy libraries."""
    from sonicforge_studio.studio.master_presets import PresetShelf

    with studio_session(home) as studio:
        yield PresetShelf(studio.folders.master_presets)


presets = typer.Typer(name="presets", help="Presets of the mastering chain.", rich_markup_mode=None)


def register(app: typer.Typer) -> None:
    app.add_typer(presets)


@presets.callback(invoke_without_command=True)
def _presets(
    context: typer.Context, json: Json = False, home: Home = None, workers: Workers = None, force: Force = False
) -> int:
    """Presets of the mastering chain; without a command, lists them."""
    return 0 if context.invoked_subcommand else list_presets(json, home)


@presets.command("list")
def list_presets(json: Json = False, home: Home = None, workers: Workers = None, force: Force = False) -> int:
    """The studio's presets, and your own."""
    output, began = Output(json), time.perf_counter()
    with _shelf(home) as shelf:
        entries = shelf.entries()
    if json:
        for entry in entries:
            seconds = time.perf_counter() - began
            output.item({"name": entry.name, "own": entry.own, "about": entry.about, "elapsed_seconds": seconds}, str)
        return output.exit_code
    rows = [(printable(entry.name), "yours" if entry.own else "", printable(entry.about)) for entry in entries]
    output.table(grid(("Preset", "", "What it is for"), (), rows))
    return output.exit_code


@presets.command("import")
def bring_in(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="A preset's file.")],
    json: Json = False,
    home: Home = None,
    workers: Workers = None,
    force: Force = False,
) -> int:
    """Keep a preset that somebody shared; one of a name that is taken gets a number."""
    output, began = Output(json), time.perf_counter()
    with _shelf(home) as shelf, output.about(str(path)):
        name = shelf.bring_in(path)
        fields = {"path": str(path), "name": name, "elapsed_seconds": time.perf_counter() - began}
        output.item(fields, lambda: f'It is known as "{printable(name)}".')
    return output.exit_code


@presets.command("export")
def give_out(
    name: Name,
    out: Annotated[Path, typer.Option("-o", "--out", help="The file, such as mine.sfpreset.")],
    json: Json = False,
    home: Home = None,
    workers: Workers = None,
    force: Force = False,
) -> int:
    """Write a preset as a file, to be shared."""
    output, began = Output(json), time.perf_counter()
    with _shelf(home) as shelf, output.about(name):
        settings = shelf.load(name)
        if out.exists() and not force and not may_replace(out, output):
            raise OutputExists(f'There is already a file "{out}".')
        shelf.give_out(out, name, settings)
        seconds = time.perf_counter() - began
        fields = {"path": str(out), "name": name, "chain": to_plain(settings.chain), "elapsed_seconds": seconds}
        output.item(fields, lambda: f"{printable(name)} stands in {printable(str(out))}.")
    return output.exit_code


@presets.command()
def delete(name: Name, json: Json = False, home: Home = None, workers: Workers = None, force: Force = False) -> int:
    """Delete a preset of your own."""
    output, began = Output(json), time.perf_counter()
    with _shelf(home) as shelf, output.about(name):
        shelf.delete(name)
        fields = {"name": name, "elapsed_seconds": time.perf_counter() - began}
        output.item(fields, lambda: f"{printable(name)} is deleted.")
    return output.exit_code
