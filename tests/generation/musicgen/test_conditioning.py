"""Models that follow a melody, beside transformers' ``generate``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sonicforge_studio.domain import Sampling
from sonicforge_studio.generation.musicgen.model_folder import read_model_folder

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from sonicforge_studio.generation.musicgen import pieces  # noqa: E402
from sonicforge_studio.generation.musicgen.codes import write_codes  # noqa: E402
from sonicforge_studio.generation.musicgen.loading import MusicGen  # noqa: E402

PROMPT = "warm rhodes"
TUNE = [0, 0, 4, 7, 11, 2, 2, 9, 5]
GREEDY = Sampling(greedy=True)


@pytest.fixture(scope="module", params=["melody", "stereo_melody"])
def model(request: pytest.FixtureRequest) -> MusicGen:
    return MusicGen(read_model_folder(request.getfixturevalue(f"{request.param}_folder")))


def dice(*seeds: int) -> list[Any]:
    return [torch.Generator().manual_seed(seed) for seed in seeds]


def theirs(folder: Path, tune: list[int], guidance: float, steps: int) -> Any:
    """The sound that transformers makes of prompt and tune; none where it is empty."""
    from transformers import MusicgenMelodyForConditionalGeneration, T5Tokenizer

    loaded = MusicgenMelodyForConditionalGeneration.from_pretrained(folder, local_files_only=True).eval()
    told = T5Tokenizer.from_pretrained(folder, local_files_only=True)([PROMPT], return_tensors="pt")
    features = {"input_features": torch.nn.functional.one_hot(torch.tensor([tune]), 12).float()} if tune else {}
    with torch.inference_mode():
        return loaded.generate(
            input_ids=told["input_ids"], attention_mask=told["attention_mask"], **features,
            do_sample=False, guidance_scale=guidance, max_new_tokens=steps,
        )[0].numpy()  # fmt: skip


@pytest.mark.parametrize("guidance", [1.0, 3.0])
@pytest.mark.parametrize("tune", [TUNE, TUNE * 30, []], ids=["short", "longer than a window", "none"])
def test_greedy_it_writes_what_transformers_writes(model: MusicGen, tune: list[int], guidance: float) -> None:
    sampling = Sampling(guidance=guidance, greedy=True)
    codes = write_codes(model.decoder, model.told([PROMPT], tune)(0), 40, dice(0), sampling)
    steps = 40 + model.decoder.codebooks // model.decoder.channels - 1
    expected = theirs(model.folder.path, tune, guidance, steps)
    assert np.abs(model.codec.decode(codes[0]) - expected).max() < 1e-5


def test_another_tune_is_other_music(model: MusicGen) -> None:
    heard = [write_codes(model.decoder, model.told([PROMPT], tune)(0), 40, dice(1), Sampling()) for tune in (TUNE, [7])]
    silent = write_codes(model.decoder, model.told([PROMPT])(0), 40, dice(1), Sampling())
    assert not torch.equal(heard[0], heard[1])
    assert not torch.equal(heard[0], silent)
    # Without a tune it is told one that stands still on the first pitch class.
    assert torch.equal(write_codes(model.decoder, model.told([PROMPT], [0])(0), 40, dice(1), Sampling()), silent)


@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_an_item_alone_and_in_a_batch_is_the_same_music(stereo_melody_folder: Path, precision: Any) -> None:
    model = MusicGen(read_model_folder(stereo_melody_folder), precision)
    together = write_codes(model.decoder, model.told([PROMPT] * 3, TUNE)(0), 60, dice(1, 2, 3), Sampling())
    alone = model.told([PROMPT], TUNE)(0)
    for row, seed in enumerate((1, 2, 3)):
        assert torch.equal(write_codes(model.decoder, alone, 60, dice(seed), Sampling())[0], together[row])
    assert not torch.equal(together[0], together[1])


def test_texts_of_several_lengths_are_refused(model: MusicGen) -> None:
    with pytest.raises(ValueError, match="one length"):
        model.told(["techno", "slow ambient piano"], TUNE)


def test_in_eight_bits_it_expects_nearly_the_same(melody_folder: Path) -> None:
    folder = read_model_folder(melody_folder)
    expected = []
    codes = None
    for precision in ("float32", "int8"):
        model = MusicGen(folder, precision)  # type: ignore[arg-type]
        told = model.told([PROMPT], TUNE)(0)
        if codes is None:
            codes = write_codes(model.decoder, told, 40, dice(1), Sampling())
        with torch.inference_mode():
            model.decoder.begin(told, 40, guided=True)
            steps = [model.decoder.step(codes[:, :, at : at + 1].repeat(2, 1, 1), at) for at in range(40)]
        expected.append(torch.stack(steps))
    exact, near = expected
    assert torch.nn.functional.cosine_similarity(near, exact, dim=-1).min() > 0.995
    assert (near - exact).abs().max() < 0.1 * exact.abs().max()


def test_codes_go_on_from_what_is_there(model: MusicGen) -> None:
    told = model.told([PROMPT], TUNE)(0)
    whole = write_codes(model.decoder, told, 50, dice(0), GREEDY)
    assert torch.equal(write_codes(model.decoder, told, 50, dice(0), GREEDY, before=whole[:, :, :30]), whole)


def test_a_later_window_is_told_what_the_tune_is_there(model: MusicGen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "WINDOW_SECONDS", 1.28)
    monkeypatch.setattr(pieces, "KEPT_SECONDS", 0.512)
    told = model.told([PROMPT], TUNE)
    # The second window begins after 0.768 s, which are 6 places of 0.128 s; after 9 the tune begins again.
    later = model.told([PROMPT], TUNE[6:] + TUNE[:6])(0)
    assert torch.equal(told(38).states, later.states)
    assert not torch.equal(told(38).states, told(0).states)
    assert torch.equal(told(38).untold, told(0).untold)
    first = write_codes(model.decoder, told(0), 64, dice(0), GREEDY)
    second = write_codes(model.decoder, later, 64, dice(0), GREEDY, before=first[:, :, 38:])
    long = pieces.write_piece(model.decoder, told, 102, dice(0), GREEDY, frame_rate_hz=50)
    assert torch.equal(long, torch.cat([first, second[:, :, 26:]], dim=2))
