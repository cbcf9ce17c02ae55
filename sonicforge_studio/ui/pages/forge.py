"""The Forge page: a sentence, what is understood of it, and what came of the last ones."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from functools import partial

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from sonicforge_studio.domain import Concept, Recipe, StudioError, Track
from sonicforge_studio.studio import (
    ForgeRequest,
    Job,
    Lane,
    Live,
    Studio,
    draft_recipe,
    genre_book,
    recipe_to_json,
    section_names,
    vocabulary,
)
from sonicforge_studio.ui.actions import Actions
from sonicforge_studio.ui.bridge import Bridge
from sonicforge_studio.ui.job_desk import JobDesk
from sonicforge_studio.ui.jobs_drawer import state_text
from sonicforge_studio.ui.kit import Kit
from sonicforge_studio.ui.listening import Listening, Piece
from sonicforge_studio.ui.model_shelf import ModelShelf
from sonicforge_studio.ui.pages.concept_chips import Wish
from sonicforge_studio.ui.pages.engine_panel import EnginePanel
from sonicforge_studio.ui.pages.forge_controls import LARGEST_SEED, ForgeControls
from sonicforge_studio.ui.pages.form_row import FormRow
from sonicforge_studio.ui.pages.prompt import Prompt
from sonicforge_studio.ui.pages.results import Results
from sonicforge_studio.ui.pages.takes_row import ShownTake, TakesRow
from sonicforge_studio.ui.sheet.view import SheetView
from sonicforge_studio.ui.text import error_of, tr, tr_error
from sonicforge_studio.ui.widgets.controls import Button, Card
from sonicforge_studio.ui.widgets.flow import FlowLayout
from sonicforge_studio.ui.widgets.notice import Notice
from sonicforge_studio.ui.widgets.work_line import WorkLine

EXAMPLES = (
    "liquid drum and bass, 174 bpm, A minor, dreamy",
    "deep house, 122 bpm, F minor, warm",
    "lo-fi hip hop, C major, rainy",
    "slow ambient, D major, calm",
)
"""One for each genre; prompts are music's own language and stay English in every language of the window."""


class ForgePage(QWidget):
    def __init__(
        self,
        studio: Studio,
        desk: JobDesk,
        actions: Actions,
        listening: Listening,
        bridge: Bridge,
        kit: Kit,
        live: Live,
        shelf: ModelShelf,
    ) -> None:
        super().__init__()
        self._actions = actions
        self._listening = listening
        self._hearable = live.hearable
        self._growing: Piece | None = None
        """What is heard of the work while it is being made."""
        self._studio = studio
        self._desk = desk
        self._kit = kit
        self._job_id: int | None = None
        """0 while what is ordered has no number yet."""
        self._cancel_wanted = False
        self._awaited: set[int] = set()
        """Jobs that make takes and are not finished."""
        self._asked = 0
        self._wish = Wish()
        self._written: Recipe | None = None
        """The piece that this one starts from, whose notes by hand it keeps."""
        self._next_seed = random.randrange(LARGEST_SEED)
        """The dice of the next piece, thrown beforehand so that what the chips say is what will be played."""
        self.setObjectName("page")
        theme = kit.theme
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        self._stack = QStackedWidget()
        outer.addWidget(self._stack)
        self.sheet = SheetView(actions, listening, kit, live.previews, live.drafts)
        self.sheet.left.connect(lambda: self._stack.setCurrentIndex(0))
        actions.sheet_wanted.connect(self._open_sheet)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._stack.addWidget(area)
        self._stack.addWidget(self.sheet)
        content = QWidget()
        area.setWidget(content)
        centre = QHBoxLayout(content)
        centre.setContentsMargins(theme.space.xl, theme.space.xl, theme.space.xl, theme.space.xl)
        column = QWidget()
        column.setMaximumWidth(theme.size.page)
        centre.addWidget(column)
        layout = QVBoxLayout(column)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.space.l)
        layout.addWidget(self._prompt_card())
        layout.addLayout(self._inspirations())
        self.takes = TakesRow(kit, listening)
        self.takes.kept.connect(self._keep_take)
        layout.addWidget(self.takes)
        self.results = Results(studio, actions, listening, bridge, kit)
        layout.addWidget(self.results, 1)
        self._reading = QTimer(self)
        self._reading.setSingleShot(True)
        self._reading.setInterval(theme.motion.typing_milliseconds)
        self._reading.timeout.connect(self._read)
        self.prompt.changed.connect(lambda: self._reading.start())
        self.controls.changed.connect(lambda: self._reading.start())
        self.prompt.submitted.connect(self.forge)
        self.prompt.chips.changed.connect(self._choose)
        self.prompt.chips.control_wanted.connect(self.controls.take_focus)
        self.prompt.field.complete_with(vocabulary())
        self.form_row.changed.connect(lambda form: self._choose(replace(self._wish, form=form)))
        self.engine.changed.connect(self._read)
        self.engine.models_wanted.connect(actions.models_wanted)
        shelf.changed.connect(self.engine.show_cards)
        actions.model_wanted.connect(self.use_model)
        self.controls.length.valueChanged.connect(self._forget_form)
        self.controls.seed.textChanged.connect(lambda: self._reading.start())
        actions.fork_wanted.connect(self.fork)
        desk.changed.connect(self._show_job)

    def _open_sheet(self, track: Track) -> None:
        self._stack.setCurrentIndex(1)
        self.sheet.open(track)

    def _prompt_card(self) -> Card:
        theme = self._kit.theme
        card = Card("field")
        layout = QVBoxLayout(card)
        layout.setContentsMargins(theme.space.l, theme.space.l, theme.space.l, theme.space.l)
        layout.setSpacing(theme.space.m)
        self.prompt = Prompt(theme, tr("for example: {example}", example=EXAMPLES[0]))
        layout.addWidget(self.prompt)
        self.form_row = FormRow(theme)
        self.form_row.hide()
        layout.addWidget(self.form_row)
        self._error = Notice(theme)
        layout.addWidget(self._error)
        self._work = WorkLine(theme, tr("Progress of the forge"))
        layout.addWidget(self._work)
        self.engine = EnginePanel(theme, self._actions.choose_sound)
        layout.addWidget(self.engine)
        row = QHBoxLayout()
        row.setSpacing(theme.space.l)
        self.controls = ForgeControls(theme, self._studio.targets, self._studio.settings.target)
        row.addWidget(self.controls, 1)
        self.forge_button = Button(tr("Forge|do"), "primary", self.forge)
        self.forge_button.setProperty("large", True)
        self.forge_button.setToolTip("Ctrl+Return")
        self.listen_button = Button(tr("Listen while it is made"), "", self._listen)
        self.listen_button.setIcon(theme.icon("play"))
        self.cancel_button = Button(tr("Cancel"), "", self._cancel)
        for button in (self.listen_button, self.cancel_button):
            button.setProperty("large", True)
            button.hide()
        for button in (self.forge_button, self.listen_button, self.cancel_button):
            row.addWidget(button, 0, Qt.AlignmentFlag.AlignBottom)
        layout.addLayout(row)
        return card

    def _inspirations(self) -> FlowLayout:
        flow = FlowLayout(self._kit.theme.space.s)
        for example in EXAMPLES:
            chip = Button(example, "chip", partial(self.prompt.write, example))
            chip.setAccessibleName(tr("Use the example: {example}", example=example))
            flow.addWidget(chip)
        return flow

    # The composer's reading

    def _read(self) -> None:
        self._asked += 1
        if not self.prompt.text():
            self._show_concept(None)
            self._error.say("")
            return
        self._kit.tasks.start(self._read_in_thread(self._asked), failed=self._reading_failed)

    async def _read_in_thread(self, question: int) -> None:
        concept = await asyncio.to_thread(self._studio.compose, self._request(), self._seed())
        if question == self._asked:
            self._show_concept(concept)
            self._error.say("")
            await self._look_ahead(question, concept.duration_seconds)

    async def _look_ahead(self, question: int, seconds: float) -> None:
        """What the chosen model will take for it."""
        neural, count = self.engine.neural(), self.controls.request().candidates
        if neural is not None:
            outlook = await asyncio.to_thread(self._studio.models.outlook, neural, seconds, count)
            if question == self._asked:
                self.engine.show_outlook(outlook)

    def _request(self) -> ForgeRequest:
        """What sentence, chips and fields ask for."""
        wanted, wish = self.controls.request(), self._wish
        return ForgeRequest(
            self.prompt.text(),
            seconds=wanted.seconds,
            bpm=wanted.bpm,
            key=wanted.key,
            genre=wish.genre,
            moods=wish.moods,
            instruments=wish.instruments,
            energy=wish.energy,
            form=wish.form,
        )

    def _seed(self) -> int:
        seed = self.controls.request().seed
        return self._next_seed if seed is None else seed

    def _show_concept(self, concept: Concept | None) -> None:
        by_hand = self.engine.model is None
        self.prompt.chips.show_concept(concept, self._wish, parts=by_hand)
        self.prompt.chips.order_tabs(self.prompt.field, self.form_row)
        self.form_row.setVisible(concept is not None and by_hand)
        if concept is not None:
            self.form_row.show_form(concept.form, section_names(genre_book()[concept.genre]))

    def _choose(self, wish: Wish) -> None:
        """Something was chosen by hand, or is left to the sentence again."""
        self._wish = wish
        if wish == Wish():
            self._written = None
        self._read()

    def _forget_form(self) -> None:
        """A length of its own is at odds with a form of one's own."""
        self._wish = replace(self._wish, form=None)

    def fork(self, track: Track) -> None:
        """Start from a piece: its sentence, all that was understood and chosen, its seed."""
        recipe = track.recipe
        if recipe is None or recipe.concept is None:
            return
        concept = recipe.concept
        there = self.engine.start_from(recipe.neural)
        self.controls.start_from(concept, recipe.seed)
        self._wish = Wish(
            concept.genre, concept.moods, concept.instruments, concept.energy, concept.form, concept.changes,
            concept.progression, concept.samples,
        )  # fmt: skip
        self._written = recipe
        self.prompt.write(recipe.prompt or concept.genre)
        self._stack.setCurrentIndex(0)
        if not there:
            self._actions.trouble.emit(
                StudioError(
                    tr("The model of this piece is not here."),
                    hint=tr("The built-in synth stands in for it. The Models page has others."),
                )
            )

    def use_model(self, name: str) -> None:
        """Have the next piece played by this one."""
        self.engine.choose_model(name)
        self._stack.setCurrentIndex(0)

    def _reading_failed(self, error: StudioError) -> None:
        if self._wish.form is not None:
            # A form that the new sentence cannot have gives way, or nothing else could be read.
            self._forget_form()
            self._read()
            return
        self._show_concept(None)
        self._error.say(tr_error(error))

    def error_text(self) -> str:
        return self._error.text()

    # The forging

    def forge(self) -> None:
        """Order what stands in the field; without a word there is nothing to order."""
        if self._job_id is not None:
            return
        text = self.prompt.text()
        if not text:
            self._error.say(tr("Describe the music first, in a few words."))
            self.prompt.take_focus()
            return
        self._error.say("")
        self._job_id = 0
        self._cancel_wanted = False
        self._show_work(True)
        self._kit.tasks.start(self._order(text), failed=self._failed)

    async def _order(self, text: str) -> None:
        wanted, seed, wish, neural = self.controls.request(), self._seed(), self._wish, self.engine.neural()
        # A sentence that cannot be composed is told of here, at its field, before there is a job.
        concept = await asyncio.to_thread(self._studio.compose, self._request(), seed)
        chosen = replace(concept, changes=wish.changes, progression=wish.progression, samples=wish.samples)
        recipe = draft_recipe(chosen, seed, neural)
        if neural is None and self._written is not None and _same_paper(self._written.concept, concept):
            recipe = replace(recipe, written=self._written.written)
        told = recipe_to_json(recipe)
        if wanted.candidates > 1:
            title = tr("Takes of “{prompt}”", prompt=text[:60])
            job = await self._desk.submit("takes", {"recipe": told, "count": wanted.candidates}, title, Lane.HIGH)
        else:
            arguments = {"prompt": text, "recipe": told, "target": wanted.target}
            job = await self._desk.submit("forge", arguments, tr("Forge “{prompt}”", prompt=text[:60]), Lane.HIGH)
        self._job_id = job.id
        if self._cancel_wanted:
            self._desk.cancel(job.id)
        self._show_job(self._desk.job(job.id) or job)

    def _keep_take(self, recipe: Recipe, path: str) -> None:
        """A take becomes a piece: mastered, judged, in the library."""
        arguments = {
            "prompt": recipe.prompt,
            "recipe": recipe_to_json(recipe),
            "take": path,
            "target": self.controls.request().target,
        }
        self._desk.order("forge", arguments, tr("Forge “{prompt}”", prompt=recipe.prompt[:60]), Lane.HIGH)

    def _cancel(self) -> None:
        self._cancel_wanted = True
        if self._job_id:
            self._desk.cancel(self._job_id)

    def _listen(self) -> None:
        """Hear what is there of the work, and what comes; the finished piece takes over at the same place."""
        open_source = self._hearable(self._job_id) if self._job_id else None
        if open_source is not None:
            source = open_source()
            seconds = (source.frames or 0) / source.sample_rate_hz
            self._growing = Piece("", self.prompt.text()[:60], tr("Being made"), b"", seconds)
            self._listening.listen(self._growing, open_source)
            self.listen_button.hide()

    def _show_job(self, job: Job) -> None:
        if job.kind == "takes":
            self._await_takes(job)
        if job.id != self._job_id:
            return
        heard = self._growing is not None and self._listening.piece is self._growing
        self.listen_button.setVisible(not heard and self._hearable(job.id) is not None)
        self._work.show_fraction(job.fraction)
        self.prompt.show_note(state_text(job))
        if job.state.finished:
            self._job_id = None
            self._show_work(False)
            if job.error is not None and str(job.state) == "failed":
                self._error.say(tr_error(error_of(job.error)))
            elif str(job.state) == "done":
                self.controls.forged()
                self._next_seed = random.randrange(LARGEST_SEED)
                self._read()
                if job.kind == "forge":
                    self.results.expect(job.result["track_id"], self._growing)

    def _await_takes(self, job: Job) -> None:
        """Takes are shown when they are there, also those that were tried again or survived a restart."""
        if not job.state.finished:
            self._awaited.add(job.id)
        elif job.id in self._awaited:
            self._awaited.discard(job.id)
            if str(job.state) == "done":
                self.takes.show_takes([ShownTake.of(take) for take in job.result["takes"]])

    def _failed(self, error: StudioError) -> None:
        self._job_id = None
        self._show_work(False)
        self._error.say(tr_error(error))

    def _show_work(self, working: bool) -> None:
        self.forge_button.setVisible(not working)
        self.cancel_button.setVisible(working)
        self.listen_button.hide()
        self._work.show_working(working)
        self.prompt.show_note(tr("Waiting for its turn") if working else "")


def _same_paper(before: Concept | None, now: Concept) -> bool:
    """Whether notes that were written in one piece lie right in the other."""
    return before is not None and (before.genre, before.key, before.form) == (now.genre, now.key, now.form)
