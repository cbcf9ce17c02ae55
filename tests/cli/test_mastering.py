"""`master` beyond the contract: presets, references, the assistant, albums, proof, and whatever is thrown at it."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from sonicforge_studio.domain import ChainSettings
from sonicforge_studio.domain.chain import changed
from sonicforge_studio.mastering import Preset, write_preset
from tests.cli.conftest import Sonicforge
from tests.judges import ebur128
from tests.sounds import groove, write

RATE_HZ = 44_100
Block = NDArray[np.float32]


def odd_sounds() -> dict[str, Block]:
    music = groove(3)
    holes = music.copy()
    holes[:, 1000:1010] = np.nan
    return {
        "silence": np.zeros((2, 2 * RATE_HZ), np.float32),
        "50 ms": music[:, : RATE_HZ // 20],
        "one frame": music[:, 9000:9001],
        "mono": music[:1],
        "six channels": np.concatenate([music, 0.5 * music, 0.2 * music]),
        "offset": (0.3 * music + 0.5).astype(np.float32),
        "no numbers": holes,
        "all clipped": np.where(music >= 0.0, np.float32(1.0), np.float32(-1.0)),
        "whisper": (10 ** (-45 / 20) * music).astype(np.float32),
    }


@pytest.fixture
def song(tmp_path: Path) -> Path:
    return write(tmp_path / "song.wav", 0.5 * groove(4))


def test_odd_sounds_become_masters_or_sentences_and_none_spoils_the_rest(
    sonicforge: Sonicforge, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for name, samples in odd_sounds().items():
        soundfile.write(folder / f"{name}.wav", samples.T, RATE_HZ, subtype="FLOAT")
    (folder / "no sound.wav").write_bytes(b"RIFF nothing at all")
    out = tmp_path / "out"
    everything = ["--set", "eq.bands.2.gain_db=-3", "--set", "multiband.on=on", "--set", "multiband.bands.1.ratio=3"]
    said = sonicforge("master", folder, "-o", out, "--proof", "flac16", *everything, "--json")
    assert said.code == 1
    by_name = {Path(fields["path"]).stem: fields for fields in said.objects}
    assert set(by_name) == {*odd_sounds(), "no sound"}
    assert by_name.pop("no sound")["error"]["code"] == "not-audio"
    for name, fields in by_name.items():
        (path,) = fields["files"]
        info = soundfile.info(path)
        assert (info.channels, info.frames) == odd_sounds()[name].shape, name
        peak = fields["after"]["true_peak_dbtp"]
        assert peak is None or peak <= -1.0, name
        assert all(proof["clipped_samples"] == 0 for proof in fields["proof"]), name
    for name in ("mono", "offset", "no numbers"):
        assert by_name[name]["passed"], name
        assert ebur128(Path(by_name[name]["files"][0])).integrated_lufs == pytest.approx(-14.0, abs=0.15)
    assert not by_name["whisper"]["passed"]
    assert "40 dB" in by_name["whisper"]["notes"][0]
    assert not [path for path in out.iterdir() if path.suffix != ".wav"]


def test_a_shared_preset_is_used_and_one_that_cannot_be_is_refused(
    sonicforge: Sonicforge, tmp_path: Path, song: Path
) -> None:
    chain = changed(ChainSettings(), "eq.bands.6.gain_db", 9.0)
    preset = tmp_path / "Bright.sfpreset"
    write_preset(Preset("Bright", chain=chain), preset)
    bright = sonicforge("master", song, "-o", tmp_path / "bright.wav", "--preset", preset, "--json").only
    plain = sonicforge("master", song, "-o", tmp_path / "plain.wav", "--json").only
    levels = [brightness(Path(fields["files"][0])) for fields in (bright, plain)]
    assert levels[0] > 1.5 * levels[1]
    newer = tmp_path / "newer.sfpreset"
    newer.write_text(json.dumps({**json.loads(preset.read_text()), "version": 99}))
    nonsense = tmp_path / "nonsense.sfpreset"
    nonsense.write_text(preset.read_text().replace("9.0", "9000.0"))
    for bad, word in (
        (newer, "version"),
        (nonsense, "eq.bands.6.gain_db"),
        ("nobody", "named"),
        ("x.sfpreset", "x.sf"),
    ):
        said = sonicforge("master", song, "-o", tmp_path / "none.wav", "--preset", bad, "--json")
        assert said.code == 1
        assert word in said.only["error"]["message"]
        assert not (tmp_path / "none.wav").exists()


def test_presets_come_in_are_listed_used_given_out_and_deleted(
    sonicforge: Sonicforge, tmp_path: Path, song: Path
) -> None:
    given = tmp_path / "given.sfpreset"
    write_preset(Preset("Anna's glue", chain=changed(ChainSettings(), "glue.ratio", 3.0)), given)
    assert sonicforge("presets", "import", given, "--json").only["name"] == "Anna's glue"
    assert sonicforge("presets", "import", given, "--json").only["name"] == "Anna's glue 2"
    listed = sonicforge("presets", "--json").objects
    assert [entry["name"] for entry in listed if entry["own"]] == ["Anna's glue", "Anna's glue 2"]
    assert listed[0]["about"]
    assert "Anna's glue 2" in sonicforge("presets", "list").out
    assert sonicforge("master", song, "-o", tmp_path / "m.wav", "--preset", "anna's glue", "--json").code == 0
    out = tmp_path / "out.sfpreset"
    assert sonicforge("presets", "export", "Anna's glue", "-o", out, "--json").only["chain"]["glue"]["ratio"] == 3.0
    assert sonicforge("presets", "export", "glue", "-o", out, "--json").only["error"]["code"] == "output-exists"
    assert sonicforge("presets", "delete", "Anna's glue 2", "--json").code == 0
    assert sonicforge("presets", "delete", "glue", "--json").code == 1
    assert sonicforge("presets", "import", song, "--json").code == 1


def brightness(path: Path) -> float:
    samples = soundfile.read(path)[0].mean(axis=1)
    spectrum = np.abs(np.fft.rfft(samples))
    high = np.fft.rfftfreq(samples.size, 1 / RATE_HZ) > 5000
    return float(np.sqrt((spectrum[high] ** 2).sum() / (spectrum**2).sum()))


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (["--amount", "2"], "amount"),
        (["--set", "reverb.on=on"], "reverb"),
        (["--set", "glue.ratio=99"], "glue.ratio"),
        (["--set", "eq.bands.0.kind=wall"], "eq.bands.0.kind"),
        (["--lufs", "-90"], "loudness"),
        (["--keep-dynamics", "-3"], "dynamics"),
        (["--rate", "12"], "Rates"),
        (["--target", "reference"], "reference"),
        (["--proof", "wax"], "wax"),
        (["--reference", "nowhere.wav"], "nowhere.wav"),
    ],
)
def test_what_is_not_possible_is_said_in_a_sentence(
    sonicforge: Sonicforge, tmp_path: Path, song: Path, options: list[str], word: str
) -> None:
    said = sonicforge("master", song, "-o", tmp_path / "none.wav", *options, "--json")
    assert said.code == 1
    error = said.only["error"]
    assert word in error["message"]
    assert error["message"].endswith(".")
    assert "Traceback" not in said.err
    assert not (tmp_path / "none.wav").exists()


def test_references_lead_and_those_that_cannot_are_told_of(sonicforge: Sonicforge, tmp_path: Path, song: Path) -> None:
    dull = write(tmp_path / "dull.wav", np.cumsum(groove(4) - groove(4).mean(), axis=1).astype(np.float32) / 400)
    led = sonicforge("master", song, "-o", tmp_path / "led.wav", "--reference", f"{dull}:2", "--json").only
    alone = sonicforge("master", song, "-o", tmp_path / "alone.wav", "--json").only
    assert brightness(Path(led["files"][0])) < 0.7 * brightness(Path(alone["files"][0]))
    same = sonicforge("master", song, "-o", tmp_path / "same.wav", "--reference", song, "--json").only
    assert same["after"]["integrated_lufs"] == pytest.approx(-14.0, abs=0.1)
    silent = write(tmp_path / "silent.wav", np.zeros((2, RATE_HZ), np.float32))
    said = sonicforge("master", song, "-o", tmp_path / "none.wav", "--reference", silent, "--json")
    assert said.code == 1
    assert said.only["error"]["hint"]


def test_the_assistant_says_what_it_changed_and_why(sonicforge: Sonicforge, tmp_path: Path) -> None:
    music = groove(8)
    spectrum = np.fft.rfft(music)
    frequencies = np.fft.rfftfreq(music.shape[1], 1 / RATE_HZ)
    spectrum *= 10 ** (12 * np.exp(-((np.log2((frequencies + 1) / 3500) / 0.4) ** 2)) / 20)
    harsh = write(tmp_path / "harsh.wav", 0.2 * np.fft.irfft(spectrum).astype(np.float32))
    fields = sonicforge("master", harsh, "-o", tmp_path / "mended.wav", "--assist", "--json").only
    assert fields["suggestions"]
    for suggestion in fields["suggestions"]:
        assert "{" not in suggestion["reason"]
        assert suggestion["changes"]


def test_an_album_keeps_its_relations(sonicforge: Sonicforge, tmp_path: Path) -> None:
    loud, quiet = write(tmp_path / "loud.wav", 0.5 * groove(4)), write(tmp_path / "quiet.wav", 0.25 * groove(4))
    out = tmp_path / "album"
    said = sonicforge("master", loud, quiet, "-o", out, "--album", "--preset", "transparent", "--json")
    other = sonicforge("master", loud, "-o", out, "--album", "--target", "reference", "--reference", quiet, "--json")
    assert "album" in other.only["error"]["message"]
    lufs = {Path(fields["path"]).stem: fields["after"]["integrated_lufs"] for fields in said.objects}
    assert lufs["loud"] - lufs["quiet"] == pytest.approx(6.0, abs=0.2)
    assert 10 * math.log10((10 ** (lufs["loud"] / 10) + 10 ** (lufs["quiet"] / 10)) / 2) == pytest.approx(-14, abs=0.2)


def test_a_report_has_the_masters_own_figures(sonicforge: Sonicforge, tmp_path: Path) -> None:
    song = write(tmp_path / "żółć.wav", 0.5 * groove(3))
    report = tmp_path / "report.pdf"
    fields = sonicforge(
        "master", song, "-o", tmp_path / "out.wav", "--proof", "mp3-320", "--report", report, "--json"
    ).only
    assert report.read_bytes().startswith(b"%PDF")
    told = json.loads(report.with_suffix(".json").read_text())
    assert fields["report"] == [str(report), str(report.with_suffix(".json"))]
    assert [proof["format"] for proof in told["proof"]] == ["wav", "mp3-320"]
    assert told["after"]["integrated_lufs"] == fields["after"]["integrated_lufs"]
    said = sonicforge("master", song, "-o", tmp_path / "out2.wav", "--report", report, "--json")
    assert said.only["error"]["code"] == "output-exists"


def test_reports_on_songs_of_one_name_stand_side_by_side(sonicforge: Sonicforge, tmp_path: Path) -> None:
    songs = [write(tmp_path / folder / "song.wav", 0.5 * groove(2)) for folder in ("a", "b")]
    said = sonicforge("master", *songs, "-o", tmp_path / "out", "--report", tmp_path / "reports", "--json")
    assert said.code == 0, said.objects
    names = sorted(Path(path).name for fields in said.objects for path in fields["report"])
    assert names == ["song 2.json", "song 2.pdf", "song.json", "song.pdf"]
    told = {fields["path"]: json.loads(Path(fields["report"][1]).read_text())["original"] for fields in said.objects}
    assert told == {str(song): str(song) for song in songs}


def test_a_report_that_cannot_be_written_is_told_before_the_work(
    sonicforge: Sonicforge, tmp_path: Path, song: Path
) -> None:
    (tmp_path / "file").write_text("no folder")
    said = sonicforge("master", song, "-o", tmp_path / "out.wav", "--report", tmp_path / "file" / "r.pdf", "--json")
    assert said.only["error"]["code"] == "output-not-writable"
    assert not (tmp_path / "out.wav").exists()


def test_a_disk_that_fills_up_leaves_no_half_file(sonicforge: Sonicforge, small_disk: Path, song: Path) -> None:
    said = sonicforge("master", song, "-o", small_disk / "out.wav", "--proof", "flac", "--json")
    assert said.code == 1
    assert said.only["error"]["code"] == "disk-full"
    assert not list(small_disk.iterdir())


def test_one_master_is_safe_for_all_codecs(sonicforge: Sonicforge, tmp_path: Path) -> None:
    hard = write(tmp_path / "hard.wav", np.clip(4.0 * groove(4), -0.9, 0.9).astype(np.float32))
    formats = ["--proof", "mp3-v0,aac-128,opus-160"]
    fields = sonicforge("master", hard, "-o", tmp_path / "out.wav", *formats, "--json").only
    assert fields["passed"], [proof["reason"] for proof in fields["proof"]]
    assert max(proof["true_peak_dbtp"] for proof in fields["proof"]) <= -1.0
