"""A field with its name above it, as they stand side by side in a row."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from sonicforge_studio.ui.theme import Theme
from sonicforge_studio.ui.widgets.controls import label


def captioned(theme: Theme, name: str, control: QWidget, *beside: QWidget, help: str = "") -> QVBoxLayout:
    """``control`` under its name, with small buttons ``beside`` it; ``help`` is the tool tip of both."""
    column = QVBoxLayout()
    column.setSpacing(theme.space.xs)
    head = label(name, "caption")
    head.setBuddy(control)
    column.addWidget(head)
    row = QHBoxLayout()
    row.setSpacing(0)
    row.addWidget(control, 1)
    for widget in beside:
        row.addWidget(widget)
    column.addLayout(row)
    control.setAccessibleName(name)
    control.setFixedHeight(theme.size.control)
    if help:
        head.setToolTip(help)
        control.setToolTip(help)
        control.setAccessibleDescription(help)
    return column
