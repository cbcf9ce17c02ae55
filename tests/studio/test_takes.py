"""Takes, their files, and what becomes of these."""

from __future__ import annotations

from pathlib import Path

import pytest

from sonicforge_studio.domain import Cancelled, Recipe, SilentProgress
from sonicforge_studio.domain.errors import BadSetting
from sonicforge_studio.generation import compose
from sonicforge_studio.studio import Studio, draft_recipe
from sonicforge_studio.studio._unfinished import Mark
from sonicforge_studio.studio.engines import Engines
from sonicforge_studio.studio.takes import TakeDesk


class _StopsAt(SilentProgress):
    def __init__(self, share: float) -> None:
        self._share = share

    def step(self, done: float, total: float, note: str = "") -> None:
        if done / total > self._share:
            raise Cancelled()


@pytest.fixture(name="recipe")
def _recipe() -> Recipe:
    return draft_recipe(compose("deep house, 120 bpm", duration_seconds=2.0), 5)


def test_takes_stay_until_others_are_there(studio: Studio, recipe: Recipe) -> None:
    first = studio.takes.make(recipe, 2, SilentProgress())
    assert [take.recipe.seed for take in first] == [5, 6]
    assert first[0].recipe.pcm_hash != first[1].recipe.pcm_hash
    with pytest.raises(Cancelled):
        studio.takes.make(recipe, 2, _StopsAt(0.6))
    assert all(Path(take.path).exists() for take in first)
    second = studio.takes.make(recipe, 1, SilentProgress())
    assert not any(Path(take.path).exists() for take in first)
    assert second[0].recipe == first[0].recipe
    # Another program on the same home leaves them alone; what it leaves itself when it is killed is cleared away.
    other = TakeDesk(Engines({}, studio.models, studio.folders), studio.measurer, studio.folders.takes)
    other.clear()
    assert Path(second[0].path).exists()
    lost = studio.folders.takes / "lost"
    lost.mkdir()
    Mark.make(studio.folders.takes, lost).release()
    other.clear()
    assert not lost.exists()
    studio.takes.clear()
    assert not list(studio.folders.takes.iterdir())


@pytest.mark.parametrize("count", [0, 17, -1])
def test_so_many_are_none(studio: Studio, recipe: Recipe, count: int) -> None:
    with pytest.raises(BadSetting):
        studio.takes.make(recipe, count, SilentProgress())
