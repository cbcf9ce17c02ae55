"""The dock with the live spectrum, under every page but the Live page itself."""

from __future__ import annotations

from sonicforge_studio.ui.live.spectrum_view import SpectrumView
from sonicforge_studio.ui.text import tr
from sonicforge_studio.ui.theme import Theme


class Scope(SpectrumView):
    def __init__(self, theme: Theme) -> None:
        super().__init__(theme, "scope")
        self.setObjectName("scope")
        self.setAccessibleName(tr("Live spectrum of what plays"))
        self.setFixedHeight(theme.size.scope)
