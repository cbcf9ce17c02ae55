"""The choice of engine on the Forge page, with a tiny model that really plays."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from sonicforge_studio.domain import HeardSound, Neural, Sampling, Track
from sonicforge_studio.domain.neural import SAMPLING_LIMITS
from sonicforge_studio.studio import ModelCard
from tests.ui.conftest import Run, until
from tests.ui.test_frame import _drop, _files

if TYPE_CHECKING:
    from sonicforge_studio.ui.pages.engine_panel import EnginePanel
    from sonicforge_studio.ui.workspace import Workspace

MODEL = "musicgen-stereo-small"
_PLAYING_SECONDS = 90.0
"""An engine's process takes its time to start where others work beside it."""


@pytest.fixture
def shelf(workspace: Workspace, run: Run, own_home: Path, tiny_model: Path) -> Workspace:
    """A workspace with one model that can play."""
    shutil.copytree(tiny_model, own_home / "models" / MODEL)

    async def look() -> None:
        workspace.shelf.refresh()
        await until(lambda: workspace.forge.engine.engine.findData(MODEL) > 0, "the model")

    run(look())
    return workspace


def _choose(panel: EnginePanel, data: str) -> None:
    """As a click in the list does it."""
    index = panel.engine.findData(data)
    panel.engine.setCurrentIndex(index)
    panel.engine.activated.emit(index)


def _as_melody(card: ModelCard) -> ModelCard:
    return replace(card, name="tune", title="Tune", kind="melody")


def test_what_a_model_is_told_is_there_only_while_one_is_chosen(shelf: Workspace, run: Run, qtbot: QtBot) -> None:
    forge, panel, chips = shelf.forge, shelf.forge.engine, shelf.forge.prompt.chips

    async def go() -> None:
        forge.prompt.write("lofi hip hop, 82 bpm, C minor, qwertz")
        await until(lambda: "82 BPM" in chips.chips("read"), "the reading")
        assert panel.neural() is None
        assert not panel.continues.isVisible()
        assert not panel.fold_button.isVisible()
        assert forge.form_row.isVisible()
        assert chips.chips("ignored") == ["qwertz"]
        assert any(chip.startswith("Bass") for chip in chips.chips("chip"))
        _choose(panel, MODEL)
        await until(lambda: not forge.form_row.isVisible(), "the model's reading")
        assert panel.continues.isVisible()
        assert not panel.melody.isVisible(), "it is a text model"
        assert not panel.sampling.isVisible(), "folded away"
        assert "Not for commercial use" in panel.line_text()
        assert "of memory" in panel.line_text()
        # Every word counts for it, and there are no parts to choose.
        assert not chips.chips("ignored")
        assert chips.chips("heeded") == ["qwertz", "Form and parts are the model's own"]
        assert not any(chip.startswith("Bass") for chip in chips.chips("chip"))
        panel.fold_button.setFocus()
        qtbot.keyClick(panel.fold_button, Qt.Key.Key_Return)
        assert panel.sampling.isVisible()
        assert QApplication.focusWidget() is panel.sampling.guidance
        _choose(panel, "")
        await until(lambda: forge.form_row.isVisible(), "the synth's reading")
        assert not panel.sampling.isVisible()

    run(go())


def test_the_figures_are_held_to_their_limits_and_back_to_the_usual(shelf: Workspace) -> None:
    panel = shelf.forge.engine
    _choose(panel, MODEL)
    assert panel.neural() == Neural(model=MODEL)
    figures = panel.sampling
    for name in SAMPLING_LIMITS:
        box = getattr(figures, name)
        assert (box.minimum(), box.maximum()) == SAMPLING_LIMITS[name]
        assert box.toolTip()
        for value in SAMPLING_LIMITS[name]:
            box.setValue(value)
            assert getattr(panel.neural().sampling, name) == value
    figures.precision.setCurrentIndex(figures.precision.findData("float32"))
    figures.device.setCurrentIndex(figures.device.findData("cpu"))
    neural = panel.neural()
    assert neural is not None
    assert (neural.precision, neural.device) == ("float32", "cpu")
    figures.reset_button.click()
    assert panel.neural() == Neural(model=MODEL)


def test_a_melody_model_takes_a_tune_and_any_model_a_sound_to_go_on_from(shelf: Workspace, tones: list[Path]) -> None:
    panel = shelf.forge.engine
    assert shelf.forge.engine.model is None
    _choose(panel, MODEL)
    card = panel.model
    assert card is not None
    panel.show_cards([card, _as_melody(card)])
    _choose(panel, "tune")
    assert panel.melody.isVisible()
    _drop(panel.melody, _files(tones[0]))
    _drop(panel.continues, _files(tones[1]))
    neural = panel.neural()
    assert neural is not None
    assert (neural.melody, neural.continues) == (HeardSound(str(tones[0])), HeardSound(str(tones[1])))
    assert not shelf.desk.jobs(), "neither is imported"
    # A text model hears no tune; the tune is there again for the next one that does.
    _choose(panel, MODEL)
    assert panel.neural() == replace(neural, model=MODEL, melody=None)
    _choose(panel, "tune")
    panel.continues.clear_button.click()
    assert panel.neural() == replace(neural, continues=None)
    assert QApplication.focusWidget() is not panel.continues.clear_button


def test_several_files_are_the_windows(shelf: Workspace, tones: list[Path]) -> None:
    panel = shelf.forge.engine
    _choose(panel, MODEL)
    _drop(panel.continues, _files(*tones))
    assert not panel.continues.path


def test_a_drag_leaves_the_places_that_take_it_open_to_the_eye(shelf: Workspace) -> None:
    overlay = shelf.window._overlay
    _choose(shelf.forge.engine, MODEL)
    overlay.cover(shelf.window.stack)
    slot = shelf.forge.engine.continues
    middle = slot.mapTo(shelf.window.ground, slot.rect().center())
    assert [place.contains(middle) for place in overlay._open] == [True]
    _choose(shelf.forge.engine, "")
    overlay.cover(shelf.window.stack)
    assert not overlay._open
    overlay.hide()


def test_a_model_that_goes_gives_way_to_the_synth(shelf: Workspace, run: Run, own_home: Path) -> None:
    _choose(shelf.forge.engine, MODEL)
    shutil.rmtree(own_home / "models" / MODEL)

    async def go() -> None:
        shelf.shelf.refresh()
        await until(lambda: shelf.forge.engine.model is None, "the change")
        assert shelf.forge.engine.engine.currentText() == "Built-in synth"

    run(go())


def test_the_last_entry_leads_to_the_models(workspace: Workspace) -> None:
    panel = workspace.forge.engine
    _choose(panel, "more")
    assert workspace.window.page() == "models"
    assert panel.engine.currentText() == "Built-in synth"


def test_a_piece_is_played_by_the_model_and_heard_while_it_is_made(shelf: Workspace, run: Run, tmp_path: Path) -> None:
    forge, panel = shelf.forge, shelf.forge.engine
    heard: list[bool] = []
    notes: set[str] = set()

    def look(job: object) -> None:
        heard.append(not forge.listen_button.isHidden())
        notes.add(forge.prompt._note.text().partition(" · ")[0])

    async def go() -> None:
        shelf.desk.changed.connect(look)
        forge.prompt.write("lofi hip hop, warm")
        forge.controls.length.setValue(6)
        forge.controls.seed.setText("5")
        _choose(panel, MODEL)
        panel.sampling.temperature.setValue(0.8)
        panel.sampling.top_k.setValue(20)
        forge.forge()
        await until(lambda: forge.results.cards(), "the piece", _PLAYING_SECONDS)
        await until(lambda: forge._job_id is None, "the end of the work")
        card = forge.results.cards()[0]
        recipe = card.track.recipe
        assert recipe is not None
        assert recipe.neural is not None
        assert (recipe.engine, recipe.seed, recipe.licence) == ("musicgen", 5, "CC-BY-NC-4.0")
        assert recipe.neural.model == MODEL
        assert recipe.neural.sampling == Sampling(temperature=0.8, top_k=20)
        assert any(heard), "there was something to listen to while it was made"
        assert "Making" in notes
        # What a model's sound has not is not offered.
        assert not card.open_button.isVisible()
        assert not card.vary.isVisible()
        # Started from again, all stands as it was.
        panel.sampling.reset()
        _choose(panel, "")
        shelf.actions.fork_wanted.emit(card.track)
        assert panel.model is not None
        assert panel.neural() == Neural(model=MODEL, precision="int8", sampling=recipe.neural.sampling)
        assert forge.controls.seed.text() == "5"
        _tell_of_missing(shelf, card.track)
        # What may not be sold is told of where it leaves the studio.
        shelf.actions.export_to((card.track.id, "piece"), tmp_path / "piece.flac", "flac")
        await until(lambda: any("Not for commercial use" in said for said in shelf.window.toasts.texts()), "the word")

    run(go())


def _tell_of_missing(shelf: Workspace, track: Track) -> None:
    recipe = track.recipe
    assert recipe is not None
    assert recipe.neural is not None
    gone = replace(track, recipe=replace(recipe, neural=replace(recipe.neural, model="musicgen-huge")))
    shelf.actions.fork_wanted.emit(gone)
    assert shelf.forge.engine.model is None
    assert any("not here" in said for said in shelf.window.toasts.texts())


def test_takes_of_a_model_are_heard_and_one_is_kept(shelf: Workspace, run: Run, qtbot: QtBot) -> None:
    forge = shelf.forge

    async def go() -> None:
        forge.prompt.write("lofi hip hop, warm")
        forge.controls.length.setValue(2)
        forge.controls.seed.setText("40")
        forge.controls.takes.setValue(2)
        _choose(forge.engine, MODEL)
        forge.forge()
        await until(lambda: len(forge.takes.cards()) == 2, "the takes", _PLAYING_SECONDS)
        recipes = [card.take.recipe for card in forge.takes.cards()]
        assert [(recipe.engine, recipe.seed) for recipe in recipes] == [("musicgen", 40), ("musicgen", 41)]
        qtbot.keyClick(forge.takes, Qt.Key.Key_K)
        await until(lambda: forge.results.cards(), "the kept one", _PLAYING_SECONDS)

    run(go())
    kept = forge.results.cards()[0].track.recipe
    assert kept is not None
    assert (kept.engine, kept.neural and kept.neural.model) == ("musicgen", MODEL)
    assert kept.mastering


def test_a_cancel_ends_the_work_and_leaves_the_page_ready(shelf: Workspace, run: Run) -> None:
    forge = shelf.forge

    async def go() -> None:
        forge.prompt.write("lofi hip hop")
        forge.controls.length.setValue(600)
        _choose(forge.engine, MODEL)
        forge.forge()
        await until(lambda: forge.prompt._note.text().startswith("Making"), "the work", _PLAYING_SECONDS)
        forge.cancel_button.click()
        await until(lambda: not forge.forge_button.isHidden(), "the end")
        assert not forge.results.cards()
        assert not forge.error_text()

    run(go())
