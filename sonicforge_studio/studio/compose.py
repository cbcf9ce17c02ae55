"""Every part is built here, once, and passed in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from sonicforge_studio.domain import Concept, Target
from sonicforge_studio.generation import SynthEngine
from sonicforge_studio.host import Folders, Settings, load_settings, open_folders, start_log
from sonicforge_studio.host.cache import Cache
from sonicforge_studio.host.parts import clear_parts
from sonicforge_studio.host.tile_cache import TileCache
from sonicforge_studio.library import Library, Similarity
from sonicforge_studio.mastering import PRESETS, TARGETS, PresetFolder
from sonicforge_studio.studio.alike import Alike
from sonicforge_studio.studio.changes import Changes
from sonicforge_studio.studio.correcting import Corrector
from sonicforge_studio.studio.engine_desk import EngineDesk
from sonicforge_studio.studio.engines import Engines
from sonicforge_studio.studio.forging import Forge, ForgeRequest, compose_request
from sonicforge_studio.studio.importing import Importer
from sonicforge_studio.studio.likeness import Likeness
from sonicforge_studio.studio.mastering import MasteringDesk
from sonicforge_studio.studio.measuring import Measurer
from sonicforge_studio.studio.models import ModelDesk
from sonicforge_studio.studio.rebuilding import clear_rebuilding
from sonicforge_studio.studio.recording import RecordingDesk
from sonicforge_studio.studio.remaking import Remaker
from sonicforge_studio.studio.takes import TakeDesk


@dataclass(frozen=True, slots=True)
class Studio:
    """The parts that every face uses. Close it, or use it in a ``with`` block."""

    folders: Folders
    settings: Settings
    cache: Cache
    drawn: TileCache
    """What pages draw of each track: curves and waveforms."""
    library: Library
    changes: Changes
    """Tells of changes of the library."""
    similarity: Similarity
    alike: Alike
    measurer: Measurer
    importer: Importer
    forge: Forge
    takes: TakeDesk
    mastering: MasteringDesk
    models: ModelDesk
    engine_desk: EngineDesk
    remaker: Remaker
    recordings: RecordingDesk
    corrections: Corrector

    @property
    def targets(self) -> tuple[Target, ...]:
        return tuple(TARGETS.values())

    @property
    def presets(self) -> tuple[str, ...]:
        return tuple(PRESETS)

    def compose(self, request: ForgeRequest, seed: int) -> Concept:
        """What the composer makes of a request whose piece has the dice of ``seed``; quick enough to ask at every
        keystroke."""
        return compose_request(request, seed)

    def close(self) -> None:
        self.recordings.close()
        try:
            self.similarity.close()
            self.library.close()
        finally:
            self.cache.close()
            self.drawn.close()

    def __enter__(self) -> Studio:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def build_studio(home: str | Path | None = None) -> Studio:
    """A studio over the data folder ``home`` (else ``SONICFORGE_HOME``, else the user's own).

    Raises ``OutputNotWritable`` and the library's errors.
    """
    folders = open_folders(home)
    start_log(folders.logs)
    # Copies that were being proved when a program was killed: in other folders they go with the next file there.
    clear_parts(folders.spools)
    clear_rebuilding(folders.rebuilding)
    settings = load_settings(folders.settings)
    changes = Changes()
    library = Library(folders.database, on_change=changes.tell)
    cache = Cache(folders.measurements)
    models = ModelDesk(folders.models, folders.paces)
    engines = Engines({"synth": SynthEngine(folders.spools)}, models, folders)
    drawn = TileCache(folders.curves, memory_bytes=32 << 20)
    measurer = Measurer(cache, drawn)
    similarity = Similarity(library, folders.similarity)
    library.ask_for_sound(similarity.to_track)
    corrections = Corrector(library)
    importer = Importer(library, measurer, corrections)
    return Studio(
        folders=folders,
        settings=settings,
        cache=cache,
        library=library,
        changes=changes,
        similarity=similarity,
        alike=Alike(library, similarity, measurer),
        measurer=measurer,
        importer=importer,
        forge=Forge(engines, measurer, importer, Likeness(library), folders.forged, folders.spools),
        takes=TakeDesk(engines, measurer, folders.takes),
        mastering=MasteringDesk(
            measurer, importer, folders.masters, folders.spools, PresetFolder(folders.master_presets)
        ),
        models=models,
        engine_desk=EngineDesk(folders.engines),
        remaker=Remaker(engines, library, folders),
        recordings=RecordingDesk(importer, folders.recordings),
        corrections=corrections,
        drawn=drawn,
    )
