"""The decode loop of our own beside transformers' ``generate``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sonicforge_studio.domain import Cancelled
from sonicforge_studio.domain.errors import BadSetting
from sonicforge_studio.domain.neural import Sampling
from sonicforge_studio.generation.musicgen.model_folder import read_model_folder
from tests.generation.musicgen.conftest import load

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from sonicforge_studio.generation.musicgen.codes import write_codes  # noqa: E402
from sonicforge_studio.generation.musicgen.loading import MusicGen  # noqa: E402

PROMPTS = ["lofi hip hop", "slow ambient piano with warm rhodes", "techno"]


def write(model: MusicGen, prompts: list[str], frames: int, seeds: list[int], sampling: Sampling, **more: Any) -> Any:
    dice = [torch.Generator().manual_seed(seed) for seed in seeds]
    return write_codes(model.decoder, model.told(prompts)(0), frames, dice, sampling, **more)


@pytest.fixture(scope="module")
def mono(mono_folder: Path) -> MusicGen:
    return MusicGen(read_model_folder(mono_folder))


@pytest.fixture(scope="module")
def eight_bits(mono_folder: Path) -> MusicGen:
    return MusicGen(read_model_folder(mono_folder), "int8")


@pytest.mark.parametrize("guidance", [1.0, 3.0])
@pytest.mark.parametrize("name", ["mono", "stereo"])
def test_greedy_it_writes_what_transformers_writes(name: str, guidance: float, request: pytest.FixtureRequest) -> None:
    folder = request.getfixturevalue(f"{name}_folder")
    model = MusicGen(read_model_folder(folder))
    codes = write(model, PROMPTS, 40, [0, 0, 0], Sampling(guidance=guidance, greedy=True))
    theirs, processor = load(folder)
    inputs = processor(text=PROMPTS, padding=True, return_tensors="pt")
    steps = 40 + model.decoder.codebooks // model.decoder.channels - 1
    with torch.inference_mode():
        expected = theirs.generate(**inputs, do_sample=False, guidance_scale=guidance, max_new_tokens=steps).numpy()
    for row in range(3):
        assert np.abs(model.codec.decode(codes[row]) - expected[row]).max() < 1e-5


def test_an_item_alone_and_in_a_batch_is_the_same_music(mono: MusicGen) -> None:
    together = write(mono, PROMPTS, 60, [1, 2, 3], Sampling())
    for index, (prompt, seed) in enumerate(zip(PROMPTS, [1, 2, 3], strict=True)):
        assert torch.equal(write(mono, [prompt], 60, [seed], Sampling())[0], together[index])
    assert not torch.equal(write(mono, [PROMPTS[0]], 60, [4], Sampling())[0], together[0])


def test_codes_go_on_from_what_is_there(mono: MusicGen) -> None:
    before = write(mono, [PROMPTS[0]], 30, [1], Sampling())
    longer = write(mono, [PROMPTS[0]], 50, [2], Sampling(), before=before)
    assert torch.equal(longer[:, :, :30], before)
    # Greedy, going on is the same as never having stopped.
    whole = write(mono, [PROMPTS[0]], 50, [0], Sampling(greedy=True))
    halves = write(mono, [PROMPTS[0]], 50, [0], Sampling(greedy=True), before=whole[:, :, :30])
    assert torch.equal(halves, whole)


def test_in_eight_bits_it_expects_nearly_the_same(mono: MusicGen, eight_bits: MusicGen) -> None:
    """The distance in logits from the plain model, over every step of a piece that the plain model wrote."""
    codes = write(mono, PROMPTS, 40, [1, 2, 3], Sampling())
    told = mono.told(PROMPTS)(0)
    expected = []
    for model in (mono, eight_bits):
        with torch.inference_mode():
            model.decoder.begin(told, 40, guided=True)
            steps = [model.decoder.step(codes[:, :, at : at + 1].repeat(2, 1, 1), at) for at in range(40)]
        expected.append(torch.stack(steps))
    exact, near = expected
    assert torch.nn.functional.cosine_similarity(near, exact, dim=-1).min() > 0.995
    assert (near - exact).abs().max() < 0.1 * exact.abs().max()


def test_eight_bits_in_a_batch_are_the_same_music_too(eight_bits: MusicGen) -> None:
    together = write(eight_bits, PROMPTS, 60, [1, 2, 3], Sampling())
    for index, (prompt, seed) in enumerate(zip(PROMPTS, [1, 2, 3], strict=True)):
        assert torch.equal(write(eight_bits, [prompt], 60, [seed], Sampling())[0], together[index])


def test_every_step_is_told_and_may_stop(mono: MusicGen) -> None:
    told: list[tuple[int, int]] = []
    write(mono, [PROMPTS[0]], 20, [1], Sampling(), step=lambda done, total: told.append((done, total)))
    assert told == [(step, 23) for step in range(1, 24)]

    def stop(done: int, total: int) -> None:
        if done == 5:
            raise Cancelled()

    with pytest.raises(Cancelled):
        write(mono, [PROMPTS[0]], 20, [1], Sampling(), step=stop)


def test_only_the_likeliest_are_drawn(mono: MusicGen) -> None:
    greedy = write(mono, [PROMPTS[0]], 30, [0], Sampling(greedy=True))
    for narrow in (Sampling(top_k=1), Sampling(top_p=1e-6)):
        assert torch.equal(write(mono, [PROMPTS[0]], 30, [9], narrow), greedy)
    wide = write(mono, [PROMPTS[0]], 30, [9], Sampling(top_k=0))
    assert (wide == greedy).float().mean() < 0.5


@pytest.mark.parametrize(
    "wrong", [{"guidance": 0.5}, {"guidance": 11}, {"temperature": 0.0}, {"top_k": -1}, {"top_p": 1.5}]
)
def test_a_setting_outside_its_limits_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(BadSetting):
        Sampling(**wrong)  # type: ignore[arg-type]


def test_what_is_known_goes_through_eight_bits_at_once_or_step_by_step(eight_bits: MusicGen) -> None:
    before = write(eight_bits, PROMPTS, 70, [1, 2, 3], Sampling())
    longer = write(eight_bits, PROMPTS, 90, [4, 5, 6], Sampling(greedy=True), before=before)
    decoder = eight_bits.decoder
    told = eight_bits.told(PROMPTS)(0)
    with torch.inference_mode():
        decoder.begin(told, 90, guided=True)
        at_once = decoder.step(longer.repeat(2, 1, 1), 0)
        decoder.begin(told, 90, guided=True)
        stepwise = [decoder.step(longer[:, :, at : at + 1].repeat(2, 1, 1), at) for at in range(90)][-1]
    assert torch.equal(at_once, stepwise)


def test_several_threads_change_no_bit(eight_bits: MusicGen, mono_folder: Path) -> None:
    spread = MusicGen(read_model_folder(mono_folder), "int8", spread=True)
    codes = write(eight_bits, PROMPTS, 30, [1, 2, 3], Sampling())
    logits = []
    for model in (eight_bits, spread):
        model.decoder.begin(model.told(PROMPTS)(0), 30, guided=True)
        logits.append(model.decoder.step(codes.repeat(2, 1, 1), 0))
    assert torch.equal(*logits)


def test_what_is_compiled_beforehand_is_what_runs(eight_bits: MusicGen) -> None:
    from sonicforge_studio.kernels.transformer import run_layers, warm_transformer

    warm_transformer()
    write(eight_bits, PROMPTS, 10, [1, 2, 3], Sampling())
    assert len(run_layers.signatures) == 1  # type: ignore[attr-defined]
