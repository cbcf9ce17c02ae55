"""The command line's contract: names, fields, exit codes."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import mido
import numpy as np
import pytest

from tests.cli.conftest import Sonicforge
from tests.sounds import groove, tone, write

ANALYSIS_FIELDS = {
    "path", "elapsed_seconds", "duration_seconds", "sample_rate_hz", "channels", "codec", "content_hash", "audio_hash",
    "tempo_bpm", "tempo_confidence", "tempo_candidates", "beats_seconds", "downbeats_seconds", "key", "camelot",
    "key_confidence", "key_candidates", "key_segments", "sections", "genre", "integrated_lufs", "loudness_range_lu",
    "momentary_max_lufs", "short_term_max_lufs", "true_peak_dbtp", "sample_peak_dbfs", "features", "embedding",
}  # fmt: skip
LOUDNESS_FIELDS = {
    "integrated_lufs", "loudness_range_lu", "momentary_max_lufs", "short_term_max_lufs", "true_peak_dbtp",
    "sample_peak_dbfs",
}  # fmt: skip


def test_analyze_has_every_field_and_measures(sonicforge: Sonicforge, tmp_path: Path) -> None:
    path = write(tmp_path / "groove.wav", groove(20, 120))
    said = sonicforge("analyze", path, "--json")
    assert said.code == 0
    fields = said.only
    assert set(fields) >= ANALYSIS_FIELDS
    assert fields["path"] == str(path)
    assert fields["tempo_bpm"] == pytest.approx(120, abs=0.2)
    assert fields["key"] == "A minor"
    assert fields["camelot"] == "8A"
    assert fields["codec"] == "pcm_s16le"
    assert fields["features"]["spectral_centroid_hz"] > 100


def test_one_bad_input_never_spoils_the_rest(sonicforge: Sonicforge, tmp_path: Path) -> None:
    good = write(tmp_path / "good.wav", tone())
    text = tmp_path / "text.mp3"
    text.write_text("this is not music\n" * 100)
    empty = tmp_path / "empty.flac"
    empty.touch()
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "readme.txt").write_text("no audio here")
    missing = tmp_path / "missing.wav"
    said = sonicforge("analyze", text, empty, folder, missing, good, "--json")
    assert said.code == 1
    by_path = {item["path"]: item for item in said.objects}
    assert set(by_path[str(good)]) >= ANALYSIS_FIELDS
    codes = {Path(path).name: item["error"]["code"] for path, item in by_path.items() if "error" in item}
    assert codes == {
        "text.mp3": "not-audio",
        "empty.flac": "empty-file",
        "folder": "no-audio-in-folder",
        "missing.wav": "missing-path",
    }
    for item in by_path.values():
        if "error" in item:
            assert set(item["error"]) == {"code", "message", "hint"}
            assert item["error"]["message"].endswith(".")
    assert "Traceback" not in said.err


def test_a_truncated_file_gives_what_there_is(sonicforge: Sonicforge, tmp_path: Path) -> None:
    whole = write(tmp_path / "whole.flac", groove(10))
    cut = tmp_path / "cut.flac"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    fields = sonicforge("analyze", cut, "--json").only
    assert 2 < fields["duration_seconds"] < 9
    assert "could be read" in fields["warning"]


def test_silence_has_no_readings_and_no_nan(sonicforge: Sonicforge, tmp_path: Path) -> None:
    path = write(tmp_path / "silence.wav", 0 * tone())
    fields = sonicforge("analyze", path, "--json").only
    assert fields["integrated_lufs"] is None
    assert fields["true_peak_dbtp"] is None
    assert fields["tempo_bpm"] is None
    assert fields["key"] is None


def test_a_second_look_comes_from_the_cache(sonicforge: Sonicforge, tmp_path: Path) -> None:
    path = write(tmp_path / "groove.wav", groove(20))
    first = sonicforge("analyze", path, "--json").only
    again = sonicforge("analyze", path, "--json").only
    moved = path.rename(tmp_path / "renamed.wav")
    elsewhere = sonicforge("analyze", moved, "--json").only
    for other in (again, elsewhere):
        assert {**other, "path": 0, "elapsed_seconds": 0} == {**first, "path": 0, "elapsed_seconds": 0}
    assert again["elapsed_seconds"] < first["elapsed_seconds"]


def test_names_in_any_script_come_back_as_given(sonicforge: Sonicforge, tmp_path: Path) -> None:
    paths = [
        write(tmp_path / name, tone()) for name in ("zażółć gęślą.wav", "音楽 🎵.wav", "line\nbreak.wav", "[x]*?.wav")
    ]
    undecodable = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe.wav"))
    paths[0].rename(undecodable)
    said = sonicforge("analyze", undecodable, *paths[1:], "--json")
    assert said.code == 0
    assert {item["path"] for item in said.objects} == {str(undecodable), *map(str, paths[1:])}
    assert sonicforge("library", "add", undecodable, "--json").code == 0
    assert sonicforge("library", "list").code == 0


def test_fingerprint_is_acoustids_text(sonicforge: Sonicforge, tmp_path: Path) -> None:
    fields = sonicforge("fingerprint", write(tmp_path / "a.wav", groove()), "--json").only
    assert set(fields) == {"path", "duration_seconds", "fingerprint", "elapsed_seconds"}
    assert fields["fingerprint"].startswith("AQ")
    assert fields["duration_seconds"] == pytest.approx(12)


def test_duplicates_is_one_object_with_every_pair(sonicforge: Sonicforge, tmp_path: Path) -> None:
    write(tmp_path / "a.wav", groove(20, 123, seed=3))
    write(tmp_path / "copy.wav", groove(20, 123, seed=3))
    write(tmp_path / "other.wav", tone(20, 330))
    write(tmp_path / "louder.flac", 1.5 * groove(20, 123, seed=3))
    fields = sonicforge("duplicates", tmp_path, "--json").only
    found = {(Path(pair["a"]).name, Path(pair["b"]).name): pair["kind"] for pair in fields["pairs"]}
    assert {frozenset(names) for names in found} == {
        frozenset(("a.wav", "copy.wav")),
        frozenset(("a.wav", "louder.flac")),
        frozenset(("copy.wav", "louder.flac")),
    }
    assert found[("a.wav", "copy.wav")] == "same_file"
    assert set(fields["pairs"][0]) >= {"a", "b", "kind", "score", "offset_seconds"}


def test_master_measures_the_written_file(sonicforge: Sonicforge, tmp_path: Path) -> None:
    path = write(tmp_path / "groove.wav", groove(15))
    out = tmp_path / "master.flac"
    fields = sonicforge("master", path, "-o", out, "--target", "spotify", "--proof", "mp3,opus", "--json").only
    assert fields["path"] == str(path)
    assert set(fields["before"]) == set(fields["after"]) == LOUDNESS_FIELDS
    assert fields["after"]["integrated_lufs"] == pytest.approx(-14, abs=0.2)
    assert fields["after"]["true_peak_dbtp"] <= -1
    assert [proof["format"] for proof in fields["proof"]] == ["flac", "mp3", "opus"]
    assert fields["files"] == [str(out)]
    measured = sonicforge("analyze", out, "--json").only
    assert measured["integrated_lufs"] == pytest.approx(fields["after"]["integrated_lufs"], abs=0.01)


def test_an_output_that_exists_is_refused_unless_forced(sonicforge: Sonicforge, tmp_path: Path) -> None:
    path = write(tmp_path / "groove.wav", groove(8))
    out = write(tmp_path / "master.wav", tone(1))
    before = out.read_bytes()
    refused = sonicforge("master", path, "-o", out, "--json")
    assert (refused.code, refused.only["error"]["code"]) == (1, "output-exists")
    assert out.read_bytes() == before
    assert sonicforge("master", path, "-o", out, "--force", "--json").code == 0
    assert out.read_bytes() != before
    itself = sonicforge("master", path, "-o", path, "--force", "--json")
    assert itself.only["error"]["code"] == "output-exists"


def test_a_lossy_master_keeps_its_ceiling(sonicforge: Sonicforge, tmp_path: Path) -> None:
    path = write(tmp_path / "groove.wav", (3.0 * groove(5)).clip(-1, 1))
    for suffix in ("mp3", "m4a", "opus"):
        fields = sonicforge("master", path, "-o", tmp_path / f"m.{suffix}", "--target", "club", "--json").only
        assert fields["after"]["true_peak_dbtp"] <= -0.3, suffix
        assert fields["proof"][0]["format"] == suffix


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--bpm", "0"], "tempo-out-of-range"),
        (["--bpm", "5000"], "tempo-out-of-range"),
        (["--bpm", "nan"], "tempo-out-of-range"),
        (["--key", "X minor"], "unknown-key"),
        (["--seconds", "0.2"], "duration-out-of-range"),
        (["--seconds", "1e9"], "duration-out-of-range"),
        (["--target", "radio"], "unknown-target"),
        (["--format", "xyz"], "unknown-format"),
        (["--engine", "magic"], "unknown-engine"),
        (["--engine", "musicgen"], "engine-unavailable"),
        (["--candidates", "0"], "bad-setting"),
    ],
)
def test_what_cannot_be_forged_is_a_sentence(
    sonicforge: Sonicforge, tmp_path: Path, options: list[str], code: str
) -> None:
    out = tmp_path / "out"
    said = sonicforge("forge", "house", "--seconds", "2", *options, "-o", out, "--json")
    assert said.code == 1
    assert said.only["error"]["code"] == code
    assert not out.exists() or not any(out.iterdir())
    for_people = sonicforge("forge", "house", "--seconds", "2", *options, "-o", out)
    assert code in for_people.err
    assert "Traceback" not in for_people.err


def test_forge_has_every_field(sonicforge: Sonicforge, tmp_path: Path) -> None:
    out = tmp_path / "out"
    prompt = "liquid drum and bass, 174 bpm, A minor, dreamy"
    arguments = ("forge", prompt, "--seconds", 12, "--seed", 7, "--stems", "--midi", "-o", out, "--json")
    fields = sonicforge(*arguments).only
    assert set(fields) >= {
        "path", "files", "recipe", "analysis", "verdict", "master", "fingerprint", "candidates", "elapsed_seconds",
    }  # fmt: skip
    assert set(fields["recipe"]) >= {
        "engine", "engine_version", "seed", "prompt", "concept", "licence", "parents", "pcm_hash",
    }  # fmt: skip
    assert set(fields["verdict"]) >= {"score", "approved", "reasons"}
    assert 0 <= fields["verdict"]["score"] <= 100
    assert set(fields["analysis"]) >= ANALYSIS_FIELDS - {"path", "elapsed_seconds"}
    assert fields["recipe"]["prompt"] == prompt
    assert fields["recipe"]["concept"]["tempo_bpm"] == 174
    assert fields["recipe"]["concept"]["key"] == "A minor"
    assert fields["analysis"]["duration_seconds"] == pytest.approx(12, abs=0.01)
    assert fields["master"]["after"]["integrated_lufs"] == pytest.approx(-14, abs=0.2)
    assert fields["analysis"]["audio_hash"] == fields["recipe"]["pcm_hash"]
    for file in fields["files"]:
        assert Path(file).is_file()
    assert {Path(file).suffix for file in fields["files"]} == {".wav", ".mid"}
    assert any(Path(file).parent.name == "stems" for file in fields["files"])
    listed = sonicforge("library", "search", "drum", "bpm:170-178", "--json").only
    assert listed["path"] == fields["path"]
    assert listed["score"] == 1

    again = sonicforge(*arguments).only
    assert again["recipe"]["pcm_hash"] == fields["recipe"]["pcm_hash"]
    assert again["path"] != fields["path"], "nothing is overwritten: a taken name gets a number"


def test_candidates_are_other_seeds_and_the_best_is_kept(sonicforge: Sonicforge, tmp_path: Path) -> None:
    said = sonicforge("forge", "lo-fi", "--seconds", 6, "--seed", 1, "--candidates", 3, "-o", tmp_path, "--json")
    fields = said.only
    assert {fields["recipe"]["seed"], *(other["seed"] for other in fields["candidates"])} == {1, 2, 3}
    assert all(set(other) == {"seed", "score"} for other in fields["candidates"])


@pytest.mark.parametrize("format", ["wav", "flac", "mp3", "m4a", "opus"])
def test_a_recipe_makes_the_file_again_sample_for_sample(sonicforge: Sonicforge, tmp_path: Path, format: str) -> None:
    made = sonicforge(
        "forge", "house in C major", "--seconds", 5, "--seed", 3, "--format", format, "-o", tmp_path / "one", "--json"
    ).only
    again = sonicforge("generate", "--recipe", made["path"], "-o", tmp_path / "two", "--json").only
    assert again["same"] is True
    assert again["differs"] is None
    assert again["recipe"]["pcm_hash"] == made["recipe"]["pcm_hash"]
    hash_of_file = sonicforge("analyze", again["path"], "--json").only["audio_hash"]
    assert hash_of_file == made["recipe"]["pcm_hash"]


def test_of_a_recipe_come_stems_notes_and_other_formats(sonicforge: Sonicforge, tmp_path: Path) -> None:
    made = sonicforge("forge", "house", "--seconds", 3, "--seed", 3, "-o", tmp_path / "one", "--json").only
    again = sonicforge(
        "generate", "--recipe", made["path"], "--format", "flac", "--stems", "--midi", "-o", tmp_path / "two", "--json"
    ).only
    assert again["same"] is True
    path, *stems, midi = map(Path, again["files"])
    assert (path.suffix, midi.suffix) == (".flac", ".mid")
    assert {stem.parent.name for stem in stems} == {"stems"}
    # Stems and notes tell of the piece before it was mastered, and make it again.
    for part in (stems[0], midi):
        assert sonicforge("generate", "--recipe", part, "-o", tmp_path / "three", "--json").only["same"] is True
    refused = sonicforge("generate", "--recipe", stems[0], "--midi", "-o", tmp_path / "four", "--json")
    assert (refused.code, refused.only["error"]["code"]) == (1, "bad-setting")
    thrown = sonicforge("generate", "--recipe", midi, "--seed", 2**53 + 1, "-o", tmp_path / "four", "--json")
    assert (thrown.code, thrown.only["error"]["code"]) == (1, "bad-setting")


def test_a_master_of_a_foreign_file_is_made_again_from_the_library(sonicforge: Sonicforge, tmp_path: Path) -> None:
    path = write(tmp_path / "mine.wav", groove(8))
    master = tmp_path / "master.wav"
    assert sonicforge("master", path, "-o", master, "--json").code == 0
    lost = sonicforge("generate", "--recipe", master, "-o", tmp_path / "two", "--json")
    assert (lost.code, lost.only["error"]["code"]) == (1, "missing-path")
    sonicforge("library", "add", path)
    assert sonicforge("generate", "--recipe", master, "-o", tmp_path / "two", "--json").only["same"] is True
    pairs = sonicforge("duplicates", path, master, "--json").only["pairs"]
    assert [pair["kind"] for pair in pairs] == ["master_of"]
    assert pairs[0]["a"] == str(master)


def test_a_file_without_a_recipe_says_so(sonicforge: Sonicforge, tmp_path: Path) -> None:
    said = sonicforge("generate", "--recipe", write(tmp_path / "a.wav", tone(1)), "--json")
    assert (said.code, said.only["error"]["code"]) == (1, "no-recipe")


@pytest.mark.parametrize(
    "arguments",
    [
        ["analyze"],
        ["nonsense"],
        ["forge"],
        ["generate"],
        ["generate", "x", "--recipe", "y"],
        ["generate", "--recipe", "y", "--bpm", "120"],
        ["generate", "--recipe", "y", "--engine", "auto"],
        ["generate", "--recipe", "y", "--form", "intro 4"],
        ["analyze", "a", "--what"],
    ],
)
def test_wrong_usage_is_2(sonicforge: Sonicforge, arguments: list[str]) -> None:
    said = sonicforge(*arguments)
    assert said.code == 2
    assert said.out == ""
    assert "Usage" in said.err


def test_library_lists_and_finds(sonicforge: Sonicforge, tmp_path: Path) -> None:
    write(tmp_path / "music" / "night bus.wav", groove(10, 120))
    write(tmp_path / "music" / "morning.flac", groove(10, 90, seed=2))
    added = sonicforge("library", "add", tmp_path / "music", "--json")
    assert added.code == 0
    assert len(added.objects) == 2
    listed = sonicforge("library", "list", "--json").objects
    assert {item["title"] for item in listed} == {"night bus", "morning"}
    assert all({"id", "title", "artist", "score"} <= set(item) for item in listed)
    assert sonicforge("library", "search", "nig", "--json").only["title"] == "night bus"
    assert sonicforge("library", "search", "bpm:119-121", "--json").only["title"] == "night bus"
    assert sonicforge("library", "search", "'; DROP TABLE tracks; --", "--json").objects == []
    assert len(sonicforge("library", "list", "--json").objects) == 2


def test_what_sounds_alike_is_found_by_its_number_or_by_a_file(sonicforge: Sonicforge, tmp_path: Path) -> None:
    for name, sound in (("low", 220.0), ("lower", 221.0), ("noise", 0.0)):
        samples = tone(2.0, sound) if sound else np.random.default_rng(1).uniform(-0.5, 0.5, (2, 88_200))
        write(tmp_path / f"{name}.wav", samples, 44_100)
    sonicforge("library", "add", tmp_path)
    (low,) = [track for track in sonicforge("library", "list", "--json").objects if track["title"] == "low"]
    first, second = sonicforge("library", "similar", low["id"], "--json").objects
    assert [first["title"], second["title"]] == ["lower", "noise"]
    assert 0.9 < first["score"] <= 1.0
    assert second["score"] < first["score"]
    assert "embedding" in first
    assert sonicforge("library", "similar", low["id"], "noise", "--json").only["title"] == "noise"
    write(tmp_path / "elsewhere.wav", tone(2.0, 220.0), 44_100)
    assert sonicforge("library", "similar", tmp_path / "elsewhere.wav", "--limit", 1, "--json").only["title"] == "low"
    assert sonicforge("library", "similar", tmp_path / "low.wav", "--limit", 1, "--json").only["title"] == "lower"
    said = sonicforge("library", "similar", 99_999, "--json")
    assert (said.code, said.only["path"], said.only["error"]["code"]) == (1, "99999", "library-error")
    assert sonicforge("library", "similar", tmp_path / "gone.wav", "--json").only["error"]["code"] == "missing-path"


def test_verify_names_what_is_missing_or_changed(sonicforge: Sonicforge, tmp_path: Path) -> None:
    paths = [write(tmp_path / name, tone(hz=hz)) for name, hz in (("a.wav", 220), ("b.wav", 330), ("c.wav", 440))]
    sonicforge("library", "add", *paths)
    assert sonicforge("library", "verify", "--json").only["sound"] is True
    paths[0].unlink()
    write(paths[1], tone(hz=550))
    said = sonicforge("library", "verify", "--json")
    assert said.code == 1
    assert (said.only["missing"], said.only["changed"]) == ([str(paths[0])], [str(paths[1])])


def test_the_home_can_be_named(sonicforge: Sonicforge, tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", tone())
    assert sonicforge("library", "add", path, "--home", tmp_path / "elsewhere").code == 0
    assert sonicforge("library", "list", "--json").objects == []
    assert len(sonicforge("library", "list", "--json", "--home", tmp_path / "elsewhere").objects) == 1


def test_doctor_looks_the_machine_over(sonicforge: Sonicforge) -> None:
    said = sonicforge("doctor", "--json")
    checks = {item["check"]: item for item in said.objects}
    assert checks["Decoders"]["ok"]
    assert "0 tracks" in checks["Library"]["value"]
    assert math.isfinite(len(sonicforge("doctor").out))


def test_doctor_looks_at_a_damaged_library_too(sonicforge: Sonicforge, tmp_path: Path) -> None:
    home = tmp_path / "damaged"
    home.mkdir()
    (home / "library.sqlite").write_bytes(b"no database at all" * 300)
    said = sonicforge("doctor", "--json", "--home", home)
    (library,) = [finding for finding in said.objects if finding["check"] == "Library"]
    assert (said.code, library["ok"]) == (0, False)
    assert library["hint"]
    assert len(said.objects) > 8


def test_for_people_there_are_tables(sonicforge: Sonicforge, tmp_path: Path) -> None:
    path = write(tmp_path / "groove.wav", groove(10, 120))
    assert "8A" in sonicforge("analyze", path).out
    assert "FINGERPRINT=AQ" in sonicforge("fingerprint", path).out
    assert "No duplicates." in sonicforge("duplicates", path).out
    assert "passed" in sonicforge("master", path, "-o", tmp_path / "m.wav").out
    assert "approved" in sonicforge("forge", "ambient", "--seconds", 4, "-o", tmp_path).out


def test_two_inputs_of_one_name_make_two_masters(sonicforge: Sonicforge, tmp_path: Path) -> None:
    paths = [write(tmp_path / folder / "x.wav", groove(4, seed=seed)) for seed, folder in enumerate("ab")]
    said = sonicforge("master", *paths, "-o", tmp_path / "out", "--force", "--workers", 2, "--json")
    assert said.code == 0
    assert len({item["files"][0] for item in said.objects}) == 2
    assert len(list((tmp_path / "out").iterdir())) == 2


def test_a_master_of_a_master_of_a_foreign_file_is_made_again(sonicforge: Sonicforge, tmp_path: Path) -> None:
    path = write(tmp_path / "mine.wav", groove(6))
    sonicforge("library", "add", path)
    sonicforge("master", path, "-o", tmp_path / "one.wav", "--target", "spotify")
    sonicforge("master", tmp_path / "one.wav", "-o", tmp_path / "two.wav", "--target", "club")
    again = sonicforge("generate", "--recipe", tmp_path / "two.wav", "-o", tmp_path / "again", "--json").only
    assert again["same"] is True
    assert len(again["recipe"]["mastering"]) == 2


def test_an_unmastered_piece_and_its_stems_hash_as_their_recipes_say(sonicforge: Sonicforge, tmp_path: Path) -> None:
    made = sonicforge("generate", "house", "--seconds", 4, "--seed", 2, "--stems", "-o", tmp_path, "--json").only
    assert made["master"] is None
    hashes = [item["audio_hash"] for item in sonicforge("analyze", *made["files"], "--json").objects]
    assert made["recipe"]["pcm_hash"] in hashes
    again = sonicforge("generate", "--recipe", made["files"][1], "-o", tmp_path / "again", "--json").only
    assert again["same"] is True
    assert again["recipe"]["part"]


def test_an_existing_file_stays_when_its_replacement_fails(sonicforge: Sonicforge, tmp_path: Path) -> None:
    out = write(tmp_path / "master.wav", tone(1))
    before = out.read_bytes()
    broken = tmp_path / "broken.wav"
    broken.write_text("nothing to hear")
    assert sonicforge("master", broken, "-o", out, "--force", "--json").code == 1
    assert out.read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--seed", "9" * 20], "bad-setting"),
        (["--key", "13A"], "unknown-key"),
    ],
)
def test_what_no_recipe_could_hold_is_refused(sonicforge: Sonicforge, arguments: list[str], code: str) -> None:
    said = sonicforge("forge", "house", "--seconds", "2", *arguments, "--json")
    assert (said.code, said.only["error"]["code"], said.only["path"]) == (1, code, "house")


def test_one_sample_is_mastered_as_far_as_it_goes(sonicforge: Sonicforge, tmp_path: Path) -> None:
    path = write(tmp_path / "one.wav", tone()[:, 100:101])
    said = sonicforge("master", path, "-o", tmp_path / "out.wav", "--json")
    assert said.code == 0
    assert said.only["proof"][0]["passed"] is False


def test_a_suffix_that_contradicts_the_format_is_refused(sonicforge: Sonicforge, tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", tone())
    said = sonicforge("master", path, "-o", tmp_path / "b.wav", "--format", "mp3", "--json")
    assert said.only["error"]["code"] == "bad-setting"


def test_own_loudness_keeps_the_targets_ceiling(sonicforge: Sonicforge, tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", groove(5))
    said = sonicforge("master", path, "-o", tmp_path / "b.wav", "--target", "club", "--lufs", "-12", "--json")
    assert said.only["target"]["integrated_lufs"] == -12
    assert said.only["target"]["ceiling_dbtp"] == -0.3


@pytest.mark.parametrize("wait_seconds", [0.1, 0.6, 1.5])
def test_ctrl_c_is_130_without_a_traceback(tmp_path: Path, wait_seconds: float) -> None:
    path = write(tmp_path / "long.wav", groove(120))
    code = "import sys; from sonicforge_studio.cli.start import run; print('begun', file=sys.stderr, flush=True); run()"
    command = [sys.executable, "-c", code]
    arguments = ["master", str(path), "-o", str(tmp_path / "out.wav"), "--json"]
    process = subprocess.Popen([*command, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    assert process.stderr.readline() == "begun\n"
    time.sleep(wait_seconds)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert out == ""
    assert "Traceback" not in err
    assert "Cancelled." in err
    assert [entry.name for entry in tmp_path.iterdir() if "out.wav" in entry.name] == []


def test_a_name_cannot_steer_the_terminal(sonicforge: Sonicforge, tmp_path: Path) -> None:
    path = write(tmp_path / "red\x1b[31m\nname.wav", tone())
    said = sonicforge("analyze", path, tmp_path / "gone\x1b[31m.wav")
    assert "\x1b" not in said.out + said.err
    assert "\\x1b[31m\\nname.wav" in said.out.replace("\n", "")


def test_midi_comes_back_to_the_same_samples_and_edited_to_its_notes(sonicforge: Sonicforge, tmp_path: Path) -> None:
    made = sonicforge(
        "generate", "house, F minor", "--seconds", 4, "--seed", 4, "--midi", "-o", tmp_path, "--json"
    ).only
    midi = Path(made["files"][1])
    again = sonicforge("generate", "--recipe", midi, "-o", tmp_path / "again", "--json").only
    assert (again["same"], again["recipe"]["pcm_hash"]) == (True, made["recipe"]["pcm_hash"])
    file = mido.MidiFile(midi)
    (bass,) = [track for track in file.tracks if track.name == "bass"]
    for message in bass:
        if message.type in ("note_on", "note_off"):
            message.note += 12
    file.save(tmp_path / "edited.mid")
    edited = sonicforge("generate", "--recipe", tmp_path / "edited.mid", "-o", tmp_path / "edited", "--json").only
    assert (edited["same"], edited["differs"]) == (False, "Its notes were edited: bass.")
    remade = sonicforge("generate", "--recipe", edited["path"], "-o", tmp_path / "remade", "--json").only
    assert remade["same"]
    # Another part rolled again leaves what was written; that part rolled again is the engine's own.
    rolled = [
        sonicforge("generate", "--recipe", edited["path"], "--roll", part, "-o", tmp_path / part, "--json").only
        for part in ("melody", "bass")
    ]
    assert [[part["part"] for part in one["recipe"]["written"]] for one in rolled] == [["bass"], []]


def test_a_disk_that_fills_with_the_stems_leaves_nothing(
    sonicforge: Sonicforge, small_disk: Path, tmp_path: Path
) -> None:
    out = small_disk / "out"
    full = sonicforge("generate", "house", "--seconds", 1, "--seed", 4, "--stems", "-o", out, "--json")
    assert (full.code, full.only["error"]["code"]) == (1, "disk-full")
    assert not [path for path in out.rglob("*") if path.is_file()]
    assert not (out / "stems").exists()


def test_what_differs_is_said(sonicforge: Sonicforge, tmp_path: Path) -> None:
    made = sonicforge("generate", "techno", "--seconds", 3, "--seed", 4, "--midi", "-o", tmp_path, "--json").only
    path, midi = made["files"]
    dice = ("--seed", 8, "--lock", "drums")
    thrown = sonicforge("generate", "--recipe", path, *dice, "-o", tmp_path / "t", "--json").only
    assert thrown["differs"] == "It was changed: drums locked, seed 8."
    file = mido.MidiFile(midi)
    for message in file.tracks[0]:
        if message.type == "set_tempo":
            message.tempo = mido.bpm2tempo(90)
    file.save(tmp_path / "slower.mid")
    slower = sonicforge("generate", "--recipe", tmp_path / "slower.mid", "-o", tmp_path / "s", "--json").only
    assert (slower["same"], slower["differs"]) == (False, "Its tempo was edited: 90 BPM.")
    assert slower["recipe"]["concept"]["tempo_bpm"] == 90
    # A recipe as an editor of another system writes it, with a genre of another version.
    recipe = made["recipe"]
    recipe["concept"]["genre"] = "klezmer"
    for encoding in ("utf-8-sig", "utf-16"):
        (tmp_path / "recipe.json").write_text(json.dumps(recipe), encoding=encoding)
        strange = sonicforge("generate", "--recipe", tmp_path / "recipe.json", "-o", tmp_path / "g", "--json").only
        assert strange["differs"] == 'There is no genre "klezmer" here: it was played as house.'
    recipe["concept"] = None
    (tmp_path / "recipe.json").write_text(json.dumps(recipe))
    empty = sonicforge("generate", "--recipe", tmp_path / "recipe.json", "--json").only
    assert empty["error"]["code"] == "recipe-unreadable"


def test_one_part_is_changed_and_the_changed_piece_comes_again(sonicforge: Sonicforge, tmp_path: Path) -> None:
    made = sonicforge("generate", "house, F minor", "--seconds", 4, "--seed", 4, "-o", tmp_path, "--json").only
    rolled = sonicforge(
        "generate", "--recipe", made["path"], "--roll", "melody", "--mute", "pads", "-o", tmp_path / "rolled", "--json"
    ).only
    assert (rolled["same"], rolled["differs"]) == (False, "It was changed: melody rolled 1×, pads muted.")
    assert {change["part"] for change in rolled["recipe"]["concept"]["changes"]} == {"melody", "pads"}
    assert sonicforge("generate", "--recipe", rolled["path"], "-o", tmp_path / "again", "--json").only["same"]
    (pair,) = sonicforge("duplicates", made["path"], rolled["path"], "--json").only["pairs"]
    assert (pair["kind"], pair["score"]) == ("version_of", 1.0)
    assert sonicforge("generate", "house", "--roll", "kazoo", "--json").code == 1


def test_samples_play_drums_and_parts(sonicforge: Sonicforge, tmp_path: Path) -> None:
    kick, key = write(tmp_path / "kick.wav", groove(0.3)), write(tmp_path / "key.wav", tone(1.0))
    wanted = ["house, F minor", "--seconds", 3, "--seed", 4, "-o", tmp_path / "out", "--json"]
    made = sonicforge("generate", *wanted, "--sample", f"kick={kick}", "--sample", f"melody={key}@A4").only
    choices = made["recipe"]["concept"]["samples"]
    assert [(choice["plays"], choice["path"], choice["root"]) for choice in choices] == [
        ("kick", str(kick), None),
        ("melody", str(key), 69.0),
    ]
    again = sonicforge("generate", "--recipe", made["path"], "-o", tmp_path / "again", "--json").only
    assert again["same"]
    other = sonicforge(
        "generate",
        "--recipe",
        made["path"],
        "--sample",
        f"snare={kick}",
        "--sample",
        f"clap={kick}",
        "-o",
        tmp_path / "again",
        "--json",
    ).only
    assert not other["same"]
    assert "clap from kick.wav" in other["differs"]
    assert (made["unplayed"], other["unplayed"]) == ([], ["snare"])
    kick.unlink()
    gone = sonicforge("generate", "--recipe", made["path"], "-o", tmp_path / "gone", "--json")
    assert gone.code == 1
    assert gone.only["error"]["code"] == "missing-path"
    assert str(kick) in gone.only["error"]["message"]
    unknown = sonicforge("forge", *wanted, "--sample", f"kazoo={key}")
    assert unknown.code == 1
    assert unknown.only["error"]["code"] == "bad-setting"
    assert sonicforge("forge", *wanted, "--sample", "kick").code == 2
