"""The straight line through every room, as the window makes it: jobs over a real studio, judged by others."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sonicforge_studio.audio import NoDevices
from sonicforge_studio.domain import Key, SilentProgress
from sonicforge_studio.jobs import JobState, Lane
from sonicforge_studio.studio import Live, Studio, build_studio, open_live
from sonicforge_studio.studio.forging import ForgeRequest
from tests.judges import ebur128, essentia_tempo_and_key
from tests.sounds import groove, tone, write


@pytest.fixture
def studio(own_home: Path) -> Iterator[Studio]:
    with build_studio() as built:
        yield built


@pytest.fixture
def live(studio: Studio) -> Iterator[Live]:
    opened = open_live(studio, NoDevices())
    yield opened
    opened.close()


def done(live: Live, kind: str, arguments: dict[str, Any]) -> dict[str, Any]:
    job = live.jobs.wait(live.jobs.submit(kind, arguments, lane=Lane.HIGH).id, 60)
    assert job.state is JobState.DONE, job.error
    assert isinstance(job.result, dict)
    return job.result


def test_from_a_dropped_folder_to_an_exported_master(studio: Studio, live: Live, tmp_path: Path) -> None:
    folder = tmp_path / "dropped"
    write(folder / "night bus.wav", groove(12, 124))
    write(folder / "deep" / "hum.flac", tone())
    (folder / "broken.mp3").write_text("not music at all")
    imported = done(live, "import", {"paths": [str(folder)]})
    assert imported["added"] == 2
    assert [failure["error"]["code"] for failure in imported["failed"]] == ["not-audio"]

    (hit,) = studio.library.search("night")
    wanted = {"target": "spotify", "preset": "glue", "amount": 1.0, "proof": ["mp3", "m4a", "opus"]}
    mastered = done(live, "master", {**wanted, "track_id": hit.track.id})
    judged = ebur128(mastered["path"])
    assert judged.integrated_lufs == pytest.approx(-14, abs=0.2)
    assert judged.true_peak_dbtp <= -1.0
    assert studio.library.track(mastered["track_id"]) is not None

    for format in ("wav", "flac", "mp3", "m4a", "opus"):
        path = tmp_path / "out" / f"night bus.{format}"
        done(live, "export", {"track_id": mastered["track_id"], "path": str(path), "format": format})
        assert studio.measurer.measure(path, SilentProgress()).analysis.duration_seconds == pytest.approx(12, abs=0.1)


@pytest.mark.parametrize(
    ("prompt", "bpm", "key"),
    [
        ("liquid drum and bass, 174 bpm, A minor", 174.0, "A minor"),
        ("house, 124 bpm, C major", 124.0, "C major"),
    ],
)
def test_a_forged_piece_stands_before_independent_judges(
    studio: Studio, tmp_path: Path, prompt: str, bpm: float, key: str
) -> None:
    request = ForgeRequest(prompt, seconds=30, seed=7, folder=str(tmp_path))
    forged = studio.forge.forge(request, SilentProgress())
    loudness = ebur128(forged.files[0])
    assert loudness.integrated_lufs == pytest.approx(-14, abs=0.2)
    assert loudness.true_peak_dbtp <= -1.0
    heard_bpm, heard_key = essentia_tempo_and_key(forged.files[0])
    # Essentia's figure counts beats in whole frames: 172.3 is the nearest it has to 174.
    assert heard_bpm == pytest.approx(bpm, rel=0.015)
    assert Key.parse(heard_key) in neighbours(Key.parse(key))
    assert forged.track.analysis.tempo.bpm == pytest.approx(bpm, abs=0.2)
    assert str(forged.track.analysis.key.key) == key
    again = studio.forge.forge(request, SilentProgress())
    assert again.recipe.pcm_hash == forged.recipe.pcm_hash
    assert "made-before" in {reason.code for reason in again.verdict.reasons}
    other = studio.forge.forge(ForgeRequest(prompt, seconds=30, seed=8, folder=str(tmp_path)), SilentProgress())
    assert other.recipe.pcm_hash != forged.recipe.pcm_hash


def neighbours(key: Key) -> set[Key]:
    """The key and those a fifth away, which estimators take for it: they share six of seven notes."""
    return {key, Key((key.tonic + 7) % 12, key.mode), Key((key.tonic + 5) % 12, key.mode)}


def test_cancel_really_stops_and_leaves_nothing(studio: Studio, live: Live, tmp_path: Path) -> None:
    studio.forge.forge(ForgeRequest("house", seconds=2, seed=1, folder=str(tmp_path)), SilentProgress())  # compiled
    before = sorted(tmp_path.iterdir())
    taken = []
    for wait_seconds in (0.05, 0.4, 0.8, 1.2, 1.6):
        arguments = {"prompt": "drum and bass", "seconds": 180, "seed": 1, "folder": str(tmp_path), "stems": True}
        job = live.jobs.submit("forge", arguments)
        time.sleep(wait_seconds)
        began = time.perf_counter()
        live.jobs.cancel(job.id)
        assert live.jobs.wait(job.id, 10).state is JobState.CANCELLED
        taken.append(time.perf_counter() - began)
    assert statistics.median(taken) < 0.2, taken
    assert sorted(tmp_path.iterdir()) == before


def test_what_was_queued_survives_a_restart(studio: Studio, tmp_path: Path) -> None:
    paths = [write(tmp_path / f"{index}.wav", tone(hz=200 + 50 * index)) for index in range(3)]
    first = open_live(studio, NoDevices())
    first.jobs.pause()
    for path in paths:
        first.jobs.submit("import", {"paths": [str(path)]})
    first.close()
    second = open_live(studio, NoDevices())
    try:
        for job in second.jobs.jobs():
            assert second.jobs.wait(job.id, 30).state is JobState.DONE
    finally:
        second.close()
    assert studio.library.count() == 3


def test_without_a_sound_card_everything_else_works(live: Live, tmp_path: Path) -> None:
    live.player.play(write(tmp_path / "a.wav", tone()))
    deadline = time.monotonic() + 5
    while live.player.state.status != "no-device" and time.monotonic() < deadline:
        time.sleep(0.01)
    assert live.player.state.status == "no-device"
    assert live.player.state.error is not None
    assert live.player.state.error.code == "no-sound-device"
    assert done(live, "import", {"paths": [str(tmp_path / "a.wav")]})["added"] == 1
