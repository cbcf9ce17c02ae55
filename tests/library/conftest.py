from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sonicforge_studio.library import Library


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "library.sqlite"


@pytest.fixture
def library(database: Path) -> Iterator[Library]:
    with Library(database) as library:
        yield library
