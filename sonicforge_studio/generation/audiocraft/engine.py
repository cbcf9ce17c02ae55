"""audiocraft as an engine: MusicGen from audiocraft's own checkpoints, made by audiocraft itself."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import closing
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from sonicforge_studio.audio import Spool
from sonicforge_studio.domain import Concept, Listener, Neural, Note, Progress, Rendering, Samples
from sonicforge_studio.domain.errors import BadSetting, EngineProcessDied, EngineUnavailable
from sonicforge_studio.domain.neural import Device, Precision
from sonicforge_studio.generation.audiocraft.checkpoint import Checkpoint, read_checkpoint
from sonicforge_studio.generation.audiocraft.environment import WORKER, Environment, require
from sonicforge_studio.generation.audiocraft.process import Ready, sound_of
from sonicforge_studio.generation.conversation import told_as, working_threads
from sonicforge_studio.generation.limits import require_duration
from sonicforge_studio.generation.models import MUSICGEN_LICENCE


class AudiocraftEngine:
    """Makes music with the checkpoint of a folder. The same text and seed give the same samples on one machine."""

    def __init__(
        self, folder: Path, engines: Path, neural: Neural | None = None, spool_folder: Path | None = None
    ) -> None:
        """``engines`` is where it is noted which Python has audiocraft.

        Raises ``EngineUnavailable`` where none is or it cannot do what is wanted, ``BadSetting`` for what audiocraft
        is not asked here, and what ``read_checkpoint`` does.
        """
        wanted = neural or Neural()
        self._environment: Environment = require(engines)
        self._checkpoint: Checkpoint = read_checkpoint(folder)
        self._spool_folder = spool_folder
        if wanted.melody or wanted.continues:
            raise BadSetting(
                "The engine audiocraft follows no melody and continues no sound.",
                hint="Take --engine musicgen for that, or leave it out.",
            )
        device = _device(wanted.device, self._environment)
        self._neural = replace(
            wanted,
            model=wanted.model or str(folder),
            weights_hash=self._checkpoint.weights_hash,
            precision=_precision(wanted.precision, device),
            device=device,
        )

    @property
    def name(self) -> str:
        return "audiocraft"

    @property
    def version(self) -> str:
        """audiocraft's own: its versions draw their dice in ways of their own."""
        return self._environment.audiocraft

    @property
    def licence(self) -> str:
        return MUSICGEN_LICENCE

    def render(
        self,
        concept: Concept,
        seed: int,
        progress: Progress,
        *,
        listener: Listener | None = None,
        notes: Mapping[str, tuple[Note, ...]] | None = None,
        stems: Collection[str] | None = (),
    ) -> Rendering:
        """The mix alone: this engine knows no notes and no stems.

        Raises ``DurationOutOfRange``, ``ModelNotUsable``, ``OutOfMemory``, ``EngineProcessDied``,
        ``EngineUnavailable``, ``DiskFull`` or ``OutputNotWritable``, and ``Cancelled`` where ``progress`` says so: the
        process is ended then, its memory free.
        """
        order = self._order(concept, seed)
        with closing(sound_of([self._environment.python, str(WORKER)], order, progress)) as sound:
            mix = self._kept(sound, listener)
        if listener is not None:
            listener.end()
        return Rendering(mix, neural=self._neural)

    def _order(self, concept: Concept, seed: int) -> dict[str, Any]:
        return {
            "folder": str(self._checkpoint.path.absolute()),
            "prompt": told_as(concept),
            "seed": seed,
            "seconds": require_duration(concept.duration_seconds),
            "precision": self._neural.precision,
            "device": self._neural.device,
            "sampling": asdict(self._neural.sampling),
            "threads": working_threads(),
        }

    def _kept(self, sound: Iterator[Ready | Samples], listener: Listener | None) -> Spool:
        told = next(sound, None)
        if not isinstance(told, Ready):
            raise EngineProcessDied()
        mix = Spool(told.sample_rate_hz, told.channels, self._spool_folder)
        try:
            if listener is not None:
                listener.begin(told.sample_rate_hz, told.channels, told.frames)
            for block in sound:
                if isinstance(block, Ready):
                    raise EngineProcessDied()
                if listener is not None:
                    listener.hear(block)
                mix.write(block)
        except BaseException:
            mix.abandon()
            raise
        return mix


def _device(wanted: Device, environment: Environment) -> Device:
    if wanted == "auto":
        return "cuda" if environment.cuda else "cpu"
    if wanted == "cuda" and not environment.cuda:
        raise EngineUnavailable("audiocraft's environment finds no CUDA device.", hint="Use --device cpu.")
    return wanted


def _precision(wanted: Precision, device: Device) -> Precision:
    """float32 on a CPU, bfloat16 on a GPU, where it is audiocraft's to choose."""
    if wanted == "auto":
        return "bfloat16" if device == "cuda" else "float32"
    if wanted == "float32" or (wanted == "bfloat16" and device == "cuda"):
        return wanted
    raise BadSetting(
        "audiocraft works in float32, and on a GPU in bfloat16 too.", hint="Use --precision auto, or --engine musicgen."
    )
