"""The engines that there are, and audiocraft's environment: made, adopted, taken away."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from sonicforge_studio.domain import Progress, StudioError
from sonicforge_studio.domain.errors import BadSetting, UnknownEngine

_AUDIOCRAFT = "audiocraft"


@dataclass(frozen=True, slots=True)
class EngineState:
    """One engine: whether it can make something now, and where not, what to do."""

    name: str
    ready: bool
    origin: str
    """ "built-in", "extra" (of this installation), "made" or "adopted" (an environment of its own), "" for none."""
    python: str = ""
    """The interpreter of its environment."""
    versions: tuple[tuple[str, str], ...] = ()
    message: str = ""
    hint: str = ""


class EngineDesk:
    """Looks after engines that have to be installed."""

    def __init__(self, folder: Path) -> None:
        """``folder`` is where environments are made and noted."""
        self._folder = folder

    def all(self) -> tuple[EngineState, ...]:
        """Every engine, without running any."""
        return (EngineState("synth", True, "built-in"), _musicgen(), self._audiocraft())

    def install(self, name: str, progress: Progress, python: str = "", *, anew: bool = False) -> EngineState:
        """Adopt the Python named, else make an environment where none is kept or ``anew``; what was made before is
        deleted then.

        Raises ``UnknownEngine``, ``BadSetting``, ``EngineUnavailable``, ``DiskFull``, ``OutputNotWritable`` and
        ``Cancelled``.
        """
        from sonicforge_studio.generation.audiocraft.environment import keep, probe
        from sonicforge_studio.generation.audiocraft.making import make, remove

        self._require_installable(name)
        if python:
            adopted = probe(Path(python), progress)
            if Path(adopted.python).is_relative_to(self._folder):
                raise BadSetting("This is the studio's own environment.", hint="Leave --python out.")
            remove(self._folder, progress)
            keep(self._folder, adopted)
        elif anew or not self._audiocraft().ready:
            make(self._folder, progress)
        return self._audiocraft()

    def is_ready(self, name: str) -> bool:
        """Raises ``UnknownEngine``, and ``BadSetting`` for an engine that needs no installing."""
        self._require_installable(name)
        return self._audiocraft().ready

    def remove(self, name: str, progress: Progress) -> EngineState:
        """Forget the environment, and delete it where the studio made it. Raises as ``install``."""
        from sonicforge_studio.generation.audiocraft.making import remove

        self._require_installable(name)
        remove(self._folder, progress)
        return self._audiocraft()

    def _require_installable(self, name: str) -> None:
        if name == _AUDIOCRAFT:
            return
        if name == "musicgen":
            raise BadSetting(
                "MusicGen comes with an extra of the studio, not with an environment of its own.",
                hint='Install the extra: pip install "sonicforge-studio[neural]".',
            )
        if name == "synth":
            raise BadSetting("The engine synth is built in.", hint="There is nothing to install.")
        raise UnknownEngine(f'There is no engine named "{name}".')

    def _audiocraft(self) -> EngineState:
        from sonicforge_studio.generation.audiocraft.environment import require

        try:
            found = require(self._folder)
        except StudioError as error:
            return EngineState(_AUDIOCRAFT, False, "", message=error.message, hint=error.hint)
        versions = {
            "python": found.python_version,
            "torch": found.torch,
            "transformers": found.transformers,
            "audiocraft": found.audiocraft,
        }
        return EngineState(
            _AUDIOCRAFT, True, "made" if found.made else "adopted", found.python, tuple(versions.items())
        )


def _musicgen() -> EngineState:
    missing = [name for name in ("torch", "transformers") if find_spec(name) is None]
    if not missing:
        return EngineState("musicgen", True, "extra")
    return EngineState(
        "musicgen",
        False,
        "extra",
        message=f"MusicGen needs {' and '.join(missing)}.",
        hint='Install the extra: pip install "sonicforge-studio[neural]".',
    )
