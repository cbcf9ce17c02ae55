"""`models engine`: engines that have a Python environment of their own."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sonicforge_studio.cli.options import Force, Home, Json, Workers
from sonicforge_studio.cli.output import Output, one_bar, printable
from sonicforge_studio.cli.session import studio_session
from sonicforge_studio.cli.tables import grid

if TYPE_CHECKING:
    from sonicforge_studio.studio.engine_desk import EngineState

Name = Annotated[str, typer.Argument(metavar="ENGINE", help="audiocraft.", show_default=False)]


def register(models: typer.Typer) -> None:
    """Put the group ``engine`` under the group ``models``."""
    engine = typer.Typer(help="Engines with a Python environment of their own.", no_args_is_help=True)
    engine.command("install")(install)
    engine.command("list")(list_engines)
    engine.command("remove")(remove)
    models.add_typer(engine, name="engine")


def install(
    name: Name,
    python: Annotated[
        Path | None,
        typer.Option("--python", help="Use the environment of this Python, which stays yours.", show_default=False),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Download without asking.")] = False,
    json: Json = False,
    home: Home = None,
    workers: Workers = None,
    force: Force = False,
) -> int:
    """Make an engine's environment from the package index, or use one that is there."""
    output = Output(json)
    began = time.perf_counter()
    with output.about(name), studio_session(home) as studio:
        downloads = python is None and (force or not studio.engine_desk.is_ready(name))
        if downloads and not yes and not _may_download(output, name):
            return output.exit_code
        with one_bar(output, "Installing") as progress:
            state = studio.engine_desk.install(name, progress, str(python or ""), anew=force)
        _show(output, state, time.perf_counter() - began)
    return output.exit_code


def list_engines(json: Json = False, home: Home = None, workers: Workers = None, force: Force = False) -> int:
    """Every engine: can it make something now, and with what."""
    output = Output(json)
    with output.about(""), studio_session(home) as studio:
        states = studio.engine_desk.all()
        if json:
            for state in states:
                output.item(_fields(state), str)
        else:
            output.table(grid(["Engine", "", "With", "Next step"], [], [_row(state) for state in states]))
    return output.exit_code


def remove(name: Name, json: Json = False, home: Home = None, workers: Workers = None, force: Force = False) -> int:
    """Forget an engine's environment, and delete it where the studio made it."""
    output = Output(json)
    began = time.perf_counter()
    with output.about(name), studio_session(home) as studio:
        with one_bar(output, "Removing") as progress:
            state = studio.engine_desk.remove(name, progress)
        _show(output, state, time.perf_counter() - began)
    return output.exit_code


def _may_download(output: Output, name: str) -> bool:
    """Asks a person at a terminal; who else wants it says ``--yes``."""
    if output.as_json or not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise typer.BadParameter("this downloads PyTorch and more: say --yes, or --python PATH for one that is there")
    return typer.confirm(f"Download PyTorch, transformers and {name} from the package index?", err=True)


def _show(output: Output, state: EngineState, elapsed_seconds: float) -> None:
    fields = {**_fields(state), "elapsed_seconds": elapsed_seconds}
    output.item(fields, lambda: grid(["", "", "", ""], [], [_row(state)], heads=False))


def _fields(state: EngineState) -> dict[str, Any]:
    return {
        "engine": state.name,
        "ready": state.ready,
        "origin": state.origin or None,
        "python": state.python or None,
        "versions": dict(state.versions),
        "message": state.message or None,
        "hint": state.hint or None,
    }


def _row(state: EngineState) -> list[str]:
    versions = ", ".join(f"{name} {number}" for name, number in state.versions)
    with_what = " · ".join(filter(None, [state.origin, versions, printable(state.python)]))
    return [state.name, "ok" if state.ready else "look", with_what if state.ready else state.message, state.hint]
