"""What a page says while it has nothing to show: a picture, a sentence, and the next step."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from sonicforge_studio.ui.theme import Theme
from sonicforge_studio.ui.widgets.controls import Button, label, picture


class EmptyState(QWidget):
    def __init__(
        self, theme: Theme, icon: str, title: str, text: str, *actions: tuple[str, Callable[[], object]], tone: str = ""
    ) -> None:
        super().__init__()
        layout = QVBoxLayout(self)
        layout.setSpacing(theme.space.s)
        layout.addStretch(1)
        colour = theme.colour.danger if tone == "danger" else theme.colour.wave
        layout.addWidget(picture(theme, icon, theme.size.icon_hero, colour), 0, Qt.AlignmentFlag.AlignHCenter)
        heading = label(title, "strong")
        body = label(text, "muted", wrap=True)
        for line in (heading, body):
            line.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        body.setFixedWidth(theme.size.drawer)
        layout.addSpacing(theme.space.s)
        layout.addWidget(heading)
        middle = QHBoxLayout()  # an aligned item would be cut to one line
        middle.addStretch(1)
        middle.addWidget(body)
        middle.addStretch(1)
        layout.addLayout(middle)
        if actions:
            row = QHBoxLayout()
            row.setSpacing(theme.space.s)
            row.addStretch(1)
            for index, (action, clicked) in enumerate(actions):
                row.addWidget(Button(action, "" if index else "primary", clicked))
            row.addStretch(1)
            layout.addSpacing(theme.space.s)
            layout.addLayout(row)
        layout.addStretch(1)
