"""The keyboard, declared once: what is bound in the window is what the overview shows."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QGridLayout, QVBoxLayout, QWidget

from sonicforge_studio.ui.text import tr
from sonicforge_studio.ui.theme import Theme
from sonicforge_studio.ui.widgets.controls import Button, label

KEYS = {
    "forge-page": "Ctrl+1",
    "library-page": "Ctrl+2",
    "master-page": "Ctrl+3",
    "live-page": "Ctrl+4",
    "analysis-page": "Ctrl+5",
    "models-page": "Ctrl+6",
    "forge": "Ctrl+Return",
    "search": "Ctrl+F",
    "import": "Ctrl+O",
    "export": "Ctrl+E",
    "analyse": "Ctrl+I",
    "jobs": "Ctrl+J",
    "scope": "Ctrl+L",
    "mute": "Ctrl+M",
    "record": "Ctrl+R",
    "reset": "Ctrl+Shift+R",
    "help": "F1",
    "quit": "Ctrl+Q",
}


def described() -> list[tuple[str, str]]:
    """(keys, what they do), in the order of the overview."""
    return [
        (KEYS["forge-page"], tr("Go to Forge")),
        (KEYS["library-page"], tr("Go to Library")),
        (KEYS["master-page"], tr("Go to Master")),
        (KEYS["live-page"], tr("Go to Live")),
        (KEYS["analysis-page"], tr("Go to Analysis")),
        (KEYS["models-page"], tr("Go to Models")),
        ("Space", tr("Play or pause")),
        ("← →", tr("Five seconds back or on, with the waveform focused")),
        ("Shift", tr("With a drag over a waveform or the whole track: loop that part; Esc ends it")),
        (KEYS["mute"], tr("Mute")),
        (KEYS["record"], tr("Record the input, or stop")),
        (KEYS["reset"], tr("Begin the meters anew")),
        ("F", tr("A live view over the whole screen, and back")),
        ("H", tr("Hold a live view, or let it go on")),
        ("+ − 0", tr("Zoom the whole track in, out, and to all of it")),
        (KEYS["forge"], tr("Forge, from anywhere on its page")),
        ("+ − ↑ ↓", tr("A block of the form: longer, shorter, more or less energy; Ctrl+← → moves it")),
        ("Insert", tr("Double a block of the form; Delete takes it out")),
        ("← → K X", tr("Takes: hear, keep, throw away; Esc all of them, Ctrl+Z brings them back")),
        ("Ctrl+Z", tr("On the desk and the Master page: take the last change back; Ctrl+Y does it again")),
        ("A B X", tr("On the Master page: the original, the master, the other one")),
        ("Return", tr("Open a part on the desk to write in; arrows choose and move a note")),
        ("[ ] R", tr("A note softer or stronger; its bar through the whole section")),
        (KEYS["search"], tr("Search the library")),
        (KEYS["import"], tr("Import files")),
        (KEYS["export"], tr("Export what is chosen")),
        (KEYS["analyse"], tr("Analyse the chosen track; compare two")),
        ("[ ] T", tr("Halve, double or tap the tempo of the analysed track; Ctrl+Z takes it back")),
        ("Return", tr("Play the chosen track")),
        ("↑ ↓ Return", tr("Models: choose one, use or download it; Delete removes it")),
        ("Delete", tr("Remove from the library; the file stays")),
        (KEYS["jobs"], tr("Open or close the jobs drawer")),
        (KEYS["scope"], tr("Show or hide the scope")),
        (KEYS["help"], tr("This overview")),
        (KEYS["quit"], tr("Quit")),
    ]


class Overview(QDialog):
    """All shortcuts on one card."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Keyboard shortcuts"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.space.xl, theme.space.xl, theme.space.xl, theme.space.xl)
        layout.setSpacing(theme.space.l)
        layout.addWidget(label(tr("Keyboard shortcuts"), "title"))
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme.space.l)
        grid.setVerticalSpacing(theme.space.s)
        entries = described()
        rows = (len(entries) + 1) // 2
        for number, (keys, text) in enumerate(entries):
            half, row = divmod(number, rows)
            grid.addWidget(label(keys, "key"), row, 2 * half, Qt.AlignmentFlag.AlignRight)
            grid.addWidget(label(text), row, 2 * half + 1)
        layout.addLayout(grid)
        layout.addWidget(Button(tr("Close"), "", self.accept), 0, Qt.AlignmentFlag.AlignRight)
