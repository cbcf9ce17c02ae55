"""A piece of the MusicGen engine on its way into the library, with a tiny model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sonicforge_studio.audio import read_tags
from sonicforge_studio.domain import Cancelled, HeardSound, Neural, Sampling, SilentProgress
from sonicforge_studio.domain.errors import BadSetting, EngineUnavailable, MissingPath
from sonicforge_studio.generation import compose
from sonicforge_studio.studio import ForgeRequest, Studio, draft_recipe, recipe_from_json, recipe_to_json
from tests.generation.musicgen.conftest import build_melody_model, build_model
from tests.sounds import groove, tone, write


def test_a_neural_piece_is_mastered_and_says_what_it_is(studio: Studio, tmp_path: Path) -> None:
    pytest.importorskip("transformers")
    model = build_model(tmp_path / "tiny", channels=2)
    request = ForgeRequest(
        "lofi hip hop",
        seconds=3.0,
        seed=5,
        engine="musicgen",
        neural=Neural(model=str(model)),
        folder=str(tmp_path / "out"),
    )
    forged = studio.forge.forge(request, SilentProgress())
    analysis = forged.track.analysis
    assert (analysis.sample_rate_hz, round(analysis.duration_seconds, 3)) == (32000, 3.0)
    recipe = recipe_from_json(read_tags(Path(forged.files[0])).recipe)
    assert (recipe.engine, recipe.engine_version, recipe.licence) == ("musicgen", "2", "CC-BY-NC-4.0")
    assert recipe.seed == 5
    assert recipe.neural is not None
    assert (recipe.neural.model, recipe.neural.precision) == (str(model), "int8")
    again = studio.remaker.remake(Path(forged.files[0]), str(tmp_path / "again"), SilentProgress())
    assert again.same
    # Without that model it cannot be made again, and says so.
    model.rename(tmp_path / "elsewhere")
    with pytest.raises(EngineUnavailable, match="which is not here"):
        studio.remaker.remake(Path(forged.files[0]), str(tmp_path / "again"), SilentProgress())


def test_what_a_piece_listens_to_stands_in_its_recipe(studio: Studio, tmp_path: Path) -> None:
    pytest.importorskip("transformers")
    model = build_melody_model(tmp_path / "tiny", channels=2)
    mine, tune = write(tmp_path / "mine.wav", groove(1.5)), write(tmp_path / "tune.wav", tone(1.0, 392.0))
    neural = Neural(str(model), melody=HeardSound(str(tune)), continues=HeardSound(str(mine)))
    request = ForgeRequest("lofi", seconds=3.0, seed=5, neural=neural, mastered=False, folder=str(tmp_path / "out"))
    forged = studio.forge.forge(request, SilentProgress())
    file = Path(forged.files[0])
    recipe = recipe_from_json(read_tags(file).recipe)
    assert recipe.neural is not None
    assert recipe.neural.melody is not None
    assert recipe.neural.continues is not None
    for heard, path in ((recipe.neural.melody, tune), (recipe.neural.continues, mine)):
        track = studio.importer.add(path, SilentProgress())
        assert heard == HeardSound(str(path), track.analysis.audio_hash)
    assert recipe.licence == "CC-BY-NC-4.0 except for the sound it begins with"
    assert studio.remaker.remake(file, str(tmp_path / "again"), SilentProgress()).same
    # Another sound under the same name is told, a missing one refused.
    write(tune, tone(1.0, 440.0))
    other = studio.remaker.remake(file, str(tmp_path / "again"), SilentProgress())
    assert not other.same
    assert other.differs == "Other than then: the melody."
    mine.unlink()
    with pytest.raises(MissingPath, match=r"mine\.wav"):
        studio.remaker.remake(file, str(tmp_path / "again"), SilentProgress())


def test_a_draft_names_the_model_and_the_model_its_engine(studio: Studio, tmp_path: Path) -> None:
    pytest.importorskip("transformers")
    neural = Neural(model=str(build_model(tmp_path / "tiny")), sampling=Sampling(top_k=20))
    draft = draft_recipe(compose("lofi hip hop", duration_seconds=2.0), 5, neural)
    (take,) = studio.takes.make(draft, 1, SilentProgress())
    assert (take.recipe.engine, take.recipe.seed) == ("musicgen", 5)
    # A take is kept by its recipe alone: the same model plays it, in the same way.
    request = ForgeRequest("lofi hip hop", recipe=recipe_to_json(take.recipe), folder=str(tmp_path / "out"))
    kept = studio.forge.forge(request, SilentProgress()).recipe
    assert (kept.engine, kept.neural) == ("musicgen", take.recipe.neural)
    assert kept.neural is not None
    assert kept.neural.sampling == neural.sampling
    # What is asked for outranks what the recipe was made with.
    asked = studio.forge.forge(replace(request, engine="synth", mastered=False), SilentProgress()).recipe
    assert (asked.engine, asked.neural) == ("synth", None)


def test_a_take_that_was_played_is_kept_without_playing_it_again(studio: Studio, tmp_path: Path) -> None:
    pytest.importorskip("transformers")
    neural = Neural(model=str(build_model(tmp_path / "tiny")))
    takes = studio.takes.make(draft_recipe(compose("lofi", duration_seconds=2.0), 5, neural), 2, SilentProgress())
    assert [take.recipe.seed for take in takes] == [5, 6]
    told: set[str] = set()

    class Noting(SilentProgress):
        def step(self, done: float, total: float, note: str = "") -> None:
            told.add(note)

    request = ForgeRequest(
        "lofi", recipe=recipe_to_json(takes[1].recipe), take=takes[1].path, mastered=False, folder=str(tmp_path / "out")
    )
    kept = studio.forge.forge(request, Noting())
    assert "Making" not in told
    assert kept.recipe.pcm_hash == takes[1].recipe.pcm_hash
    assert kept.recipe.neural == takes[1].recipe.neural
    # Once the take is thrown away, or is another piece, it is played.
    studio.takes.clear()
    assert studio.forge.forge(request, Noting()).recipe.pcm_hash == takes[1].recipe.pcm_hash
    assert "Making" in told


@pytest.mark.parametrize("count", [0, -3, 17])
def test_takes_that_cannot_be_have_no_outlook(studio: Studio, tmp_path: Path, count: int) -> None:
    pytest.importorskip("transformers")
    neural = Neural(model=str(build_model(tmp_path / "tiny")))
    with pytest.raises(BadSetting, match="Candidates are from 1 to 16"):
        studio.forge.outlook(ForgeRequest("lofi", seconds=2.0, neural=neural, candidates=count))


def test_what_there_was_when_it_was_cancelled_says_what_it_is(studio: Studio, tmp_path: Path) -> None:
    pytest.importorskip("transformers")

    class Stopping(SilentProgress):
        steps = 0

        def step(self, done: float, total: float, note: str = "") -> None:
            self.steps += note == "Making"
            if self.steps > 1500:
                raise Cancelled()

    neural = Neural(model=str(build_model(tmp_path / "tiny")))
    with pytest.raises(Cancelled) as caught:
        studio.forge.forge(ForgeRequest("lofi", seconds=40.0, seed=5, neural=neural, mastered=False), Stopping())
    recipe = recipe_from_json(read_tags(Path(caught.value.hint.split(": ")[1])).recipe)
    assert (recipe.engine, recipe.engine_version, recipe.seed) == ("musicgen", "2", 5)


def test_a_recipe_names_a_folder_in_full(studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("transformers")
    folder = build_model(tmp_path / "tiny")
    monkeypatch.chdir(tmp_path)
    request = ForgeRequest("lofi", seconds=1.0, seed=5, neural=Neural(model="tiny"), mastered=False, folder="out")
    forged = studio.forge.forge(request, SilentProgress())
    file = Path(forged.files[0]).absolute()
    assert forged.recipe.neural is not None
    assert forged.recipe.neural.model == str(folder)
    monkeypatch.chdir("/")
    assert studio.remaker.remake(file, str(tmp_path / "again"), SilentProgress()).same
    folder.rename(tmp_path / "elsewhere")
    with pytest.raises(EngineUnavailable, match=r"needs the model .* which is not here"):
        studio.remaker.remake(file, str(tmp_path / "again"), SilentProgress())


def test_the_process_imports_nothing_of_the_folder_that_it_is_started_in(
    studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("transformers")
    neural = Neural(model=str(build_model(tmp_path / "tiny")))
    (tmp_path / "torch.py").write_text('open("ran", "w"); raise SystemExit')
    monkeypatch.chdir(tmp_path)
    studio.forge.forge(ForgeRequest("lofi", seconds=1.0, neural=neural, mastered=False), SilentProgress())
    assert not (tmp_path / "ran").exists()


def test_without_a_model_there_is_a_sentence(studio: Studio, tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable, match="needs a model"):
        studio.forge.forge(ForgeRequest("house", engine="musicgen"), SilentProgress())
    with pytest.raises((MissingPath, EngineUnavailable)):
        studio.forge.forge(
            ForgeRequest("house", engine="musicgen", neural=Neural(model=str(tmp_path / "none"))), SilentProgress()
        )


@pytest.mark.parametrize("which", ["melody", "continues"])
def test_a_sound_that_nobody_listens_to_is_not_left_out_in_silence(studio: Studio, which: str) -> None:
    heard = Neural(**{which: HeardSound("mine.wav")})  # type: ignore[arg-type]
    with pytest.raises(BadSetting, match='"synth" does not listen'):
        studio.forge.forge(ForgeRequest("house", engine="synth", neural=heard), SilentProgress())
    with pytest.raises(EngineUnavailable, match="needs a model"):
        studio.forge.forge(ForgeRequest("house", neural=heard), SilentProgress())
