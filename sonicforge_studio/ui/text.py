"""English in the code, other languages in ``resources/translations/``: every sentence the window shows comes by here.

The language in use hangs on the QApplication as an installed translator, so there is nothing global of our own.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QObject, QTranslator

from sonicforge_studio.domain.errors import StudioError
from sonicforge_studio.host.resources import resource
from sonicforge_studio.ui.told import ToldSentences

LANGUAGES = ("en", "pl")

_CONTEXT = "studio"
_PLURAL_MARK = "#plural"


def tr(english: str, **values: object) -> str:
    """The sentence in the language in use, with ``{name}`` filled from ``values``.

    What follows a "|" tells apart what is one word in English and several elsewhere; it is not shown.
    """
    text = QCoreApplication.translate(_CONTEXT, english).partition("|")[0]
    return text.format(**values) if values else text


def tr_count(one: str, many: str, count: int, **values: object) -> str:
    """A counted sentence, such as ``tr_count("{count} track", "{count} tracks", 3)``."""
    text = QCoreApplication.translate(_CONTEXT, one, _PLURAL_MARK, count)
    if text == one and count != 1:
        text = many
    return text.format(count=count, **values)


def tr_error(error: StudioError) -> str:
    """What happened and what to do next, as two sentences."""
    return f"{tr(error.message)} {tr(error.hint)}"


def error_of(stored: Mapping[str, object]) -> StudioError:
    """A job's stored error as an error again."""
    return StudioError(
        str(stored.get("message") or "") or None,
        hint=str(stored.get("hint") or "") or None,
    )


def polish_form(count: int) -> int:
    """0 for one, 1 for 2–4 (but 12–14), 2 for the rest (CLDR's rule for Polish integers)."""
    if count == 1:
        return 0
    return 1 if count % 10 in (2, 3, 4) and count % 100 not in (12, 13, 14) else 2


_FORMS: dict[str, Callable[[int], int]] = {"pl": polish_form}


def language_in_use(setting: str) -> str:
    """ "en" or "pl": the setting, or the system's language where that is "auto"."""
    if setting in LANGUAGES:
        return setting
    system = QLocale.system().name().partition("_")[0]
    return system if system in LANGUAGES else "en"


class Translator(QTranslator):
    """Answers for our own context out of one JSON file; a list holds the plural forms."""

    def __init__(self, language: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        stored = json.loads(resource("translations", f"{language}.json").read_text(encoding="utf-8"))
        self._texts: dict[str, str | list[str]] = stored
        self._form = _FORMS[language]
        self._told = ToldSentences({english: text for english, text in stored.items() if isinstance(text, str)})

    def isEmpty(self) -> bool:
        return not self._texts

    def translate(
        self,
        context: str | bytes | bytearray | memoryview,
        text: str | bytes | bytearray | memoryview,
        disambiguation: str | bytes | bytearray | memoryview | None = None,
        n: int = -1,
    ) -> str:
        # An empty answer would be shown as one: what is not known stays as it is.
        english = text if isinstance(text, str) else bytes(text).decode()
        found: str | list[str] = english
        if context == _CONTEXT:
            found = self._texts.get(english) or self._told.translated(english) or english
        return found[self._form(n)] if isinstance(found, list) else found


def speak(application: QCoreApplication, language: str) -> None:
    """Switch the application, Qt's own dialogs included, to a language, before any widget is made."""
    if language not in _FORMS:
        return
    # The last one installed is asked first; ours answers whatever it is asked.
    application.installTranslator(Translator(language, application))
    dialogs = QTranslator(application)
    if dialogs.load(f"qtbase_{language}", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)):
        application.installTranslator(dialogs)
