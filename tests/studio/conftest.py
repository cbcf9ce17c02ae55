"""What the tests of the studio share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sonicforge_studio.studio import Studio, build_studio


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    """A studio of its own, in ``home``."""
    with build_studio(tmp_path / "home") as built:
        yield built
