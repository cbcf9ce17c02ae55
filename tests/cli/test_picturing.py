"""`spectrogram`: pictures with axes, in the contract's manner."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from sonicforge_studio.studio import spectrogram_picture
from tests.cli.conftest import Sonicforge
from tests.sounds import groove, tone, write

FIELDS = {
    "path", "files", "width", "height", "start_seconds", "duration_seconds", "warning", "elapsed_seconds",
}  # fmt: skip
PLOT = (slice(80, 350), slice(66, 500))
"""Of a picture of 600 × 400: inside of its axes."""


def pixels(path: str | Path) -> NDArray[np.int64]:
    with Image.open(path) as image:
        assert image.format == "PNG"
        return np.asarray(image.convert("L"), np.int64)


def test_a_picture_with_axes(sonicforge: Sonicforge, tmp_path: Path) -> None:
    path = write(tmp_path / "zażółć – 音楽.wav", tone(4.0, 1000.0))
    out = tmp_path / "deep" / "picture.png"
    said = sonicforge("spectrogram", path, "-o", out, "--width", 600, "--height", 400, "--json")
    assert said.code == 0
    fields = said.only
    assert set(fields) == FIELDS
    assert fields["path"] == str(path)
    assert fields["files"] == [str(out)]
    assert (fields["width"], fields["height"]) == (600, 400)
    assert (fields["start_seconds"], fields["duration_seconds"]) == (0.0, 4.0)
    light = pixels(out)
    assert light.shape == (400, 600)
    plot = light[PLOT]
    expected = 78 + (1 - np.log(1000 / 20) / np.log(22_050 / 20)) * (400 - 78 - 50)
    assert plot.mean(axis=1).argmax() + 80 == pytest.approx(expected, abs=2)
    assert light[:70].max() > 200  # the title
    assert light[355:].max() > 120  # the time axis
    assert light[80:340, 527:539].max() > 200  # the colour bar


def test_a_section_at_the_pace_and_colours_asked_for(sonicforge: Sonicforge, tmp_path: Path) -> None:
    path = write(tmp_path / "groove.flac", groove(6.0))
    out = tmp_path / "p.png"
    options = [
        "--width", 600, "--height", 400, "--start", 2.5, "--end", 2.75, "--fft-size", 512, "--low-hz", 100,
        "--high-hz", 8000, "--range-db", 60, "--colours", "paper",
    ]  # fmt: skip
    said = sonicforge("spectrogram", path, "-o", out, *options, "--json")
    assert said.only["duration_seconds"] == pytest.approx(0.25)
    assert said.only["start_seconds"] == 2.5
    assert np.median(pixels(out)[PLOT]) > 100  # dark on white


def test_several_go_into_a_folder_and_nothing_is_overwritten(sonicforge: Sonicforge, tmp_path: Path) -> None:
    paths = [write(tmp_path / "in" / f"{name}.wav", tone(0.5)) for name in "ab"]
    out = tmp_path / "pictures"
    for _ in range(2):
        assert sonicforge("spectrogram", tmp_path / "in", "-o", out, "--json").code == 0
    assert sorted(path.name for path in out.iterdir()) == ["a.wav 2.png", "a.wav.png", "b.wav 2.png", "b.wav.png"]
    assert sonicforge("spectrogram", *paths, "-o", tmp_path / "one.png").code == 2


def test_a_file_that_exists_is_refused_unless_forced(sonicforge: Sonicforge, tmp_path: Path) -> None:
    path, out = write(tmp_path / "a.wav", tone(0.5)), tmp_path / "out.png"
    out.write_text("mine")
    refused = sonicforge("spectrogram", path, "-o", out, "--json")
    assert refused.code == 1
    assert refused.only["error"]["code"] == "output-exists"
    assert out.read_text() == "mine"
    assert sonicforge("spectrogram", path, "-o", out, "--force", "--json").code == 0
    assert pixels(out).size


@pytest.mark.parametrize(
    "options",
    [
        ("--width", 10), ("--height", 99_999), ("--width", 16_384, "--height", 16_384), ("--fft-size", 1000),
        ("--fft-size", 32), ("--range-db", 500), ("--range-db", "nan"), ("--colours", "mud"), ("--start", -1),
        ("--start", "nan"), ("--start", 0.2, "--end", 0.1), ("--end", "nan"), ("--end", 1e300),
    ],
)  # fmt: skip
def test_a_setting_out_of_its_range_is_wrong_usage(
    sonicforge: Sonicforge, tmp_path: Path, options: tuple[object, ...]
) -> None:
    said = sonicforge("spectrogram", tmp_path / "a.wav", "-o", tmp_path / "o.png", *options, "--json")
    assert (said.code, said.out) == (2, "")


@pytest.mark.parametrize(
    "options",
    [
        ("--start", 5), ("--low-hz", 0), ("--low-hz", 900, "--high-hz", 90), ("--low-hz", "nan"),
        ("--high-hz", "inf", "--low-hz", "inf"),
    ],
)  # fmt: skip
def test_what_cannot_be_drawn_is_one_plain_error(
    sonicforge: Sonicforge, tmp_path: Path, options: tuple[object, ...]
) -> None:
    path = write(tmp_path / "a.wav", tone(0.5))
    said = sonicforge("spectrogram", path, "-o", tmp_path / "o.png", *options, "--json")
    assert said.code == 1
    assert said.only["error"]["code"] == "bad-setting"
    assert not (tmp_path / "o.png").exists()


@pytest.mark.parametrize("name", ["line\nbreak\x1c\x85\u2029.wav", "a" * 240 + ".wav", "ł" * 120 + ".wav"])
def test_odd_names(sonicforge: Sonicforge, tmp_path: Path, name: str) -> None:
    path = write(tmp_path / name, tone(0.2))
    said = sonicforge("spectrogram", path, "-o", tmp_path / "out", "--width", 300, "--height", 240, "--json")
    assert said.code == 0, said.out
    assert pixels(said.only["files"][0]).shape == (240, 300)


def test_a_picture_is_a_png(sonicforge: Sonicforge, tmp_path: Path) -> None:
    said = sonicforge("spectrogram", write(tmp_path / "a.wav", tone(0.2)), "-o", tmp_path / "a.jpg", "--json")
    assert (said.code, said.only["error"]["code"]) == (1, "unknown-format")
    assert not (tmp_path / "a.jpg").exists()


def test_a_picture_of_several_strips_has_no_seam(sonicforge: Sonicforge, tmp_path: Path) -> None:
    path, out = write(tmp_path / "a.wav", groove(2.0)), tmp_path / "o.png"
    options = ("--width", 700, "--height", 400, "--force", "--json")
    assert sonicforge("spectrogram", path, "-o", out, *options).code == 0
    whole = pixels(out)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spectrogram_picture, "_STRIP_PIXELS", 272 * 100)
        assert sonicforge("spectrogram", path, "-o", out, *options).code == 0
    assert np.abs(pixels(out) - whole).max() <= 1


def test_one_bad_input_never_spoils_the_rest(sonicforge: Sonicforge, tmp_path: Path) -> None:
    text = tmp_path / "text.mp3"
    text.write_text("no music\n" * 100)
    good = write(tmp_path / "good.wav", np.full((1, 1), 0.5, np.float32))
    silent = write(tmp_path / "silent.wav", np.zeros((8, 8000), np.float32), 8000)
    said = sonicforge("spectrogram", text, good, silent, tmp_path / "gone.wav", "-o", tmp_path / "out", "--json")
    assert said.code == 1
    codes = {Path(item["path"]).name: item.get("error", {}).get("code") for item in said.objects}
    assert codes == {"text.mp3": "not-audio", "good.wav": None, "silent.wav": None, "gone.wav": "missing-path"}


def test_a_file_that_breaks_off_is_drawn_with_a_warning(sonicforge: Sonicforge, tmp_path: Path) -> None:
    whole = write(tmp_path / "whole.flac", groove(8.0), subtype="PCM_16")
    cut = tmp_path / "cut.flac"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    said = sonicforge("spectrogram", cut, "-o", tmp_path / "cut.png", "--json")
    assert said.code == 0
    assert said.only["warning"]
    assert said.only["duration_seconds"] < 7.0
    assert sonicforge("spectrogram", whole, "-o", tmp_path / "whole.png").out.strip() == str(tmp_path / "whole.png")
