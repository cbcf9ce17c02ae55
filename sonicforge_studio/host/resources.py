"""The data files that come with the program."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path


def resource(*parts: str) -> Traversable:
    """A file or folder of ``resources/``: inside the package once installed, at the top of a source tree."""
    installed = files("sonicforge_studio").joinpath("resources")
    root: Traversable = installed if installed.is_dir() else Path(__file__).parents[2] / "resources"
    return root.joinpath(*parts)
