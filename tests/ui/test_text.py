"""Every sentence of the window has its Polish, with the forms that Polish counts in."""

from __future__ import annotations

import ast
import json
import string
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QTranslator
from PySide6.QtWidgets import QApplication, QLineEdit

from sonicforge_studio.domain import Key, errors
from sonicforge_studio.domain.errors import NotAsPromised, StudioError, UnknownKey
from sonicforge_studio.host import resource
from sonicforge_studio.ui import text as text_module
from sonicforge_studio.ui.numbers import key_name
from sonicforge_studio.ui.text import Translator, error_of, language_in_use, polish_form, speak, tr, tr_count, tr_error

UI = Path(text_module.__file__).parent
POLISH: dict[str, str | list[str]] = json.loads(resource("translations", "pl.json").read_text(encoding="utf-8"))


def _said() -> Iterator[tuple[str, str, bool]]:
    """(place, English, counted) of every sentence in the window's code."""
    for path in UI.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("tr", "tr_count"):
                first = node.args[0]
                if isinstance(first, ast.Constant):
                    yield f"{path.name}:{node.lineno}", first.value, node.func.id == "tr_count"


def _fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def _errors(kind: type[StudioError] = StudioError) -> Iterator[type[StudioError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from _errors(below)


@pytest.fixture
def polish(qapp: QApplication) -> Iterator[None]:
    before = set(qapp.findChildren(QTranslator))
    speak(qapp, "pl")
    yield
    for translator in set(qapp.findChildren(QTranslator)) - before:
        qapp.removeTranslator(translator)
        translator.deleteLater()


def test_keys_have_their_polish_names(polish: None) -> None:
    assert key_name(Key.parse("A minor")) == "8A · a-moll"
    keys = [key for tonic in range(12) for key in (Key(tonic, "major"), Key(tonic, "minor"))]
    assert not [str(key) for key in keys if str(key) not in POLISH]


def test_there_is_something_to_translate() -> None:
    assert len(list(_said())) > 100


def test_every_sentence_has_its_polish() -> None:
    missing = [(place, english) for place, english, _ in _said() if not POLISH.get(english)]
    assert not missing


def test_counted_sentences_have_three_forms_and_others_one() -> None:
    for place, english, counted in _said():
        polish = POLISH[english]
        assert isinstance(polish, list) == counted, place
        if counted:
            assert len(polish) == 3, place


def test_polish_fills_the_same_places() -> None:
    for english, polish in POLISH.items():
        for form in polish if isinstance(polish, list) else [polish]:
            assert _fields(form) == _fields(english), english


@pytest.mark.parametrize("kind", [kind for kind in _errors() if kind.__module__ == errors.__name__])
def test_every_error_speaks_polish(kind: type[StudioError]) -> None:
    for sentence in (kind.message, kind.hint):
        # A hint about the command line is not seen in the window.
        assert (
            sentence in POLISH
            or "--" in sentence
            or "musicgen" in sentence
            or "#" in sentence
            or sentence == ("Cancelled.")
        )


REFUSING = (
    "studio/mastering.py",
    "studio/exporting.py",
    "studio/delivering.py",
    "studio/proving.py",
    "mastering/matching.py",
    "mastering/album.py",
    "audio/sinks.py",
    "audio/_ffmpeg_writer.py",
    "audio/_vorbis_writer.py",
    "audio/_wav_writer.py",
    "audio/_part_file.py",
)


def _refusals(module: str) -> Iterator[str]:
    """The fixed sentences that a module raises."""
    kinds = {kind.__name__ for kind in _errors()}
    for node in ast.walk(ast.parse((UI.parent / module).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {*kinds, "_require"}:
            for said in (*node.args, *(keyword.value for keyword in node.keywords)):
                if isinstance(said, ast.Constant) and isinstance(said.value, str):
                    yield said.value


def test_what_mastering_and_exporting_refuse_is_said_in_polish() -> None:
    said = [sentence for module in REFUSING for sentence in _refusals(module)]
    assert len(said) > 15
    # A hint about the command line is not seen in the window.
    assert not [sentence for sentence in said if sentence not in POLISH and "--" not in sentence]


@pytest.mark.parametrize(
    ("count", "form"), [(0, 2), (1, 0), (2, 1), (4, 1), (5, 2), (11, 2), (12, 2), (14, 2), (22, 1), (25, 2), (112, 2)]
)
def test_polish_counts(count: int, form: int) -> None:
    assert polish_form(count) == form


@pytest.mark.usefixtures("polish")
def test_polish_is_spoken() -> None:
    assert tr("Play") == "Odtwórz"
    assert tr("Forge") == "Kuźnia"
    assert tr("Forge|do") == "Wykuj"
    assert tr("Play {title}", title="X") == "Odtwórz: X"
    assert [tr_count("{count} track", "{count} tracks", count) for count in (1, 3, 5)] == [
        "1 utwór",
        "3 utwory",
        "5 utworów",
    ]
    assert tr("Something nobody translated") == "Something nobody translated"


@pytest.mark.usefixtures("polish")
def test_qts_own_texts_stay_whole_beside_ours() -> None:
    field = QLineEdit()
    texts = [action.text().replace("&", "") for action in field.createStandardContextMenu().actions()]
    assert any("Wytnij" in text for text in texts)


def test_what_was_made_elsewhere_is_said_in_polish_with_its_names_and_figures(polish: None) -> None:
    assert tr('There is no reference "/music/a. b.wav".') == "Nie ma wzorca „/music/a. b.wav”."
    two = "The true peak is 0.31 dB over the ceiling. The loudness is -0.40 LU from the target."
    assert tr(two) == "Szczyt rzeczywisty jest o 0.31 dB ponad pułapem. Głośność jest o -0.40 LU od celu."
    reason = "5 samples stand at full scale. It is +30 ms longer than the master."
    assert tr_error(NotAsPromised(reason)) == (
        "Próbek stojących na pełnej skali: 5. Jest o +30 ms dłuższy niż master. "
        "Zmasteruj go ponownie albo wyeksportuj mimo to."
    )
    beside_a_fixed_one = f"The true peak is 0.31 dB over the ceiling. {errors.MissingPath.hint}"
    assert tr(beside_a_fixed_one) == f"Szczyt rzeczywisty jest o 0.31 dB ponad pułapem. {tr(errors.MissingPath.hint)}"
    # One of them unknown: it stays whole, in one language.
    assert tr("The true peak is 0.31 dB over the ceiling. Qwertz 5 asdf.").startswith("The true peak")
    assert tr("night drive: 124") == "night drive: 124"


def test_english_needs_no_file() -> None:
    assert tr("Play {title}", title="X") == "Play X"
    assert tr("Forge|do") == "Forge"
    assert tr_count("{count} track", "{count} tracks", 1) == "1 track"
    assert tr_count("{count} track", "{count} tracks", 7) == "7 tracks"


def test_what_is_unknown_to_a_translator_stays_as_it_is(qapp: QApplication) -> None:
    assert Translator("pl").translate("QLineEdit", "Cu&t") == "Cu&t"


def test_the_setting_outranks_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    assert language_in_use("pl") == "pl"
    assert language_in_use("auto") in ("en", "pl")


def test_an_error_is_two_sentences() -> None:
    text = tr_error(UnknownKey('"H flat" is not a musical key.'))
    assert text.startswith('"H flat" is not a musical key. Write a key as')
    stored = error_of({"code": "x", "message": "It broke.", "hint": "Mend it."})
    assert tr_error(stored) == "It broke. Mend it."
