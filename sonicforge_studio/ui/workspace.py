"""The panels over a studio: built when it is ready, wired to each other, closed with it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from PySide6.QtCore import QObject, QSettings, QTimer

from sonicforge_studio.domain import StudioError, Track
from sonicforge_studio.domain.errors import DeviceLost
from sonicforge_studio.studio import Job, Live, PlayerState, Studio
from sonicforge_studio.ui.actions import Actions
from sonicforge_studio.ui.bridge import Bridge
from sonicforge_studio.ui.job_desk import JobDesk
from sonicforge_studio.ui.jobs_drawer import JobsDrawer, failures_text, state_text
from sonicforge_studio.ui.kit import Kit
from sonicforge_studio.ui.listening import Listening, Piece, is_sounding
from sonicforge_studio.ui.live.frame_clock import FrameClock
from sonicforge_studio.ui.live.full_screen import FullScreen
from sonicforge_studio.ui.model_shelf import DOWNLOAD, ModelShelf
from sonicforge_studio.ui.output_chooser import OutputChooser
from sonicforge_studio.ui.pages.analysis import AnalysisPage
from sonicforge_studio.ui.pages.forge import ForgePage
from sonicforge_studio.ui.pages.library import LibraryPage
from sonicforge_studio.ui.pages.live import LivePage
from sonicforge_studio.ui.pages.master import MasterPage
from sonicforge_studio.ui.pages.models import ModelsPage
from sonicforge_studio.ui.running_total import RunningTotal
from sonicforge_studio.ui.scope import Scope
from sonicforge_studio.ui.text import error_of, tr, tr_count, tr_error
from sonicforge_studio.ui.window import Window


class Workspace(QObject):
    def __init__(self, window: Window, kit: Kit, studio: Studio, live: Live, memory: QSettings) -> None:
        super().__init__(window)
        self.window = window
        self._kit = kit
        self._memory = memory
        self._live = live
        self._recordings = studio.recordings
        self._library = studio.library
        self._scope_wanted = True
        self._gaps, self._overflows = RunningTotal(), RunningTotal()
        self._device_lost = False
        self._full_screen = FullScreen()
        self._told: set[int] = set()
        self._awaited: dict[int, Callable[[list[int]], object]] = {}
        """Imports after which a page takes the tracks, by the number of the job."""
        self._began = datetime.now(UTC)
        self.bridge = Bridge()
        self._unsubscribe = studio.changes.subscribe(self.bridge.tell_library)
        self.desk = JobDesk(live.jobs, self.bridge, kit.tasks)
        self.listening = Listening(live.player, kit.theme.motion)
        self.actions = Actions(studio, self.desk, self.listening, kit, window)
        self.shelf = ModelShelf(studio.models, self.desk, kit.tasks)
        self.forge = ForgePage(studio, self.desk, self.actions, self.listening, self.bridge, kit, live, self.shelf)
        self.library = LibraryPage(studio, self.actions, self.listening, self.bridge, kit)
        self.clock = FrameClock(lambda: live.analyser.newest)
        self.master = MasterPage(studio, self.desk, self.actions, self.listening, self.clock, kit, live)
        self.live = LivePage(studio, live, self.listening, self.clock, kit, memory)
        self.analysis = AnalysisPage(studio, self.actions, self.listening, self.bridge, kit)
        self.models = ModelsPage(self.shelf, self.actions, kit)
        self.outputs = OutputChooser(live.player, kit, window, memory)
        self.scope = Scope(kit.theme)
        self.clock.watch(self.scope.look)
        self.drawer = JobsDrawer(kit.theme, self.desk, window.ground)
        pages = {
            "forge": self.forge,
            "library": self.library,
            "live": self.live,
            "analysis": self.analysis,
        }
        for name, page in pages.items():
            window.put_page(name, page)
        window.put_page("master", self.master, (tr("Drop to master"), tr("A track, or a preset as a file")))
        window.put_page("models", self.models, (tr("Drop to add the model"), tr("A folder with a MusicGen model")))
        window.put_scope(self.scope)
        self._wire_rail()
        self._wire_transport()
        self._wire_news()
        self._bind_keys()
        self._show_scope(memory.value("scope", "true") == "true")
        volume = _volume_kept(memory, studio.settings.volume)
        self.window.transport.show_volume(volume, muted=False)
        self.listening.set_volume(volume)
        self._counting = QTimer(self)
        self._counting.timeout.connect(self._show_counts)
        self._counting.start(kit.theme.motion.idle_milliseconds)
        self.master.opened.connect(lambda track_id: memory.setValue("master-track", track_id))
        kit.tasks.start(self._reopen_master(memory.value("master-track")))
        self._go(str(memory.value("page") or "forge"))
        self.outputs.restore()
        self._recover_recordings()
        self.shelf.refresh()

    # Wiring

    def _wire_rail(self) -> None:
        rail = self.window.rail
        rail.page_chosen.connect(self._go)
        rail.jobs_toggled.connect(self.toggle_jobs)
        rail.scope_toggled.connect(self.toggle_scope)
        self.drawer.closed.connect(self.toggle_jobs)
        self.window.resized.connect(lambda: self.drawer.fit(self.window.area()))
        self.window.resized.connect(lambda: self.live.fit(self.window.width()))

    def _wire_transport(self) -> None:
        transport, listening = self.window.transport, self.listening
        transport.toggle_wanted.connect(listening.toggle)
        transport.stop_wanted.connect(listening.stop)
        transport.seek_wanted.connect(listening.seek)
        transport.loop_wanted.connect(listening.set_loop)
        transport.loop_dropped.connect(listening.clear_loop)
        transport.volume_wanted.connect(listening.set_volume)
        transport.volume_wanted.connect(lambda volume: self._memory.setValue("volume", volume))
        transport.mute_wanted.connect(listening.set_muted)
        transport.device_wanted.connect(listening.look_for_device)
        transport.outputs_wanted.connect(self.outputs.open)
        transport.record_wanted.connect(lambda: self._go("live"))
        listening.loaded.connect(self._show_piece)
        listening.changed.connect(self._show_playback)

    def _wire_news(self) -> None:
        self.window.dropped.connect(self._take_drop)
        self.desk.changed.connect(self._tell)
        self.actions.master_wanted.connect(lambda _: self._go("master"))
        self.actions.comparison_wanted.connect(self._compare)
        self.actions.library_wanted.connect(lambda: self._go("library"))
        self.actions.models_wanted.connect(lambda: self._go("models"))
        self.actions.model_wanted.connect(lambda _: self._go("forge"))
        self.library.analyse_wanted.connect(self._analyse)
        self.library.choice_changed.connect(self.analysis.note_choice)
        self.analysis.library_wanted.connect(lambda: self._go("library"))
        self.actions.removed.connect(self._offer_undo)
        self.actions.trouble.connect(self.show_error)
        self.scope.full_screen_wanted.connect(self._full_screen.toggle)
        self.scope.export_wanted.connect(self.live.export)
        self.live.recorded.connect(self._import_recording)
        self.live.exported.connect(lambda path: self.window.toasts.say(tr("Exported"), path, tone="good"))

    def _bind_keys(self) -> None:
        for name, call in (
            ("forge-page", lambda: self._go("forge")),
            ("library-page", lambda: self._go("library")),
            ("master-page", lambda: self._go("master")),
            ("live-page", lambda: self._go("live")),
            ("analysis-page", lambda: self._go("analysis")),
            ("models-page", lambda: self._go("models")),
            ("forge", self._forge),
            ("search", self._search),
            ("import", self.actions.import_dialog),
            ("export", self._export),
            ("analyse", self._analyse_chosen),
            ("jobs", self.toggle_jobs),
            ("scope", self.toggle_scope),
            ("mute", self.window.transport.toggle_mute),
            ("record", self._record),
            ("reset", self.live.reset),
        ):
            self.window.bind(name, call)

    # What the keys and the rail do

    def _show(self, page: str) -> None:
        if self.drawer.is_open():
            self.toggle_jobs()
        self.window.show_page(page)
        self._fit_scope()

    def _go(self, page: str) -> None:
        self._show(page)
        match page:
            case "forge":
                self.forge.prompt.take_focus()
            case "library":
                self.library.table.setFocus()
            case "master":
                self.master.master_button.setFocus()
            case "live":
                self.live.take_focus()
            case "analysis":
                self.analysis.come_up()
            case "models":
                self.models.come_up()

    def _forge(self) -> None:
        if self.window.page() == "forge":
            self.forge.forge()
        elif self.window.page() == "master":
            self.master.master()

    def _search(self) -> None:
        self._go("library")
        self.library.focus_search()

    def _export(self) -> None:
        if self.window.page() == "library":
            self.library.export_chosen("wav")
        elif self.window.page() == "master":
            self.master.result.export()

    def _compare(self, one_id: int, other_id: int) -> None:
        self.analysis.compare_ids(one_id, other_id)
        self._go("analysis")

    def _analyse(self, track_ids: list[int]) -> None:
        """Show one track on the Analysis page, or two side by side; one alone is the second where that is awaited."""
        if len(track_ids) == 1 and self.analysis.awaits_second():
            self.analysis.compare_with(track_ids[0])
        elif len(track_ids) == 1:
            self.analysis.open_id(track_ids[0])
        else:
            self.analysis.compare_ids(*track_ids)
        self._show("analysis")

    def _analyse_chosen(self) -> None:
        if self.window.page() == "library":
            self.library.analyse_chosen()
        else:
            self._go("analysis")

    def _record(self) -> None:
        self._go("live")
        self.live.toggle_recording()

    def toggle_jobs(self) -> None:
        opening = not self.drawer.is_open()
        self.drawer.slide(open=opening, within=self.window.area())
        self.window.rail.jobs_button.setChecked(opening)

    def toggle_scope(self) -> None:
        self._show_scope(not self._scope_wanted)

    def _show_scope(self, shown: bool) -> None:
        self._scope_wanted = shown
        self.window.rail.scope_button.setChecked(shown)
        self._memory.setValue("scope", "true" if shown else "false")
        self._fit_scope()

    def _fit_scope(self) -> None:
        """The dock is not shown under the page that shows the same, larger, nor under those that need the room."""
        elsewhere = self.window.page() not in ("master", "live", "analysis", "models")
        self.scope.setVisible(self._scope_wanted and elsewhere)
        self.window.rail.scope_button.setEnabled(elsewhere)
        self.window.fit_floating()

    # What is told

    def show_error(self, error: StudioError) -> None:
        self.window.toasts.say(tr(error.message), tr(error.hint), tone="danger")

    def _show_piece(self, piece: Piece) -> None:
        self.window.transport.show_track(piece.title, piece.detail, piece.peaks, piece.duration_seconds)

    def _show_playback(self, state: PlayerState) -> None:
        transport, playing = self.window.transport, is_sounding(state)
        transport.show_playback(playing=playing, position_seconds=state.position_seconds)
        transport.show_loop(state.loop)
        transport.show_waiting(waiting=state.waiting)
        transport.show_device(present=state.status != "no-device")
        transport.show_volume(state.volume, muted=state.muted)
        trouble = None if state.status == "no-device" else state.error
        transport.show_trouble("" if trouble is None else tr_error(trouble))
        self._gaps.follow(state.gaps)
        self._tell_of_device(state)
        if playing:
            self.clock.wake()

    def _show_counts(self) -> None:
        capture = self._live.capture.state
        self._overflows.follow(capture.overflows)
        self.window.transport.show_counts(self._gaps.total + self._overflows.total, self.clock.dropped_frames)
        self.window.transport.show_recording(capture.seconds if capture.path is not None else None)

    def _tell_of_device(self, state: PlayerState) -> None:
        """A device that vanishes is told once, with the way on."""
        lost = isinstance(state.error, DeviceLost)
        if lost and not self._device_lost:
            self.window.toasts.say(
                tr("The sound device is gone"),
                tr("The music stands where it was heard last."),
                tone="danger",
                action=(tr("Play elsewhere"), self.listening.look_for_device),
            )
        self._device_lost = lost

    def _import_recording(self, path: str) -> None:
        self.actions.import_paths([path])

    def _recover_recordings(self) -> None:
        """What a crash kept out of the library is brought in now."""
        self._kit.tasks.start(self._recover())

    async def _recover(self) -> None:
        orphans = await asyncio.to_thread(self._recordings.orphans)
        if orphans:
            self.window.toasts.say(
                tr_count("{count} recording recovered", "{count} recordings recovered", len(orphans)),
                tr("The studio ended before what was recorded had come into the library. It does so now."),
            )
            self.actions.import_paths([str(path) for path in orphans])

    def _take_drop(self, paths: list[str]) -> None:
        """Import what was dropped; one thing dropped on the Master page is there to be mastered, one or two on the
        Analysis page to be looked at, folders on the Models page to play."""
        page = self.window.page()
        if page == "master" and self.master.take_drop(paths):
            return
        if page == "master" and len(paths) == 1:
            self._kit.tasks.start(self._import_for(paths, lambda ids: self.actions.master(ids[0])))
        elif page == "analysis" and len(paths) <= 2:
            self._kit.tasks.start(self._import_for(paths, self._take_to_analysis))
        elif page == "models":
            self.models.add(paths)
        else:
            self.actions.import_paths(paths)

    def _take_to_analysis(self, track_ids: list[int]) -> None:
        """One track is held beside the one that is there; two are held beside each other."""
        if len(track_ids) == 1:
            self.analysis.compare_with(track_ids[0])
        elif len(track_ids) == 2:
            self.analysis.compare_ids(*track_ids)

    async def _import_for(self, paths: list[str], take: Callable[[list[int]], object]) -> None:
        job = await self.desk.submit("import", {"paths": paths}, tr("Import {name}", name=Path(paths[0]).name))
        self._awaited[job.id] = take
        # It may have been done before its number was known here.
        self._hand_over(self.desk.job(job.id) or job)

    def _hand_over(self, job: Job) -> None:
        """Give the tracks of an awaited import to the page that waits for them."""
        if not job.state.finished:
            return
        take = self._awaited.pop(job.id, None)
        if take is not None and job.result and job.result["track_ids"]:
            take(list(job.result["track_ids"]))

    def _tell(self, job: Job) -> None:
        self.window.rail.show_running(self.desk.at_work())
        if not job.state.finished:
            self._told.discard(job.id)
            return
        if job.id in self._told or (job.finished_at is not None and job.finished_at < self._began):
            return
        self._told.add(job.id)
        self._hand_over(job)
        for remark in (job.result or {}).get("remarks", ()):
            self.window.toasts.say(job.title, tr(remark), tone="danger")
        if self.drawer.is_open():
            return  # it says all of this itself
        if str(job.state) == "failed" and job.error is not None:
            self.window.toasts.say(job.title, tr_error(error_of(job.error)), tone="danger")
        elif str(job.state) == "done" and not self._in_sight(job):
            failures = failures_text(job)
            tone = "danger" if failures else "good"
            self.window.toasts.say(job.title, "\n".join([state_text(job), *failures.splitlines()[:1]]), tone=tone)

    def _in_sight(self, job: Job) -> bool:
        """Whether the page in front shows what became of the job anyway."""
        return job.kind == self.window.page() or (job.kind == DOWNLOAD and self.window.page() == "models")

    def _offer_undo(self, tracks: Sequence[Track]) -> None:
        self.window.toasts.say(
            tr_count("{count} track removed", "{count} tracks removed", len(tracks)),
            tr("The files stay where they are."),
            action=(tr("Undo"), lambda: self.actions.restore(tracks)),
        )

    async def _reopen_master(self, kept: object) -> None:
        """The track that was on the Master page, where it is still in the library."""
        if not str(kept).isdecimal():
            return
        track = await asyncio.to_thread(self._library.track, int(str(kept)))
        if track is not None and self.master.track is None:
            self.master.open(track)

    # Files, and the end

    def open_files(self, paths: Sequence[str]) -> None:
        """Import what the program was started with."""
        self.actions.import_paths([str(Path(path).absolute()) for path in paths])

    async def finish(self) -> None:
        """What is not written yet is, before anything is closed."""
        await self.forge.sheet.finish()
        await self.master.finish()

    def close(self) -> None:
        """Stop looking and listening; the studio itself is closed by who built it."""
        self._unsubscribe()
        self.desk.close()
        self.bridge.close()
        self.listening.close()
        self._counting.stop()
        self.clock.close()
        self.master.close_down()
        self.live.close_down()
        self.analysis.close_down()
        self._full_screen.put_back()


def _volume_kept(memory: QSettings, usual: float) -> float:
    """The fader where it was left; a file that was edited by hand must not stop the window."""
    try:
        return min(1.0, max(0.0, float(str(memory.value("volume", usual)))))
    except ValueError:
        return usual
