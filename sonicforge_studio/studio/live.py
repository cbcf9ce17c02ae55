"""What a window needs beside the studio: a queue of jobs, a player, an input, and the picture of what sounds."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sonicforge_studio.analysis import LiveMusicReader
from sonicforge_studio.audio import Capture, Devices, LiveAnalyser, Player, TapSwitch, system_devices
from sonicforge_studio.domain import Progress, Source, from_plain, to_plain
from sonicforge_studio.domain.errors import InputError, MissingPath
from sonicforge_studio.generation import recipe_from_json, recipe_to_json
from sonicforge_studio.generation.models import Offer
from sonicforge_studio.host.tile_cache import TileCache
from sonicforge_studio.jobs import JobQueue, current_job_id
from sonicforge_studio.studio.compose import Studio
from sonicforge_studio.studio.delivery import known_format
from sonicforge_studio.studio.drafts import DraftShelf
from sonicforge_studio.studio.exporting import export
from sonicforge_studio.studio.forging import ForgeRequest
from sonicforge_studio.studio.hearables import Hearables
from sonicforge_studio.studio.master_drafts import MasterDrafts
from sonicforge_studio.studio.master_presets import PresetShelf
from sonicforge_studio.studio.mastering import MasterRequest
from sonicforge_studio.studio.previewing import Previews
from sonicforge_studio.studio.report import licence_fields
from sonicforge_studio.studio.spectrograms import Spectrograms
from sonicforge_studio.studio.takes import TakeDesk


@dataclass(frozen=True, slots=True)
class Live:
    """The moving parts. Close them before the studio."""

    jobs: JobQueue
    player: Player
    devices: Devices
    heard: TapSwitch
    """What analyser and reader listen to: the player's tap, or the capture's."""
    analyser: LiveAnalyser
    music: LiveMusicReader
    capture: Capture
    spectrograms: Spectrograms
    hearables: Hearables
    previews: Previews
    drafts: DraftShelf
    master_drafts: MasterDrafts
    master_presets: PresetShelf
    takes: TakeDesk

    def hearable(self, job_id: int) -> Callable[[], Source] | None:
        """What opens the sound that a running forge job makes, for the player; None where there is nothing to hear."""
        return self.hearables.opener(job_id)

    def close(self) -> None:
        self.previews.close()
        self.spectrograms.close()
        self.capture.close()
        self.music.close()
        self.analyser.close()
        self.player.close()
        self.jobs.close()
        self.takes.clear()


class JobHandlers:
    """What each kind of job does: its arguments are plain JSON, so that it survives a restart."""

    def __init__(self, studio: Studio, hearables: Hearables) -> None:
        self._studio = studio
        self._hearables = hearables

    def by_kind(self) -> Mapping[str, Any]:
        return {
            "import": self.bring_in,
            "forge": self.forge,
            "takes": self.take,
            "master": self.master,
            "export": self.export,
            "download": self.download,
        }

    def bring_in(self, arguments: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
        imported = self._studio.importer.add_all(arguments["paths"], progress)
        self._studio.recordings.settle(
            [track.path for track in imported.tracks]
            + [path for path, error in imported.failed if isinstance(error, InputError)]
        )
        if len(imported.failed) == 1 and not imported.tracks:
            raise imported.failed[0][1]
        return {
            "added": len(imported.tracks),
            "track_ids": [track.id for track in imported.tracks],
            "failed": [{"path": path, "error": error.as_dict()} for path, error in imported.failed],
        }

    def forge(self, arguments: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
        with self._hearables.offered(current_job_id()) as listener:
            forged = self._studio.forge.forge(from_plain(ForgeRequest, arguments), progress, listener)
        return {
            "track_id": forged.track.id,
            "path": forged.track.path,
            "files": list(forged.files),
            "verdict": to_plain(forged.verdict),
            "remarks": list(forged.remarks),
        }

    def take(self, arguments: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
        draft = recipe_from_json(arguments["recipe"])
        with self._hearables.offered(current_job_id()) as listener:
            takes = self._studio.takes.make(draft, int(arguments["count"]), progress, listener)
        return {
            "takes": [
                {
                    "path": take.path,
                    "recipe": recipe_to_json(take.recipe),
                    "verdict": to_plain(take.verdict),
                    "integrated_lufs": to_plain(take.analysis.loudness.integrated_lufs),
                    "duration_seconds": take.analysis.duration_seconds,
                    "peaks": base64.b64encode(take.peaks).decode("ascii"),
                }
                for take in takes
            ]
        }

    def master(self, arguments: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
        wanted = dict(arguments)
        path = self._path_of(wanted)
        mastered = self._studio.mastering.master(from_plain(MasterRequest, {"path": path, **wanted}), progress)
        return {
            "track_id": mastered.track.id,
            "original_path": path,
            "path": mastered.track.path,
            **to_plain(mastered.master),
            "notes": list(mastered.notes),
            "report": list(mastered.report),
            **licence_fields(mastered.licence),
        }

    def export(self, arguments: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
        destination = Path(arguments["path"])
        format = known_format(arguments.get("format") or destination.suffix)
        source = self._path_of({"track_id": arguments["track_id"]})
        licence = export(
            Path(source),
            destination,
            format,
            progress,
            overwrite=bool(arguments.get("overwrite")),
            over_ceiling_too=bool(arguments.get("over_ceiling_too")),
        )
        return {"path": str(destination), **licence_fields(licence)}

    def download(self, arguments: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
        card = self._studio.models.download(from_plain(Offer, arguments["offer"]), progress)
        return {"name": card.name}

    def _path_of(self, arguments: dict[str, Any]) -> str:
        """The file a job is about, given by its place or by its track's id."""
        id = arguments.pop("track_id", None)
        given = arguments.pop("path", "")
        if id is None:
            return str(given)
        track = self._studio.library.track(int(id))
        if track is None:
            raise MissingPath("This track is no longer in the library.", hint="Import its file again.")
        return track.path


def open_live(studio: Studio, devices: Devices | None = None) -> Live:
    """The moving parts over a studio; without a sound device the player says so and the rest works."""
    studio.takes.clear()  # what a kill left
    hearables = Hearables(studio.folders.spools)
    jobs = JobQueue(studio.folders.jobs, JobHandlers(studio, hearables).by_kind())
    devices = devices or system_devices()
    player = Player(devices, latency_seconds=studio.settings.latency_seconds)
    heard = TapSwitch(player.tap)
    return Live(
        jobs=jobs,
        player=player,
        devices=devices,
        heard=heard,
        analyser=LiveAnalyser(heard),
        music=LiveMusicReader(heard),
        capture=Capture(devices, latency_seconds=studio.settings.capture_latency_seconds),
        spectrograms=Spectrograms(TileCache(studio.folders.spectrograms)),
        hearables=hearables,
        previews=Previews(studio.folders.spools),
        drafts=DraftShelf(studio.folders.drafts),
        master_drafts=MasterDrafts(studio.folders.master_drafts),
        master_presets=PresetShelf(studio.folders.master_presets),
        takes=studio.takes,
    )
