"""The codec piece by piece beside the codec at once, which is transformers' own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.generation.musicgen.conftest import load

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from sonicforge_studio.generation.musicgen.loading import MusicGen  # noqa: E402
from sonicforge_studio.generation.musicgen.model_folder import read_model_folder  # noqa: E402


@pytest.fixture(scope="module")
def stereo(stereo_folder: Path) -> MusicGen:
    return MusicGen(read_model_folder(stereo_folder))


def _codes(count: int) -> Any:
    return torch.randint(0, 64, (8, count), generator=torch.Generator().manual_seed(3))


def test_at_once_it_sounds_as_transformers_has_it(stereo: MusicGen, stereo_folder: Path) -> None:
    theirs, _ = load(stereo_folder)
    codes = _codes(120)
    with torch.inference_mode():
        expected = [
            theirs.audio_encoder.decode(codes[None, None, side::2], [None]).audio_values[0, 0].numpy()
            for side in (0, 1)
        ]
    assert np.abs(stereo.codec.decode(codes) - np.stack(expected)).max() < 1e-6


@pytest.mark.parametrize("parts", [[120], [1] * 120, [50, 50, 20], [3, 5, 7, 100, 5], [119, 1]])
def test_in_pieces_it_is_the_same_sound(stereo: MusicGen, parts: list[int]) -> None:
    codes, sounding, heard, place = _codes(120), stereo.codec.sounding(), [], 0
    for part in parts:
        heard.append(sounding.add(codes[:, place : place + part], last=place + part == 120))
        place += part
    pieces = np.concatenate([block.reshape(2, -1) for block in heard], axis=1)
    whole = stereo.codec.decode(codes)
    assert pieces.shape == whole.shape == (2, 120 * 640)
    assert np.abs(pieces - whole).max() < 1e-5 * max(1.0, np.abs(whole).max())


def test_it_keeps_back_no_more_than_a_third_of_a_second(stereo: MusicGen) -> None:
    sounding = stereo.codec.sounding()
    assert sounding.add(_codes(50), last=False).shape[1] >= (50 - 17) * 640
