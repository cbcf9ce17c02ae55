"""What every panel is handed: the theme, the place for its coroutines, and the painter of waveforms."""

from __future__ import annotations

from dataclasses import dataclass

from sonicforge_studio.ui.tasks import Tasks
from sonicforge_studio.ui.theme import Theme
from sonicforge_studio.ui.widgets.peaks import PeaksPainter


@dataclass(frozen=True, slots=True)
class Kit:
    theme: Theme
    tasks: Tasks
    peaks: PeaksPainter
