"""Before and after side by side, both to be heard at the same place, and the way out."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from sonicforge_studio.domain import Master, Proof, Track
from sonicforge_studio.studio import PlayerState, matching_gains, same_format
from sonicforge_studio.ui.actions import FORMAT_NAMES, FORMATS, Actions, piece_of
from sonicforge_studio.ui.kit import Kit
from sonicforge_studio.ui.listening import Listening, Piece, is_sounding
from sonicforge_studio.ui.master.proof_table import ProofTable, format_title
from sonicforge_studio.ui.numbers import decimal
from sonicforge_studio.ui.text import tr
from sonicforge_studio.ui.widgets.choice import Choice
from sonicforge_studio.ui.widgets.controls import Button, Card, ElidedLabel, IconButton, label, picture
from sonicforge_studio.ui.widgets.names import target_name
from sonicforge_studio.ui.widgets.question import Question
from sonicforge_studio.ui.widgets.segments import Segments
from sonicforge_studio.ui.widgets.waveform import WaveformView

TOLERANCE_LU = 0.2


class MasterResult(QScrollArea):
    def __init__(self, kit: Kit, actions: Actions, listening: Listening, format: str) -> None:
        super().__init__()
        self._kit = kit
        self._actions = actions
        self._listening = listening
        self._original: Track | None = None
        self._mastered: Track | None = None
        self._master: Master | None = None
        self._report: tuple[str, ...] = ()
        self._gains_db: tuple[float, ...] = (0.0, 0.0)
        """What brings the louder of the two down to the other."""
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        content = QWidget()
        self.setWidget(content)
        theme = kit.theme
        layout = QVBoxLayout(content)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.space.m)
        layout.addWidget(self._compare_card())
        layout.addWidget(self._figures_card())
        layout.addWidget(self._export_card(format))
        self.proof = ProofTable(theme)
        layout.addWidget(self.proof)
        layout.addStretch(1)
        listening.changed.connect(self._show_playback)

    def _card(self) -> tuple[Card, QVBoxLayout]:
        space = self._kit.theme.space
        card = Card()
        layout = QVBoxLayout(card)
        layout.setContentsMargins(space.l, space.m, space.l, space.m)
        layout.setSpacing(space.s)
        return card, layout

    def _compare_card(self) -> Card:
        theme = self._kit.theme
        card, layout = self._card()
        head = QHBoxLayout()
        self.play = IconButton(theme, "play", tr("Play"), self._toggle, colour=theme.colour.text)
        head.addWidget(self.play)
        self._title = ElidedLabel("", "strong")
        head.addWidget(self._title, 1)
        self.match = Button(tr("Match loudness"), "toggle", self._match)
        self.match.setCheckable(True)
        self.match.setChecked(True)
        head.addWidget(self.match)
        self.switch = Segments(theme, tr("Listen to"), [("original", tr("A  Original")), ("master", tr("B  Master"))])
        self.switch.choose("master")
        self.switch.chosen.connect(lambda _: self._switch())
        head.addWidget(self.switch)
        layout.addLayout(head)
        self._wave = WaveformView(theme, self._kit.peaks, tr("Waveform of the master"))
        self._wave.setFixedHeight(theme.size.wave_large)
        self._wave.sought.connect(self._seek)
        layout.addWidget(self._wave)
        return card

    def _figures_card(self) -> Card:
        theme = self._kit.theme
        card, layout = self._card()
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme.space.l)
        grid.setVerticalSpacing(theme.space.xs)
        for column, text in enumerate(("", tr("Before"), tr("After"), tr("Wanted"))):
            grid.addWidget(label(text, "section"), 0, column)
            grid.setColumnStretch(column, 1)
        rows = {
            "lufs": tr("Loudness, LUFS"),
            "peak": tr("True peak, dBTP"),
            "range": tr("Loudness range, LU"),
            "gain": tr("Gain, dB"),
        }
        self._cells: dict[str, tuple[QLabel, QLabel, QLabel, QLabel]] = {}
        for number, (name, text) in enumerate(rows.items(), 1):
            grid.addWidget(label(text, "muted"), number, 0)
            before, after, wanted = label("", "muted"), label("", "figure"), label("", "muted")
            mark = picture(theme, "check", theme.size.icon, theme.colour.good)
            for column, cell in ((1, before), (2, after), (3, wanted), (4, mark)):
                grid.addWidget(cell, number, column)
            self._cells[name] = (before, after, wanted, mark)
        layout.addLayout(grid)
        self._notes = label("", "small", wrap=True)
        layout.addWidget(self._notes)
        return card

    def _export_card(self, format: str) -> Card:
        theme = self._kit.theme
        card, layout = self._card()
        row = QHBoxLayout()
        row.setSpacing(theme.space.m)
        row.addWidget(label(tr("Export the master as"), "item"))
        self.format = Choice(theme, tr("Format"))
        for name in FORMATS:
            self.format.addItem(FORMAT_NAMES[name], name)
        self.format.setCurrentIndex(FORMATS.index(format))
        row.addWidget(self.format)
        row.addStretch(1)
        row.addWidget(Button(tr("Show in folder"), "quiet", self._reveal))
        self.report_button = Button(tr("Report (PDF)"), "", self._open_report)
        self.report_button.setToolTip(tr("One page with the curves, the figures and the proof of every format"))
        row.addWidget(self.report_button)
        self.export_button = Button(tr("Export…"), "", self.export)
        self.export_button.setIcon(theme.icon("export"))
        self.export_button.setToolTip("Ctrl+E")
        row.addWidget(self.export_button)
        layout.addLayout(row)
        return card

    # What is shown

    def shows(self) -> bool:
        return self._mastered is not None

    def forget(self) -> None:
        self._original = self._mastered = None

    def show_master(
        self,
        original: Track,
        mastered: Track,
        master: Master,
        notes: Sequence[str],
        report: Sequence[str] = (),
    ) -> None:
        """``report`` are the files of the report, the PDF first."""
        self._master, self._report = master, tuple(report)
        self.proof.show_proofs(master.proof, master.target)
        self.report_button.setVisible(bool(report))
        self._original, self._mastered = original, mastered
        self._title.show_text(tr("Mastered for {target}", target=target_name(master.target.name)))
        self.switch.choose("master")
        self._wave.show_track(mastered.peaks, mastered.analysis.duration_seconds)
        before, after, target = master.before, master.after, master.target
        self._gains_db = matching_gains((before.integrated_lufs, after.integrated_lufs))
        gain = decimal(min(self._gains_db), signed=True)
        self.match.setToolTip(
            tr("Plays the louder of the two with {gain} dB, so that the ear compares more than loudness.", gain=gain)
        )
        close = abs(after.integrated_lufs - target.integrated_lufs) <= TOLERANCE_LU
        self._fill(
            "lufs",
            decimal(before.integrated_lufs),
            decimal(after.integrated_lufs),
            decimal(target.integrated_lufs),
            passed=close,
        )
        self._fill(
            "peak",
            decimal(before.true_peak_dbtp),
            decimal(after.true_peak_dbtp),
            f"≤ {decimal(target.ceiling_dbtp)}",
            passed=after.true_peak_dbtp <= target.ceiling_dbtp,
        )
        self._fill("range", decimal(before.loudness_range_lu), decimal(after.loudness_range_lu), "")
        self._fill("gain", "", decimal(master.gain_db, signed=True), "")
        self._notes.setText("\n".join(tr(note) for note in notes))
        self._notes.setVisible(bool(notes))

    def shown(self, name: str) -> tuple[str, str, str, str]:
        """Before, after, wanted, and whether that was reached, of "lufs", "peak", "range" or "gain"."""
        before, after, wanted, mark = self._cells[name]
        return before.text(), after.text(), wanted.text(), mark.accessibleName()

    def _fill(self, name: str, before: str, after: str, wanted: str, *, passed: bool | None = None) -> None:
        theme = self._kit.theme
        cells = self._cells[name]
        for cell, text in zip(cells, (before, after, wanted), strict=False):
            cell.setText(text)
        mark = cells[3]
        mark.setVisible(passed is not None)
        if passed is not None:
            icon = theme.icon("check", theme.colour.good) if passed else theme.icon("warning", theme.colour.warning)
            mark.setPixmap(icon.pixmap(mark.size(), mark.devicePixelRatioF()))
            mark.setAccessibleName(tr("reached") if passed else tr("not reached"))

    # Listening

    def _heard(self) -> Track | None:
        return self._original if self.switch.value() == "original" else self._mastered

    def _pieces(self) -> tuple[Piece, ...]:
        """Original and master, where both are there."""
        return tuple(piece_of(track) for track in (self._original, self._mastered) if track is not None)

    def _chosen(self) -> int:
        return 0 if self.switch.value() == "original" else 1

    def _gains(self) -> tuple[float, ...]:
        return self._gains_db if self.match.isChecked() else (0.0, 0.0)

    def _compares(self) -> bool:
        """Whether the two are what is loaded."""
        return bool(self._listening.compared) and self._listening.compared == self._pieces()

    def _toggle(self) -> None:
        if self._compares():
            self._listening.toggle()
        else:
            # Where one of the two is heard already, from where it is.
            ours = self._listening.playing and self._listening.piece in self._pieces()
            self._compare(self._listening.position_seconds() if ours else 0.0)

    def _compare(self, from_seconds: float = 0.0) -> None:
        pieces = self._pieces()
        if len(pieces) == 2:
            self._listening.compare(pieces, self._gains(), self._chosen(), from_seconds=from_seconds)

    def _switch(self) -> None:
        """Go on with the other one at the same place."""
        track, piece = self._heard(), self._listening.piece
        if track is None:
            return
        self._wave.show_track(track.peaks, track.analysis.duration_seconds)
        if self._compares():
            self._listening.choose_version(self._chosen())
        elif self._listening.playing and piece in self._pieces():
            self._compare(self._listening.position_seconds())

    def _match(self) -> None:
        if self._compares():
            self._listening.match_versions(self._gains())

    def _seek(self, seconds: float) -> None:
        if self._compares() and self._listening.playing:
            self._listening.seek(seconds)
        else:
            self._compare(seconds)

    def _show_playback(self, state: PlayerState) -> None:
        track, piece = self._heard(), self._listening.piece
        current = track is not None and piece is not None and piece.track_id == track.id
        theme = self._kit.theme
        if current and is_sounding(state):
            self.play.show_as("pause", tr("Pause"), colour=theme.colour.accent)
        else:
            self.play.show_as("play", tr("Play"), colour=theme.colour.text)
        self._wave.show_position(state.position_seconds if current else 0.0)

    # The way out

    def export(self) -> None:
        """Ask where to; where the proof of this format did not pass, ask first whether it is wanted all the same."""
        failed = self._failed_proof(self.format.currentData())
        if failed is None:
            self._export()
            return
        question = Question(
            self._kit.theme,
            self.window(),
            tr("{format} did not pass", format=format_title(failed.format)),
            tr(failed.reason) or tr("It was not proved that it keeps loudness and ceiling."),
            tr("Export all the same"),
        )
        question.accepted.connect(lambda: self._export(all_the_same=True))
        question.open()

    def _failed_proof(self, format: str) -> Proof | None:
        """One that only had no loudness to read, being silent or very short, has nothing to ask about."""
        proofs = self._master.proof if self._master is not None else ()
        failed = (proof for proof in proofs if not proof.passed and proof.failure != "no-reading")
        return next((proof for proof in failed if same_format(proof.format, format)), None)

    def _export(self, *, all_the_same: bool = False) -> None:
        if self._mastered is not None:
            track = (self._mastered.id, self._mastered.title)
            self._actions.export([track], self.format.currentData(), all_the_same=all_the_same)

    def _open_report(self) -> None:
        if self._report:
            self._actions.open_file(self._report[0])

    def _reveal(self) -> None:
        if self._mastered is not None:
            self._actions.reveal(self._mastered.path)
