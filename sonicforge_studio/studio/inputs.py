"""What a person names on the command line or drops on the window, file by file."""

from __future__ import annotations

from sonicforge_studio.audio import expand_inputs as expand
from sonicforge_studio.jobs import run_many

__all__ = ["expand", "run_many"]
