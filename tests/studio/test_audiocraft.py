"""A piece of the audiocraft engine on its way into the library, where a Python that has audiocraft is named."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sonicforge_studio.audio import read_tags
from sonicforge_studio.domain import Neural, SilentProgress
from sonicforge_studio.domain.errors import EngineUnavailable
from sonicforge_studio.studio import ForgeRequest, Studio, recipe_from_json
from tests.generation.audiocraft.conftest import build_checkpoint


def test_a_piece_says_what_it_is_and_comes_again(studio: Studio, tmp_path: Path) -> None:
    python = os.environ.get("SONICFORGE_AUDIOCRAFT_PYTHON")
    if not python:
        pytest.skip("SONICFORGE_AUDIOCRAFT_PYTHON names no Python that has audiocraft")
    assert studio.engine_desk.install("audiocraft", SilentProgress(), python).origin == "adopted"
    model = build_checkpoint(python, tmp_path / "tiny", channels=2)
    # The model chooses the engine.
    request = ForgeRequest(
        "lofi hip hop", seconds=3.0, seed=5, mastered=False, neural=Neural(model=str(model)),
        folder=str(tmp_path / "out"),
    )  # fmt: skip
    forged = studio.forge.forge(request, SilentProgress())
    recipe = recipe_from_json(read_tags(Path(forged.files[0])).recipe)
    assert (recipe.engine, recipe.seed, recipe.licence) == ("audiocraft", 5, "CC-BY-NC-4.0")
    assert recipe.neural is not None
    assert (recipe.neural.model, recipe.neural.precision, recipe.neural.device) == (str(model), "float32", "cpu")
    assert len(recipe.neural.weights_hash) == 64
    assert studio.remaker.remake(Path(forged.files[0]), str(tmp_path / "again"), SilentProgress()).same
    studio.engine_desk.remove("audiocraft", SilentProgress())
    with pytest.raises(EngineUnavailable, match="audiocraft is not installed"):
        studio.remaker.remake(Path(forged.files[0]), str(tmp_path / "again"), SilentProgress())
