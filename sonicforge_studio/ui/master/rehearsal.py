"""The master as it is set now, heard before it is made: original and master at the same place, equally loud."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from sonicforge_studio.domain import MasterSettings, Match, SilentProgress, StudioError, Track
from sonicforge_studio.studio import LiveMeters
from sonicforge_studio.studio.master_drafts import MasterDraft, Reference
from sonicforge_studio.studio.master_preview import MASTERED, ORIGINAL, Found, MasterPreview
from sonicforge_studio.studio.references import ReferenceEar
from sonicforge_studio.ui.actions import piece_of
from sonicforge_studio.ui.kit import Kit
from sonicforge_studio.ui.listening import Listening, Piece
from sonicforge_studio.ui.text import tr


class MasterRehearsal(QObject):
    found = Signal(object)
    """A ``Found``: what the whole piece comes to as it is set."""
    unheard = Signal(object)
    """The ``StudioError`` for which references, or the track's own loudness, cannot be heard."""
    _found_in_thread = Signal(object)
    _failed_in_thread = Signal(object)

    def __init__(self, kit: Kit, listening: Listening) -> None:
        super().__init__()
        self._kit = kit
        self._listening = listening
        self._track: Track | None = None
        self._settings: MasterSettings | None = None
        self._alone: str | None = None
        self._led: tuple[tuple[Reference, ...], float] = ((), 0.0)
        """References and share that were worked out, or are being worked out."""
        self._match: Match | None = None
        self._ear = ReferenceEar()
        self._preview: MasterPreview | None = None
        self._pieces: tuple[Piece, ...] = ()
        self.chosen = MASTERED
        self.matched = True
        self._found_in_thread.connect(self._take)
        self._failed_in_thread.connect(self.unheard)

    @property
    def heard(self) -> bool:
        """Whether original or preview is what the transport holds."""
        return bool(self._pieces) and self._listening.compared == self._pieces

    @property
    def gain_db(self) -> float:
        """By how much the player turns down what is heard now, to match the two."""
        return self._preview.gains_db[self.chosen] if self._preview is not None and self.matched else 0.0

    @property
    def alone(self) -> str | None:
        return self._alone

    def open(self, track: Track) -> None:
        """Another track, whose draft has to be shown next; nothing is worked out before it is played."""
        if self._track is None or self._track.id != track.id:
            self.close()
            original = piece_of(track)
            self._pieces = (original, replace(original, detail=tr("Master, as it is set now")))
            self._led, self._match, self._settings = ((), 0.0), None, None
        self._track = track

    def show(self, draft: MasterDraft) -> None:
        """As it is set now; what plays goes over to it. References are listened to first."""
        led = (draft.references, draft.match_share if draft.references else 0.0)
        if led != self._led:
            self._led = led
            if led[0]:
                self._kit.tasks.start(self._listen(led), failed=lambda error: self._give_up(led, error))
            else:
                self._match = None
                self._tell()
        if draft.settings != self._settings:
            self._settings = draft.settings
            self._tell()

    async def _listen(self, led: tuple[tuple[Reference, ...], float]) -> None:
        track = self._track
        if track is None:
            return
        match = await asyncio.to_thread(self._ear.match, track.path, *led, SilentProgress())
        if self._track is not None and track.id == self._track.id and led == self._led:
            self._match = match
            self._tell()

    def _give_up(self, led: tuple[tuple[Reference, ...], float], error: StudioError) -> None:
        """Nothing leads what is heard then; another try begins with the next change."""
        if led == self._led:
            self._led, self._match = ((), 0.0), None
            self._tell()
        self.unheard.emit(error)

    def hear_alone(self, stage: str | None) -> None:
        """Only what this stage does to the sound; None for all of it."""
        self._alone = stage
        if stage is not None and self.chosen != MASTERED:
            self.choose(MASTERED)
        self._tell()

    def _tell(self) -> None:
        wanted = self._wanted()
        if self._preview is not None and wanted is not None:
            self._preview.set(wanted, alone=self._alone)
            if self.heard:
                self._listening.refresh()

    def _wanted(self) -> MasterSettings | None:
        """What is set, with what the references ask for."""
        if self._settings is None or self._match is None:
            return self._settings
        return replace(self._settings, match=self._match)

    # Playing

    def toggle(self) -> None:
        if self.heard:
            self._listening.toggle()
            return
        piece = self._listening.piece
        same = piece is not None and self._track is not None and piece.track_id == self._track.id
        self.play(self._listening.position_seconds() if same and self._listening.playing else 0.0)

    def play(self, from_seconds: float = 0.0) -> None:
        track, settings = self._track, self._wanted()
        if track is None or settings is None:
            return
        if self._preview is None:
            self._preview = MasterPreview(
                Path(track.path),
                track.title,
                track.analysis.loudness,
                settings,
                self._found_in_thread.emit,
                self._failed_in_thread.emit,
            )
            self._preview.set(settings, alone=self._alone)
        versions = self._preview.versions(matched=self.matched)
        self._listening.compare_versions(self._pieces, versions, self.chosen, from_seconds=from_seconds)

    def seek(self, seconds: float) -> None:
        if self.heard and self._listening.playing:
            self._listening.seek(seconds)
        else:
            self.play(seconds)

    def choose(self, version: int) -> None:
        """Original or master, at the same place."""
        self.chosen = version
        if self.heard:
            self._listening.choose_version(version)

    def swap(self) -> None:
        self.choose(ORIGINAL if self.chosen == MASTERED else MASTERED)

    def match(self, on: bool) -> None:
        self.matched = on
        self._match_now()

    def _match_now(self) -> None:
        if self._preview is not None and self.heard:
            self._listening.match_versions(self._preview.gains_db if self.matched else (0.0, 0.0))

    def _take(self, found: Found) -> None:
        if self._preview is not None and found is self._preview.found:
            self._match_now()
            if self.heard:
                self._listening.refresh()
            self.found.emit(found)

    def meters(self) -> LiveMeters | None:
        """What the stages do to what is heard now."""
        if self._preview is None or not self.heard or self.chosen != MASTERED:
            return None
        return self._preview.meters(self._listening.position_seconds())

    def close(self) -> None:
        """Stop working things out. What is heard goes on."""
        preview, self._preview = self._preview, None
        if preview is not None:
            self._kit.tasks.start(asyncio.to_thread(preview.close))

    def close_now(self) -> None:
        """At the end of the program, when tasks are not started any more."""
        preview, self._preview = self._preview, None
        if preview is not None:
            preview.close()
