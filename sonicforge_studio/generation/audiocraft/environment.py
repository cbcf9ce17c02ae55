"""The Python that has audiocraft: which one it is, and what it has."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from sonicforge_studio.domain import Progress
from sonicforge_studio.domain.errors import EngineUnavailable
from sonicforge_studio.generation.audiocraft import worker
from sonicforge_studio.generation.audiocraft.command import RanTooLong, run
from sonicforge_studio.host import output_error, write_text

WORKER = Path(worker.__file__)
INSTALL = "sonicforge models engine install audiocraft"
_PROBE_SECONDS = 120.0
"""PyTorch from a cold disk takes a while."""
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Environment:
    """A Python that was asked and has what is needed."""

    python: str
    """The interpreter's path."""
    made: bool
    """By the studio, which removes it again; else it is somebody's own."""
    python_version: str
    torch: str
    transformers: str
    audiocraft: str
    cuda: bool


def probe(
    python: Path, progress: Progress, *, made: bool = False, limit_seconds: float = _PROBE_SECONDS
) -> Environment:
    """Ask an interpreter, or a virtual environment's folder, what it has.

    Raises ``EngineUnavailable`` with what is wrong: there is none, it is no Python, it hangs, it lacks something.
    """
    python = _interpreter(python)
    name = str(python)
    command = [name, str(WORKER), "--probe"]
    try:
        said = run(command, progress, limit_seconds=limit_seconds, note=lambda _: "Asking the environment")
    except RanTooLong:
        raise EngineUnavailable(f'"{name}" did not answer within {limit_seconds:g} seconds.', hint=_HINT) from None
    except OSError as error:
        raise EngineUnavailable(f'"{name}" cannot be run: {error.strerror or error}.', hint=_HINT) from error
    try:
        told = json.loads(said.text)
        missing, failure = [str(one) for one in told["missing"]], str(told["failure"])
        found = Environment(
            python=name,
            made=made,
            python_version=str(told["python"]),
            torch=str(told["torch"]),
            transformers=str(told["transformers"]),
            audiocraft=str(told["audiocraft"]),
            cuda=told["cuda"] is True,
        )
    except (ValueError, KeyError, TypeError) as error:
        raise EngineUnavailable(f'"{name}" does not answer as Python 3.9 or newer does.', hint=_HINT) from error
    if missing:
        raise EngineUnavailable(
            f'The Python at "{name}" lacks {", ".join(missing)}.',
            hint=f"Install that in it, or let the studio make one: {INSTALL}.",
        )
    if failure:
        raise EngineUnavailable(
            f'audiocraft is in "{name}" and cannot be imported there: {failure}.',
            hint=f"Mend that environment, or let the studio make one: {INSTALL}.",
        )
    return found


_HINT = f"Name the Python of an environment that has audiocraft, or let the studio make one: {INSTALL}."


def _interpreter(path: Path) -> Path:
    """The program in a virtual environment's folder; else the path itself, with every link on its way left as it is,
    for by its own place a Python knows its environment."""
    path = Path(os.path.abspath(path.expanduser()))  # noqa: PTH100 – resolve() would follow the links
    for inside in (path / "bin" / "python", path / "Scripts" / "python.exe"):
        if inside.is_file():
            return inside
    if not path.is_file():
        raise EngineUnavailable(f'There is no Python at "{path}".', hint=_HINT)
    return path


def folder_of(engines: Path) -> Path:
    """Where the environment lies that the studio makes."""
    return engines / "audiocraft"


def _note_of(engines: Path) -> Path:
    return engines / "audiocraft.json"


def keep(engines: Path, environment: Environment) -> None:
    """From now on it is this one. Raises ``DiskFull`` or ``OutputNotWritable``."""
    write_text(_note_of(engines), json.dumps({"format": _FORMAT, **asdict(environment)}, indent=1) + "\n")


def forget(engines: Path) -> None:
    """From now on there is none. Raises ``OutputNotWritable``."""
    try:
        _note_of(engines).unlink(missing_ok=True)
    except OSError as error:
        raise output_error(error, _note_of(engines)) from error


def find(engines: Path) -> Environment | None:
    """What was kept, or None; nothing is run.

    Raises ``EngineUnavailable`` where what was noted cannot be read, or its Python is gone.
    """
    try:
        told = json.loads(_note_of(engines).read_text(encoding="utf-8"))
        if told.pop("format") != _FORMAT:
            raise ValueError("another format")
        kept = Environment(**told)
        if any(type(getattr(kept, field.name)).__name__ != field.type for field in fields(kept)):
            raise TypeError("another type")
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise EngineUnavailable(
            "The note of where audiocraft is cannot be read.", hint=f"Install it again: {INSTALL}."
        ) from error
    if not Path(kept.python).is_file():
        raise EngineUnavailable(
            f'The Python that has audiocraft is gone: "{kept.python}".', hint=f"Install it again: {INSTALL}."
        )
    return kept


def require(engines: Path) -> Environment:
    """What was kept. Raises ``EngineUnavailable`` where there is none."""
    kept = find(engines)
    if kept is None:
        raise EngineUnavailable("audiocraft is not installed.", hint=f"Install it: {INSTALL}.")
    return kept
