"""The rail: the pages, and below them what opens beside a page."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QSizePolicy, QToolButton, QVBoxLayout

from sonicforge_studio.ui.text import tr, tr_count
from sonicforge_studio.ui.theme import Theme
from sonicforge_studio.ui.widgets.controls import IconButton, label, picture

PAGES = ("forge", "library", "master", "live", "analysis", "models")


class Rail(QFrame):
    """``page_chosen`` carries one of ``PAGES``."""

    page_chosen = Signal(str)
    jobs_toggled = Signal()
    scope_toggled = Signal()
    help_wanted = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.setObjectName("rail")
        self.setFixedWidth(theme.size.rail)
        self.setAccessibleName(tr("Pages"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.space.s, theme.space.l, theme.space.s, theme.space.m)
        layout.setSpacing(theme.space.xs)
        mark = picture(theme, "mark", theme.size.icon_l, theme.colour.accent)
        layout.addWidget(mark, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addSpacing(theme.space.l)
        self._pages: dict[str, QToolButton] = {}
        names = {
            "forge": tr("Forge"),
            "library": tr("Library"),
            "master": tr("Master"),
            "live": tr("Live"),
            "analysis": tr("Analysis"),
            "models": tr("Models"),
        }
        for number, page in enumerate(PAGES, 1):
            button = self._button(page, names[page], f"Ctrl+{number}")
            button.clicked.connect(lambda _=False, page=page: self.page_chosen.emit(page))
            self._pages[page] = button
            layout.addWidget(button)
        layout.addStretch(1)
        self.scope_button = self._button("spectrum", tr("Scope"), "Ctrl+L")
        self.scope_button.clicked.connect(lambda: self.scope_toggled.emit())
        self.jobs_button = self._button("jobs", tr("Jobs"), "Ctrl+J")
        self.jobs_button.clicked.connect(lambda: self.jobs_toggled.emit())
        self.jobs_button.installEventFilter(self)
        help_button = IconButton(
            theme, "keyboard", tr("Keyboard shortcuts"), lambda: self.help_wanted.emit(), shortcut="F1"
        )
        layout.addWidget(self.scope_button)
        layout.addWidget(self.jobs_button)
        layout.addWidget(help_button, 0, Qt.AlignmentFlag.AlignHCenter)
        self._badge = label("", "badge")
        self._badge.setParent(self.jobs_button)
        self._badge.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._badge.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._badge.hide()

    def _button(self, icon: str, name: str, shortcut: str) -> QToolButton:
        button = IconButton(self._theme, icon, name, shortcut=shortcut, checkable=True)
        button.setText(name)
        button.setProperty("role", "rail")
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        button.setIconSize(QSize(self._theme.size.icon_l, self._theme.size.icon_l))
        button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        button.setFixedHeight(self._theme.size.rail_button)
        return button

    def show_page(self, page: str) -> None:
        for name, button in self._pages.items():
            button.setChecked(name == page)

    def show_running(self, count: int) -> None:
        """The number of jobs at work, on the drawer's button."""
        self._badge.setText(str(count) if count < 100 else "99+")
        self._badge.setVisible(count > 0)
        name = tr_count("Jobs, {count} running", "Jobs, {count} running", count) if count else tr("Jobs")
        self.jobs_button.setAccessibleName(name)
        self._place_badge()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.jobs_button and event.type() == QEvent.Type.Resize:
            self._place_badge()
        return super().eventFilter(watched, event)

    def _place_badge(self) -> None:
        side = self._theme.size.badge
        self._badge.setFixedHeight(side)
        self._badge.setFixedWidth(max(side, self._badge.sizeHint().width()))
        self._badge.move(self.jobs_button.width() // 2 + self._theme.space.xs, self._theme.space.xs)
