"""Writing sound files: what was written comes back, in time and whole, or nothing is left."""

from __future__ import annotations

import errno
import os
import resource
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from sonicforge_studio.audio import (
    DELIVERY_FORMATS,
    FORMATS,
    LOSSY_FORMATS,
    Tags,
    audio_files_in,
    free_name,
    open_sink,
    open_source,
    read_clip,
    read_tags,
    resample,
    write_clip,
)
from sonicforge_studio.audio._part_file import PartFile, output_error
from sonicforge_studio.audio._wav_writer import WavWriter
from sonicforge_studio.domain import Cancelled, Clip
from sonicforge_studio.domain.errors import (
    BadSetting,
    DiskFull,
    EmptyAudio,
    OutputExists,
    OutputNotWritable,
    UnknownFormat,
)
from tests.nobody import as_nobody
from tests.sounds import groove, tone

LOSSLESS = [("wav", 16), ("wav", 24), ("wav", 32), ("flac", 16), ("flac", 24)]


def clip_of(samples: NDArray[np.float32], rate_hz: int = 44100) -> Clip:
    return Clip(samples, rate_hz)


def on_grid(samples: NDArray[np.float32], bits: int) -> NDArray[np.float64]:
    steps = 2.0 ** (bits - 1)
    return np.clip(np.rint(samples.astype(np.float64) * steps), -steps, steps - 1) / steps


@pytest.mark.parametrize(("format", "bits"), LOSSLESS)
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_lossless_formats_keep_every_step(format: str, bits: int, channels: int, tmp_path: Path) -> None:
    samples = np.random.default_rng(1).uniform(-1.2, 1.2, (channels, 10_001)).astype(np.float32)
    path = tmp_path / f"x.{format}"
    with open_sink(path, format=format, sample_rate_hz=44100, channels=channels, bits=bits) as sink:
        for start in range(0, samples.shape[1], 777):
            sink.write(samples[:, start : start + 777])
    expected = samples if bits == 32 else on_grid(samples, bits)
    tolerance = {16: 2.0001 * 2**-15, 24: 0.0, 32: 0.0}[bits]  # dither takes up to one step and a half
    for back in (read_clip(path).samples, soundfile.read(path, dtype="float32", always_2d=True)[0].T):
        assert back.shape == samples.shape
        assert np.abs(back - expected).max() <= tolerance
    information = soundfile.info(path)
    assert information.subtype == {16: "PCM_16", 24: "PCM_24", 32: "FLOAT"}[bits]
    assert (information.samplerate, information.channels) == (44100, channels)


def test_dither_is_triangular_the_same_each_time_and_for_all_blocks(tmp_path: Path) -> None:
    quiet = np.full((2, 60_000), 0.3 / 32768, np.float32)
    contents = []
    for index, block_frames in enumerate((60_000, 999)):
        path = tmp_path / f"{index}.wav"
        with open_sink(path, format="wav", sample_rate_hz=48000, channels=2, bits=16) as sink:
            for start in range(0, 60_000, block_frames):
                sink.write(quiet[:, start : start + block_frames])
        contents.append(path.read_bytes())
    assert contents[0] == contents[1]
    steps = read_clip(tmp_path / "0.wav").samples.astype(np.float64) * 32768
    assert set(np.unique(steps)) <= {-1.0, 0.0, 1.0, 2.0}
    # Triangular dither of ±1 step keeps the mean and makes the error's power 1/4 step², whatever the signal.
    assert steps.mean() == pytest.approx(0.3, abs=0.01)
    assert ((steps - 0.3) ** 2).mean() == pytest.approx(0.25, abs=0.01)
    assert abs(np.corrcoef(steps[0], steps[1])[0, 1]) < 0.02


def test_24_bits_are_not_dithered_and_silence_stays_silence(tmp_path: Path) -> None:
    write_clip(tmp_path / "x.wav", clip_of(np.zeros((2, 5000), np.float32)), format="wav")
    assert not read_clip(tmp_path / "x.wav").samples.any()


@pytest.mark.parametrize("format", FORMATS)
def test_what_exceeds_full_scale_is_clipped_and_not_wrapped(format: str, tmp_path: Path) -> None:
    loud = tone(1.0) * np.float32(12)
    loud[0, 30_000] = np.nan
    loud[1, 30_000] = np.inf
    path = tmp_path / f"x.{format}"
    write_clip(path, clip_of(loud), format=format)
    back = resample(read_clip(path), 44100).samples
    assert np.abs(back).max() < 1.4
    followed = np.corrcoef(back[0, 5000:25_000], np.clip(loud[0, 5000:25_000], -1, 1))[0, 1]
    assert followed > 0.99


def clicks(rate_hz: int) -> NDArray[np.float32]:
    """Short 1 kHz bursts on silence, 3.217 s, stereo."""
    sound = np.zeros((2, int(rate_hz * 3.217)), np.float32)
    time = np.arange(int(0.03 * rate_hz)) / rate_hz
    for place in (0.3, 1.1, 2.5):
        start = int(place * rate_hz)
        sound[:, start : start + len(time)] = 0.7 * np.sin(2 * np.pi * 1000 * time) * np.exp(-200 * time)
    return sound


@pytest.mark.parametrize("format", LOSSY_FORMATS)
@pytest.mark.parametrize("rate_hz", [44100, 48000, 22050, 96000])
def test_lossy_files_start_on_time_and_keep_their_length(format: str, rate_hz: int, tmp_path: Path) -> None:
    original = clip_of(clicks(rate_hz), rate_hz)
    path = tmp_path / f"x.{format}"
    write_clip(path, original, format=format)
    with open_source(path) as source:
        declared = source.frames
        assert source.codec == {"m4a": "aac", "ogg": "vorbis"}.get(format, format)
    back = read_clip(path)
    wanted = resample(original, back.sample_rate_hz)
    # FFmpeg cuts half a short block off the end of Vorbis that begins with one.
    lost = 256 if format == "ogg" else 0
    assert wanted.frames == declared
    assert 0 <= wanted.frames - back.frames <= lost
    # A shift by one frame alone would make an error of 0.1 here; Vorbis is coarser at low rates.
    coarse = 0.05 if format == "ogg" else 0.03
    assert np.abs(back.samples - wanted.samples[:, : back.frames]).max() < coarse
    expected_hz = {"opus": 48000, "mp3": {22050: 44100, 96000: 48000}.get(rate_hz, rate_hz)}.get(format, rate_hz)
    assert back.sample_rate_hz == expected_hz


@pytest.mark.parametrize("rate_hz", [4000, 8000, 44_100, 352_800, 384_000, 768_000])
def test_any_rate_becomes_one_that_libvorbis_takes(rate_hz: int, tmp_path: Path) -> None:
    """At a higher one the process ends when the file is closed: what is asked for is looked at first."""
    expected_hz = DELIVERY_FORMATS["vorbis"].rate_for(rate_hz)
    assert expected_hz == {4000: 8000, 352_800: 176_400, 384_000: 192_000, 768_000: 192_000}.get(rate_hz, rate_hz)
    write_clip(tmp_path / "x.ogg", clip_of(np.full((2, rate_hz), 0.25, np.float32), rate_hz), format="ogg")
    with open_source(tmp_path / "x.ogg") as source:
        assert (source.sample_rate_hz, source.frames) == (expected_hz, expected_hz)


@pytest.mark.parametrize(
    ("format", "bits_per_second"),
    [("mp3-320", 320_000), ("mp3-v0", 260_000), ("aac-256", 256_000), ("aac-128", 128_000), ("opus-160", 160_000)],
)
def test_lossy_files_have_their_bit_rate(format: str, bits_per_second: int, tmp_path: Path) -> None:
    noise = np.random.default_rng(0).normal(0, 0.2, (2, 44100 * 6)).astype(np.float32)
    write_clip(tmp_path / "x", clip_of(noise), format=format)
    measured = (tmp_path / "x").stat().st_size * 8 / 6
    assert measured == pytest.approx(bits_per_second, rel=0.15 if format == "opus-160" else 0.05)


@pytest.mark.parametrize(
    ("format", "channels"), [("flac", 6), ("m4a", 6), ("opus", 6), ("flac", 8), ("opus", 8), ("wav", 8)]
)
def test_many_channels_keep_their_places(format: str, channels: int, tmp_path: Path) -> None:
    levels = np.linspace(0.1, 0.9, channels, dtype=np.float32)
    surround = tone(1.0, hz=100.0)[:1] * levels[:, None]
    write_clip(tmp_path / "x", clip_of(surround, 48000), format=format)
    back = read_clip(tmp_path / "x")
    peaks = np.abs(back.samples[:, 8000:-8000]).max(axis=1) / 0.25
    assert peaks == pytest.approx(levels, rel=0.06)


def test_what_a_format_cannot_hold_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    for arguments, kind in (
        ({"format": "aiff"}, UnknownFormat),
        ({"format": "mp3", "channels": 3}, UnknownFormat),
        ({"format": "flac", "channels": 9}, UnknownFormat),
        ({"format": "wav", "bits": 20}, BadSetting),
        ({"format": "flac", "bits": 32}, BadSetting),
        ({"format": "wav", "sample_rate_hz": 0}, BadSetting),
    ):
        wanted = {"format": "wav", "sample_rate_hz": 44100, "channels": 2, **arguments}
        with pytest.raises(kind):
            open_sink(folder / "x", **wanted)
    assert not folder.exists()
    with pytest.raises(UnknownFormat, match="FLAC cannot hold"):
        open_sink(folder / "x", format="flac", sample_rate_hz=2_000_000, channels=2)
    assert list(folder.iterdir()) == []


def test_blocks_of_another_shape_are_the_callers_mistake(tmp_path: Path) -> None:
    with open_sink(tmp_path / "x.wav", format="wav", sample_rate_hz=44100, channels=2) as sink:
        with pytest.raises(ValueError, match="shape"):
            sink.write(np.zeros((1, 10), np.float32))
        sink.write(np.zeros((2, 10), np.float32))
    with pytest.raises(ValueError, match="closed"):
        sink.write(np.zeros((2, 10), np.float32))
    sink.close()
    sink.abandon()
    assert read_clip(tmp_path / "x.wav").frames == 10


def test_tags_may_be_set_until_the_file_is_closed(tmp_path: Path) -> None:
    for format in FORMATS:
        with open_sink(tmp_path / f"x.{format}", format=format, sample_rate_hz=48000, channels=2) as sink:
            sink.write(tone(0.2))
            sink.tags = Tags(title="late", recipe="{}")
        assert read_tags(tmp_path / f"x.{format}") == Tags(title="late", recipe="{}")


# Whole or not at all ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("format", FORMATS)
def test_nothing_stands_under_the_name_until_the_file_is_closed(format: str, tmp_path: Path) -> None:
    path = tmp_path / "deep" / "below" / f"x.{format}"
    sink = open_sink(path, format=format, sample_rate_hz=44100, channels=2)
    sink.write(tone(1.0))
    assert not path.exists()
    assert list(audio_files_in(path.parent)) == []
    assert all(entry.name.startswith(".") for entry in path.parent.iterdir())
    sink.close()
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]
    assert path.stat().st_mode & 0o777 == 0o666 & ~_umask()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


@pytest.mark.parametrize("format", FORMATS)
def test_a_file_that_is_given_up_leaves_nothing(format: str, tmp_path: Path) -> None:
    def fail() -> None:
        with open_sink(tmp_path / "x", format=format, sample_rate_hz=44100, channels=2) as sink:
            sink.write(tone(1.0))
            raise Cancelled

    with pytest.raises(Cancelled):
        fail()
    with pytest.raises(EmptyAudio), open_sink(tmp_path / "x", format=format, sample_rate_hz=44100, channels=2):
        pass
    assert list(tmp_path.iterdir()) == []


def test_an_existing_file_is_refused_unless_it_may_be_replaced(tmp_path: Path) -> None:
    path = tmp_path / "x.wav"
    path.write_text("mine")
    clip = clip_of(tone(0.1))
    with pytest.raises(OutputExists):
        write_clip(path, clip, format="wav")
    (tmp_path / "dangling.wav").symlink_to(tmp_path / "nowhere")
    with pytest.raises(OutputExists):
        write_clip(tmp_path / "dangling.wav", clip, format="wav")
    assert path.read_text() == "mine"
    with open_sink(path, format="wav", sample_rate_hz=44100, channels=2, overwrite=True) as sink:
        sink.write(tone(0.1))
        sink.abandon()
    assert path.read_text() == "mine"
    write_clip(path, clip, format="wav", overwrite=True)
    assert read_clip(path).frames == clip.frames


def test_of_many_that_want_one_name_one_gets_it(tmp_path: Path) -> None:
    path = tmp_path / "x.wav"
    sinks = [open_sink(path, format="wav", sample_rate_hz=44100, channels=2) for _ in range(8)]
    outcomes: list[str] = []

    def finish(index: int) -> None:
        sinks[index].write(np.full((2, 100 + index), 0.5, np.float32))
        try:
            sinks[index].close()
            outcomes.append("written")
        except OutputExists:
            outcomes.append("exists")

    threads = [threading.Thread(target=finish, args=(index,)) for index in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["exists"] * 7 + ["written"]
    assert [entry.name for entry in tmp_path.iterdir()] == ["x.wav"]
    assert np.all(read_clip(path).samples == 0.5)


def test_a_disk_without_hard_links_keeps_the_promise_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(part: Path, path: Path) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    taken = open_sink(tmp_path / "x.wav", format="wav", sample_rate_hz=44100, channels=2)
    taken.write(tone(0.1))
    write_clip(tmp_path / "x.wav", clip_of(tone(0.2)), format="wav")
    with pytest.raises(OutputExists):
        taken.close()
    assert read_clip(tmp_path / "x.wav").frames == 8820
    assert len(list(tmp_path.iterdir())) == 1


def test_free_names_are_numbered(tmp_path: Path) -> None:
    assert free_name(tmp_path / "name.wav") == tmp_path / "name.wav"
    (tmp_path / "name.wav").touch()
    assert free_name(tmp_path / "name.wav") == tmp_path / "name 2.wav"
    (tmp_path / "name 2.wav").symlink_to("nowhere")
    assert free_name(str(tmp_path / "name.wav")) == tmp_path / "name 3.wav"


def test_long_and_strange_names_are_written(tmp_path: Path) -> None:
    for name in ("x" * 250 + ".wav", "ü" * 100 + ".flac", os.fsdecode(b"\xff\xfe.mp3"), "100%d [1] *.opus", "-.m4a"):
        write_clip(tmp_path / name, clip_of(tone(0.1)), format=Path(name).suffix[1:], tags=Tags(title=name))
        assert read_clip(tmp_path / name).channels == 2
    assert len(list(tmp_path.iterdir())) == 5


def test_places_that_cannot_be_written_to(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    for path, overwrite in (
        (tmp_path / "file" / "x.wav", False),
        (Path("/proc/nothing/x.wav"), False),
        (tmp_path / "folder", True),
        (tmp_path / "nul\0.wav", False),
    ):
        with pytest.raises(OutputNotWritable):
            open_sink(path, format="wav", sample_rate_hz=44100, channels=2, overwrite=overwrite)


def test_a_folder_without_permission(tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o555)
    with as_nobody(tmp_path), pytest.raises(OutputNotWritable):
        open_sink(locked / "x.wav", format="wav", sample_rate_hz=44100, channels=2)


@pytest.mark.parametrize(("format", "seconds"), [("wav", 2), ("flac", 3), ("mp3", 12), ("m4a", 15), ("opus", 24)])
def test_a_full_disk_is_told_and_nothing_is_left(format: str, seconds: int, small_disk: Path) -> None:
    noise = np.random.default_rng(0).normal(0, 0.2, (2, 44100 * seconds)).astype(np.float32)
    with pytest.raises(DiskFull):
        write_clip(small_disk / "x", clip_of(noise), format=format)
    assert list(small_disk.iterdir()) == []


@pytest.mark.parametrize("format", FORMATS)
def test_a_disk_that_fills_with_the_last_bytes_is_told(format: str, small_disk: Path) -> None:
    noise = np.random.default_rng(0).normal(0, 0.2, (2, 44100)).astype(np.float32)
    write_clip(small_disk / "x", clip_of(noise), format=format)
    size = (small_disk / "x").stat().st_size
    (small_disk / "x").unlink()
    # All but the end of the tags fits.
    (small_disk / "filler").write_bytes(bytes(400 * 1024 - (size // 4096 + 3) * 4096))
    with pytest.raises(DiskFull):
        write_clip(small_disk / "x", clip_of(noise), format=format, tags=Tags(recipe="r" * 30_000))
    assert [entry.name for entry in small_disk.iterdir()] == ["filler"]


@pytest.mark.parametrize("format", FORMATS)
def test_a_file_beyond_the_allowed_size_is_told(format: str, tmp_path: Path) -> None:
    noise = np.random.default_rng(0).normal(0, 0.2, (2, 44100 * 7)).astype(np.float32)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        with pytest.raises(OutputNotWritable, match="larger"):
            write_clip(tmp_path / "x", clip_of(noise), format=format)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(tmp_path.iterdir()) == []


def test_errors_of_the_system_in_plain_words() -> None:
    assert isinstance(output_error(OSError(errno.ENOSPC, "x")), DiskFull)
    assert isinstance(output_error(OSError(errno.EDQUOT, "x")), DiskFull)
    assert isinstance(output_error(OSError(errno.EROFS, "x")), OutputNotWritable)
    assert "Input/output error" in output_error(OSError(errno.EIO, "Input/output error")).message


def test_what_a_killed_process_leaves_is_not_taken_for_audio(tmp_path: Path) -> None:
    program = textwrap.dedent(
        """
        import sys, time
        import numpy as np
        from sonicforge_studio.audio import open_sink
        sink = open_sink(sys.argv[1], format="wav", sample_rate_hz=44100, channels=2)
        sink.write(np.zeros((2, 44100), np.float32))
        print("written", flush=True)
        time.sleep(60)
        """
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, tmp_path / "x.wav"], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "written\n"
        process.send_signal(signal.SIGKILL)
    left = list(tmp_path.iterdir())
    assert len(left) == 1
    assert left[0].name.startswith(".x.wav.part-")
    assert list(audio_files_in(tmp_path)) == []
    with open_sink(tmp_path / "y.wav", format="wav", sample_rate_hz=44100, channels=2) as under_way:
        assert list(tmp_path.iterdir()) == [under_way.part], "the dead one's went, and only that"
        write_clip(tmp_path / "x.wav", clip_of(tone(0.1)), format="wav")
        under_way.write(tone(0.1))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x.wav", "y.wav"]


# RF64 ---------------------------------------------------------------------------------------------------------------


def test_a_wav_that_outgrows_riff_becomes_rf64(tmp_path: Path) -> None:
    samples = groove(1.0)
    file = PartFile(tmp_path / "big.wav", overwrite=False)
    writer = WavWriter(file, 44100, 2, 24, largest_riff_bytes=100_000)
    writer.write(samples)
    writer.finish(Tags(title="Big", recipe="{}"))
    file.publish()
    assert (tmp_path / "big.wav").read_bytes()[:4] == b"RF64"
    assert np.array_equal(read_clip(tmp_path / "big.wav").samples, on_grid(samples, 24).astype(np.float32))
    assert np.array_equal(soundfile.read(tmp_path / "big.wav", dtype="float32")[0].T, on_grid(samples, 24))
    assert read_tags(tmp_path / "big.wav") == Tags(title="Big", recipe="{}")


@pytest.mark.soak
def test_four_gigabytes_and_more_are_written_and_read(tmp_path: Path) -> None:
    block = np.random.default_rng(0).uniform(-1, 1, (8, 1 << 20)).astype(np.float32)
    with open_sink(tmp_path / "x.wav", format="wav", sample_rate_hz=192_000, channels=8, bits=32) as sink:
        for _ in range(132):
            sink.write(block)
        sink.tags = Tags(title="Long")
    assert (tmp_path / "x.wav").stat().st_size > 1 << 32
    with open_source(tmp_path / "x.wav") as source:
        assert source.frames == 132 << 20
        source.seek((131 << 20) + 5)
        assert np.array_equal(source.read(1000), block[:, 5:1005])
    assert read_tags(tmp_path / "x.wav").title == "Long"
    assert soundfile.info(tmp_path / "x.wav").frames == 132 << 20
