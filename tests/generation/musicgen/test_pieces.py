"""A loaded model, from a text to sound, and pieces longer than its memory."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sonicforge_studio.domain.errors import ModelNotUsable
from sonicforge_studio.domain.neural import Sampling
from sonicforge_studio.generation.musicgen.model_folder import read_model_folder
from tests.generation.musicgen.conftest import load

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from sonicforge_studio.generation.musicgen import pieces  # noqa: E402
from sonicforge_studio.generation.musicgen.codes import write_codes  # noqa: E402
from sonicforge_studio.generation.musicgen.loading import MusicGen  # noqa: E402


@pytest.fixture(scope="module", params=["mono", "stereo"])
def model(request: pytest.FixtureRequest) -> MusicGen:
    return MusicGen(read_model_folder(request.getfixturevalue(f"{request.param}_folder")))


def _dice(*seeds: int) -> list[object]:
    return [torch.Generator().manual_seed(seed) for seed in seeds]


def test_the_sound_is_the_one_that_transformers_makes(model: MusicGen) -> None:
    told = model.told(["warm rhodes"])
    codes = write_codes(model.decoder, told(0), 40, _dice(0), Sampling(greedy=True))
    theirs, processor = load(model.folder.path)
    inputs = processor(text=["warm rhodes"], return_tensors="pt")
    steps = 40 + model.decoder.codebooks // model.decoder.channels - 1
    with torch.inference_mode():
        expected = theirs.generate(**inputs, do_sample=False, guidance_scale=3.0, max_new_tokens=steps)[0].numpy()
    heard = model.codec.decode(codes[0])
    assert heard.shape == (model.folder.channels, 40 * 640)
    assert np.abs(heard - expected).max() < 1e-5


@pytest.mark.parametrize("text", ["", "x" * 10_000, "techno " * 2_000, "日本語の音楽 🎵"])
def test_any_text_is_one(model: MusicGen, text: str) -> None:
    states, mask = model.encode([text, "piano"])
    assert states.shape[1] == mask.shape[1] <= 256
    assert mask[0].any()
    codes = write_codes(model.decoder, model.told([text, "piano"])(0), 4, _dice(1, 2), Sampling())
    assert codes.max() < model.decoder.vocabulary


def test_a_long_piece_is_windows_that_remember(model: MusicGen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "WINDOW_SECONDS", 1.0)
    monkeypatch.setattr(pieces, "KEPT_SECONDS", 0.4)
    told = model.told(["slow ambient"])
    steps: list[tuple[int, int]] = []
    parts: list[object] = []
    whole = pieces.write_piece(
        model.decoder, told, 137, _dice(5), Sampling(), frame_rate_hz=50,
        step=lambda done, total: steps.append((done, total)), part=parts.append,
    )  # fmt: skip
    assert whole.shape[2] == 137
    assert [part.shape[2] for part in parts] == [50, 30, 30, 27]  # type: ignore[attr-defined]
    assert torch.equal(torch.cat(parts, dim=2), whole)
    assert steps[-1][0] == steps[-1][1] == len(steps)
    # The same dice, the same piece; and each window goes on from the codes before it.
    again = pieces.write_piece(model.decoder, told, 137, _dice(5), Sampling(), frame_rate_hz=50)
    assert torch.equal(again, whole)
    greedy = Sampling(greedy=True)
    first = write_codes(model.decoder, told(0), 50, _dice(0), greedy)
    second = write_codes(model.decoder, told(0), 50, _dice(0), greedy, before=first[:, :, 30:])
    long = pieces.write_piece(model.decoder, told, 80, _dice(0), greedy, frame_rate_hz=50)
    assert torch.equal(long, torch.cat([first, second[:, :, 20:]], dim=2))


def test_a_piece_goes_on_from_codes_that_are_there(model: MusicGen) -> None:
    told = model.told(["piano"])
    before = write_codes(model.decoder, told(0), 30, _dice(1), Sampling())
    longer = pieces.write_piece(model.decoder, told, 60, _dice(2), Sampling(), frame_rate_hz=50, before=before)
    assert torch.equal(longer[:, :, :30], before)
    assert longer.shape[2] == 60


def test_what_the_loader_cannot_read_is_said(mono_folder: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(mono_folder, tmp_path / "model"))
    folder = read_model_folder(copy)
    (copy / "tokenizer.json").write_text("{}")
    with pytest.raises(ModelNotUsable, match="cannot be loaded"):
        MusicGen(folder)


class _Counting:
    """A language model that is smooth by construction: each codebook counts on from the code before it."""

    codebooks, channels, vocabulary = 4, 1, 64

    def begin(self, told: Any, frames: int, *, guided: bool) -> None:
        return

    def step(self, codes: torch.Tensor, position: int) -> torch.Tensor:
        last = codes[:, :, -1]
        following = torch.where(last == self.vocabulary, 0, (last + 1) % self.vocabulary)
        return torch.nn.functional.one_hot(following, self.vocabulary).float()


def test_no_seam_is_heard_where_windows_meet(mono_folder: Path) -> None:
    """Energy and spectrum change across the joins no more than within the windows."""
    model = MusicGen(read_model_folder(mono_folder))
    angles = torch.arange(64) * (2 * torch.pi / 64)
    for turns, layer in enumerate(model.codec._model.quantizer.layers, 1):
        waves = [torch.cos(turns * angles + phase) for phase in torch.arange(16) / 5]
        layer.codebook.embed.copy_(torch.stack(waves, dim=1))
    told = model.told(["techno"])
    frames = 66 * 50
    greedy = Sampling(greedy=True, guidance=1.0)
    codes = pieces.write_piece(_Counting(), told, frames, _dice(0), greedy, frame_rate_hz=50)
    assert torch.equal(codes[0], (torch.arange(frames) % 64).expand(4, -1))
    sounding = model.codec.sounding()
    parts = codes[0].split(50, dim=1)
    heard = [sounding.add(part, last=index == len(parts) - 1)[0] for index, part in enumerate(parts)]
    stretches = np.concatenate(heard).reshape(-1, 640)  # 20 ms each
    energies = np.log(np.square(stretches).mean(axis=1) + 1e-12)
    spectra = np.log(np.abs(np.fft.rfft(stretches * np.hanning(640), axis=1)) + 1e-9)
    steps = np.abs(np.diff(energies)), np.sqrt(np.square(np.diff(spectra, axis=0)).mean(axis=1))
    joins = [30 * 50 - 1, 48 * 50 - 1]
    for changes in steps:
        within = np.delete(changes[100:-20], [join - 100 for join in joins])
        assert changes[joins].max() <= within.max() * 1.001
