"""The command line: `sonicforge COMMAND … [--json] [--home DIR] [--workers N] [--force]`."""

from __future__ import annotations

import logging
import os
import sys
from typing import Annotated, Any, cast

import typer

from sonicforge_studio import __version__
from sonicforge_studio.cli import (
    analysing,
    cataloguing,
    comparing,
    forging,
    mastering,
    measuring,
    models,
    picturing,
    playing,
    presets,
    recording,
    tending,
)
from sonicforge_studio.cli.output import CANCELLED, SOME_FAILED, WRONG_USAGE, NowhereToPrint, Output
from sonicforge_studio.domain import Cancelled, StudioError

UsageError = cast(type[Exception], typer.BadParameter.__mro__[1])
"""Typer brings a Click of its own and hands on this class only by its child."""

app = typer.Typer(
    name="sonicforge",
    help="Generate, analyse, master and catalogue music on this machine.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for room in (
    forging,
    analysing,
    comparing,
    measuring,
    mastering,
    cataloguing,
    models,
    picturing,
    playing,
    presets,
    recording,
    tending,
):
    room.register(app)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"sonicforge {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    """Generate, analyse, master and catalogue music on this machine."""


def main(arguments: list[str]) -> int:
    """Run one command; its exit code. Whatever goes wrong is a sentence, and its traceback is in the log."""
    output = Output("--json" in arguments)
    # What goes wrong before the log is open must not print its traceback.
    if not logging.getLogger().handlers:
        logging.getLogger().addHandler(logging.NullHandler())
    try:
        result = typer.main.get_command(app).main(arguments, prog_name="sonicforge", standalone_mode=False)
    except UsageError as error:
        cast(Any, error).show()
        return WRONG_USAGE
    except (KeyboardInterrupt, typer.Abort, Cancelled):
        output.errors.print("Cancelled.")
        return CANCELLED
    except NowhereToPrint as error:
        # Without this, Python complains once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        # A pipe that was closed early (`| head`) is the reader's right, not an error of ours.
        if not isinstance(error.__cause__, BrokenPipeError):
            output.errors.print(f"{error.message} {error.hint}", style="red", markup=False)
        return SOME_FAILED
    except StudioError as error:
        output.failure("", error)
        return output.exit_code
    except Exception:
        logging.getLogger(__name__).exception("unexpected error in: %s", arguments)
        output.failure("", StudioError("Something went wrong that should not have.", hint=_log_hint()))
        return SOME_FAILED
    return result if isinstance(result, int) else 0


def _log_hint() -> str:
    from sonicforge_studio.host import log_file

    path = log_file()
    return f'The details are in "{path}".' if path else "Try again with another data folder (--home)."
