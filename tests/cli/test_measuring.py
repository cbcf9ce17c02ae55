"""`measure`: the meters on the command line."""

from __future__ import annotations

import json
import os
import pty
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from sonicforge_studio.studio import metering
from sonicforge_studio.studio.metering import Metered, meter_input
from tests.audio.inputs import GivenDevices, GivenInput
from tests.cli.conftest import Sonicforge
from tests.loudness_cases import SILENCE, sine
from tests.sound_server import SINK_RATE_HZ, SoundServer, sound_server
from tests.sounds import groove, tone, write

__all__ = ["sound_server"]

FIELDS = {
    "path", "duration_seconds", "integrated_lufs", "loudness_range_lu", "momentary_max_lufs", "short_term_max_lufs",
    "momentary_lufs", "short_term_lufs", "true_peak_dbtp", "true_peaks_dbtp", "sample_peak_dbfs", "correlation",
    "warning", "target", "off_target_lu", "over_ceiling_db", "elapsed_seconds",
}  # fmt: skip
COMMAND = [sys.executable, "-c", "from sonicforge_studio.cli.start import run; run()", "measure"]


def ebu_file(path: Path) -> Path:
    """4 s of −23 LUFS, then a second of silence."""
    return write(path, sine([(-23.0, 4.0), (SILENCE, 1.0)]), 48_000, "FLOAT")


def test_a_file_has_every_figure(sonicforge: Sonicforge, tmp_path: Path) -> None:
    path = ebu_file(tmp_path / "a.wav")
    said = sonicforge("measure", path, "--json", "--target", "ebu-r128")
    assert said.code == 0
    fields = said.only
    assert set(fields) == FIELDS
    assert fields["path"] == str(path)
    assert fields["duration_seconds"] == 5.0
    assert fields["momentary_max_lufs"] == pytest.approx(-23.0, abs=0.05)
    assert fields["short_term_max_lufs"] == pytest.approx(-23.0, abs=0.05)
    assert fields["momentary_lufs"] is None
    assert fields["true_peak_dbtp"] == pytest.approx(-23.0, abs=0.1)
    assert fields["true_peaks_dbtp"] == [fields["true_peak_dbtp"]] * 2
    assert fields["correlation"] == pytest.approx(1.0)
    assert fields["target"] == "ebu-r128"
    assert fields["off_target_lu"] == pytest.approx(fields["integrated_lufs"] + 23.0)
    assert fields["over_ceiling_db"] == pytest.approx(-22.0, abs=0.1)


def test_the_figures_are_those_of_analyze(sonicforge: Sonicforge, tmp_path: Path) -> None:
    path = write(tmp_path / "groove.flac", groove(12))
    analysed, measured = (sonicforge(command, path, "--json").only for command in ("analyze", "measure"))
    for name in ("integrated_lufs", "loudness_range_lu", "true_peak_dbtp", "sample_peak_dbfs", "short_term_max_lufs"):
        assert measured[name] == analysed[name], name
    assert (measured["target"], measured["off_target_lu"], measured["over_ceiling_db"]) == (None, None, None)


def test_an_interval_tells_how_it_went(sonicforge: Sonicforge, tmp_path: Path) -> None:
    path = ebu_file(tmp_path / "a.wav")
    *steps, last = sonicforge("measure", path, "--json", "--interval", "0.7").objects
    assert [step["time_seconds"] for step in steps] == pytest.approx([0.7 * (i + 1) for i in range(7)], abs=1e-4)
    assert all(set(step) == FIELDS | {"time_seconds"} for step in steps)
    assert "time_seconds" not in last
    assert steps[0]["short_term_lufs"] is None
    assert steps[4]["momentary_lufs"] == pytest.approx(-23.0, abs=0.05)
    assert last == {**sonicforge("measure", path, "--json").only, "elapsed_seconds": last["elapsed_seconds"]}


def test_one_bad_file_never_spoils_the_rest(sonicforge: Sonicforge, tmp_path: Path) -> None:
    good = write(tmp_path / "good.wav", tone())
    bad = tmp_path / "bad.wav"
    bad.write_text("no sound at all")
    said = sonicforge("measure", bad, good, tmp_path / "missing.wav", "--json")
    assert said.code == 1
    by_path = {item["path"]: item for item in said.objects}
    assert by_path[str(good)]["integrated_lufs"] < 0
    assert by_path[str(bad)]["error"]["code"] == "not-audio"
    assert by_path[str(tmp_path / "missing.wav")]["error"]["code"] == "missing-path"


def test_what_has_no_reading_is_null(sonicforge: Sonicforge, tmp_path: Path) -> None:
    path = write(tmp_path / "silence.wav", np.zeros((2, 44_100), np.float32))
    fields = sonicforge("measure", path, "--json", "--target", "club").only
    for name in ("integrated_lufs", "loudness_range_lu", "momentary_lufs", "true_peak_dbtp", "correlation"):
        assert fields[name] is None, name
    assert fields["true_peaks_dbtp"] == [None, None]
    assert (fields["off_target_lu"], fields["over_ceiling_db"]) == (None, None)


@pytest.mark.parametrize(("rate_hz", "channels"), [(8_000, 1), (192_000, 8)])
def test_other_rates_and_channels(sonicforge: Sonicforge, tmp_path: Path, rate_hz: int, channels: int) -> None:
    path = write(tmp_path / "a.wav", sine([(-20.0, 4.0)], channels=channels, rate_hz=rate_hz), rate_hz, "FLOAT")
    fields = sonicforge("measure", path, "--json").only
    assert len(fields["true_peaks_dbtp"]) == channels
    assert fields["correlation"] is None
    assert fields["short_term_lufs"] == pytest.approx(fields["integrated_lufs"], abs=0.1)
    assert "–" in sonicforge("measure", path).out


def test_people_get_a_table(sonicforge: Sonicforge, tmp_path: Path) -> None:
    paths = [write(tmp_path / name, groove(5, seed=seed)) for seed, name in enumerate(("a.wav", "b.wav"))]
    said = sonicforge("measure", *paths, "--target", "spotify", "--interval", "2")
    assert said.code == 0
    lines = said.out.splitlines()
    assert [line.split()[0] for line in lines[1:]] == [str(paths[0])] * 3 + [str(paths[1])] * 3
    assert "Off target" in lines[0]
    assert all(name in lines[0] for name in ("M", "S", "I", "LRA", "max M", "max S", "dBTP L", "dBTP R", "Corr."))


@pytest.mark.parametrize(
    "arguments",
    [
        [], ["a.wav", "--input", "default"], ["a.wav", "--seconds", "3"], ["a.wav", "--interval", "nan"],
        ["a.wav", "--target", "moon"],
    ],
)  # fmt: skip
def test_wrong_usage_is_2(sonicforge: Sonicforge, arguments: list[str]) -> None:
    said = sonicforge("measure", *arguments)
    assert (said.code, said.out) == (2, "")


def test_an_unknown_input_is_a_sentence(sonicforge: Sonicforge) -> None:
    said = sonicforge("measure", "--input", "no device has such a name", "--json")
    assert said.code == 1
    assert said.only["error"]["code"] in {"no-sound-device", "unknown-device"}


def test_a_file_that_breaks_off_is_measured_with_a_warning(sonicforge: Sonicforge, tmp_path: Path) -> None:
    whole = write(tmp_path / "whole.flac", groove(8.0), subtype="PCM_16")
    cut = tmp_path / "cut.flac"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    assert "s of 8.0 s could be read" in sonicforge("measure", cut, "--json").only["warning"]
    assert "s of 8.0 s could be read" in " ".join(sonicforge("measure", cut).err.split())


def test_direct_current_has_no_reading(sonicforge: Sonicforge, tmp_path: Path) -> None:
    path = write(tmp_path / "dc.wav", np.full((1, 48_000 * 5), 0.5, np.float32), 48_000, "FLOAT")
    assert sonicforge("measure", path, "--json").only["momentary_lufs"] is None


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize(("into", "code", "told"), [("> /dev/full", 1, "cannot be written to"), (">&-", 0, "")])
def test_stdout_that_takes_nothing(tmp_path: Path, into: str, code: int, told: str) -> None:
    command = shlex.join([*COMMAND, str(write(tmp_path / "a.wav", tone(0.5))), "--json"])
    done = subprocess.run(["sh", "-c", f"{command} {into}"], stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == code, done.stderr
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert "Something went wrong" not in done.stderr


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path, own_home: Path) -> None:
    path = write(tmp_path / "a.wav", np.zeros((2, 44_100 * 60), np.float32), subtype="PCM_16")
    command = shlex.join([*COMMAND, str(path), "--json", "--interval", "0.1"])
    done = subprocess.run(["sh", "-c", f"{command} | head -1"], capture_output=True, text=True, check=False)
    assert json.loads(done.stdout)["time_seconds"] == pytest.approx(0.1)
    assert done.stderr == ""
    assert not any("ERROR" in log.read_text() for log in own_home.glob("logs/*"))


def test_in_a_terminal_the_table_lives(tmp_path: Path) -> None:
    path = write(tmp_path / "long.wav", np.tile(groove(10.0), 30), subtype="PCM_16")
    master, slave = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "160", "LINES": "40"}
    with subprocess.Popen([*COMMAND, str(path)], stdin=slave, stdout=slave, stderr=slave, env=environment) as process:
        os.close(slave)
        heard = b""
        while True:
            try:
                piece = os.read(master, 65_536)
            except OSError:
                break
            if not piece:
                break
            heard += piece
    os.close(master)
    assert process.returncode == 0
    text = heard.decode()
    assert text.count("max M") > 2
    lines = [line for line in text.splitlines() if "long.wav" in line]
    assert "5:00" in lines[-1]
    assert "5:00" not in lines[0]


def test_ctrl_c_is_130_at_once(tmp_path: Path) -> None:
    paths = [str(write(tmp_path / "long.wav", np.zeros((2, 44_100 * 240), np.float32), subtype="PCM_16"))] * 40
    code = "import sys; from sonicforge_studio.cli.start import run; print('begun', file=sys.stderr, flush=True); run()"
    command = [sys.executable, "-c", code, "measure", *paths, "--json", "--interval", "60", "--workers", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        first = json.loads(process.stdout.readline())
        assert first["time_seconds"] == 60.0
        process.send_signal(signal.SIGINT)
        asked = time.monotonic()
        out, err = process.communicate(timeout=20)
        assert time.monotonic() - asked < 1.0
    assert process.returncode == 130
    assert all(json.loads(line) for line in out.splitlines())
    assert "Cancelled." in err
    assert "Traceback" not in err


@pytest.mark.parametrize("channels", [1, 2])
def test_a_device_that_goes_away_leaves_its_figures(channels: int) -> None:
    device = GivenInput(channels)
    sound = sine([(-20.0, 5.0)], channels=channels)
    given = 0

    def bring(now: Metered) -> None:
        """The driver brings odd pieces, and after 4 s nothing any more."""
        nonlocal given
        if given >= 4 * 48_000:
            device.alive = False
            return
        count = 48_001 if given else 7
        device.give(sound[:, given : given + count])
        given += count

    marks: list[Metered] = []
    metered, error = meter_input(
        "default", None, stop=lambda: False, on_block=bring, on_mark=marks.append, interval_seconds=1.0,
        devices=GivenDevices(device),
    )  # fmt: skip
    assert error is not None
    assert error.code == "device-lost"
    assert metered.reading.measured_seconds == pytest.approx(given / 48_000)
    assert len(marks) == 4
    level = -20.0 if channels == 2 else -23.01
    assert metered.reading.integrated_lufs == pytest.approx(level, abs=0.05)
    assert len(metered.reading.true_peaks_dbtp) == channels
    assert device.closed


def test_a_device_whose_driver_is_slow_to_let_go_is_lost_all_the_same() -> None:
    class Slow(GivenInput):
        def read(self, into: NDArray[np.float32]) -> int:
            """With the last of the sound still on its way when the device is gone."""
            if not self.alive and not ended:
                ended.append(True)
                self.give(sine([(-20.0, 0.1)]))
            return super().read(into)

        def close(self) -> None:
            time.sleep(0.1)
            super().close()

    device, ended = Slow(), list[bool]()

    def bring(now: Metered) -> None:
        if device.alive:
            device.give(sine([(-20.0, 0.1)]))
            device.alive = now.reading.measured_seconds < 0.5

    metered, error = meter_input(
        "default", None, stop=lambda: False, on_block=bring, on_mark=bring, devices=GivenDevices(device)
    )
    assert error is not None
    assert error.code == "device-lost"
    assert metered.reading.measured_seconds == pytest.approx(0.7)


def test_an_input_is_told_row_by_row(
    sonicforge: Sonicforge, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: list[str] = []

    class Lasting(GivenInput):
        """Until three rows were printed."""

        def read(self, into: NDArray[np.float32]) -> int:
            if self._waiting.shape[0]:
                return super().read(into)
            seen.append(capsys.readouterr().out)
            self.alive = "".join(seen).count("\n") < 4
            self.give(sine([(-20.0, 0.01)]))
            return 0

    monkeypatch.setattr(metering, "system_devices", lambda: GivenDevices(Lasting()))
    said = sonicforge("measure", "--input", "default", "--interval", "0.1")
    rows = ("".join(seen) + said.out).splitlines()
    assert said.code == 1
    assert len(rows) >= 5
    assert rows[0].split()[0] == "Input"
    assert len({len(row) for row in rows}) == 1


@pytest.mark.sound
def test_what_the_machine_plays_is_measured(sonicforge: Sonicforge, sound_server: SoundServer) -> None:
    played = sine([(-20.0, 8.0)], rate_hz=SINK_RATE_HZ)
    with sound_server.playing(played):
        time.sleep(0.5)
        said = sonicforge("measure", "--input", "monitor", "--seconds", "3.5", "--interval", "1", "--json")
    assert said.code == 0
    *steps, last = said.objects
    assert [round(step["time_seconds"]) for step in steps] == [1, 2, 3]
    assert last["path"] == "monitor"
    assert last["duration_seconds"] == pytest.approx(3.5, abs=0.01)
    assert last["integrated_lufs"] == pytest.approx(-20.0, abs=0.1)
    assert last["short_term_max_lufs"] == pytest.approx(-20.0, abs=0.1)
    # On a busy machine the other program may leave a hole, and its edge is a peak of its own.
    assert -20.1 < last["true_peak_dbtp"] < -17.0
    assert last["correlation"] == pytest.approx(1.0, abs=1e-3)


@pytest.mark.sound
def test_ctrl_c_ends_listening_with_the_figures(sound_server: SoundServer) -> None:
    command = [*COMMAND, "--input", "default", "--json", "--interval", "0.5"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["time_seconds"] == 0.5
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=20)
    assert process.returncode == 0
    last = json.loads(out.splitlines()[-1])
    assert last["path"] == "default"
    assert last["duration_seconds"] >= 0.5
    assert "time_seconds" not in last


def test_a_file_with_numbers_that_are_none(sonicforge: Sonicforge, tmp_path: Path) -> None:
    samples = tone(2.0)
    samples[0, 100], samples[1, 200] = np.nan, np.inf
    soundfile.write(tmp_path / "odd.wav", samples.T, 44_100, subtype="FLOAT")
    fields = sonicforge("measure", tmp_path / "odd.wav", "--json").only
    assert fields["integrated_lufs"] == pytest.approx(-12.0, abs=1.0)
