"""Reading sound files: every format against what was encoded, every odd file against what is known of it."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import shutil
import struct
import subprocess
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from sonicforge_studio.audio import FileSource, Tags, open_source, read_clip
from sonicforge_studio.audio._riff import declared_wav_frames
from sonicforge_studio.domain import Cancelled
from sonicforge_studio.domain.errors import (
    DecodeFailed,
    EmptyAudio,
    EmptyFile,
    InputError,
    MissingPath,
    NoPermission,
    NotAudio,
    StudioError,
)
from tests import nobody
from tests.sounds import groove, tone, write

Samples = NDArray[np.float32]
needs_ffmpeg = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="the system's ffmpeg makes these files")


def ffmpeg(*arguments: str | Path) -> None:
    subprocess.run(["ffmpeg", "-v", "error", "-y", *map(os.fspath, arguments)], check=True, stdin=subprocess.DEVNULL)


def read_all(source: FileSource, block_frames: int = 4096) -> Samples:
    blocks = []
    while (block := source.read(block_frames)).shape[1]:
        assert block.dtype == np.float32
        assert block.shape[0] == source.channels
        assert block.shape[1] <= block_frames
        blocks.append(block)
    return np.concatenate(blocks, axis=1) if blocks else np.empty((source.channels, 0), np.float32)


def correlation(a: Samples, b: Samples) -> float:
    count = min(a.shape[-1], b.shape[-1])
    return float(np.corrcoef(a[..., :count].ravel(), b[..., :count].ravel())[0, 1])


def best_match(sound: Samples, original: Samples, most_late: int) -> float:
    """The correlation of the first channels where they fit best, with the sound up to ``most_late`` frames late."""
    count = 40_000
    padded = np.zeros(65_536)
    padded[:count] = original[0, :count]
    spectrum = np.fft.rfft(sound[0, : count + most_late], 65_536) * np.conj(np.fft.rfft(padded))
    lag = int(np.argmax(np.fft.irfft(spectrum)[: most_late + 1]))
    return correlation(sound[0, lag : lag + count], original[0, :count])


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("music") / "groove.wav", groove(5.0), subtype="FLOAT")


FORMATS = {
    # suffix and encoder options: FFmpeg's name of the codec, whether nothing is lost, how far the length may be off
    "u8.wav -c:a pcm_u8": ("pcm_u8", 2**-7, 0),
    "s16.wav -c:a pcm_s16le": ("pcm_s16le", 2**-15, 0),
    "s24.wav -c:a pcm_s24le": ("pcm_s24le", 2**-23, 0),
    "s32.wav -c:a pcm_s32le": ("pcm_s32le", 1e-7, 0),
    "f32.wav -c:a pcm_f32le": ("pcm_f32le", 0.0, 0),
    "f64.wav -c:a pcm_f64le": ("pcm_f64le", 0.0, 0),
    "rf64.wav -c:a pcm_s16le -rf64 always": ("pcm_s16le", 2**-15, 0),
    "x.w64 -c:a pcm_s16le": ("pcm_s16le", 2**-15, 0),
    "x.aiff -c:a pcm_s16be": ("pcm_s16be", 2**-15, 0),
    "x.caf -c:a pcm_s24le": ("pcm_s24le", 2**-23, 0),
    "x.au": ("pcm_s16be", 2**-15, 0),
    "x.flac": ("flac", 2**-15, 0),
    "x.wv": ("wavpack", 2**-15, 0),
    "x.tta": ("tta", 2**-15, 0),
    "alac.m4a -c:a alac": ("alac", 2**-15, 0),
    "adpcm.wav -c:a adpcm_ms": ("adpcm_ms", None, 2048),
    "cbr.mp3 -b:a 320k": ("mp3", None, 0),
    "vbr.mp3 -q:a 2": ("mp3", None, 0),
    "no-header.mp3 -b:a 192k -write_xing 0": ("mp3", None, 4000),
    "x.m4a -b:a 256k": ("aac", None, 0),
    "x.aac -b:a 256k": ("aac", None, 4000),
    "x.ogg -c:a libvorbis -q:a 6": ("vorbis", None, 0),
    "x.opus -b:a 160k": ("opus", None, 0),
    "x.webm -c:a libopus": ("opus", None, 0),
    "x.mka -c:a libvorbis -q:a 6": ("vorbis", None, 2048),
    "x.ts -c:a aac -b:a 256k": ("aac", None, 4000),
    "x.ac3 -b:a 448k": ("ac3", None, 4000),
}


@pytest.fixture(scope="module")
def encoded(music: Path) -> Callable[[str], Path]:
    def encode(recipe: str) -> Path:
        name, *options = recipe.split()
        path = music.parent / name
        if not path.exists():
            ffmpeg("-i", music, *options, path)
        return path

    return encode


@needs_ffmpeg
@pytest.mark.parametrize("recipe", FORMATS)
def test_every_format_gives_what_was_encoded(recipe: str, encoded: Callable[[str], Path]) -> None:
    codec, error, off = FORMATS[recipe]
    path = encoded(recipe)
    original = groove(5.0)
    with open_source(path) as source:
        assert source.codec == codec
        assert source.channels == 2
        assert source.sample_rate_hz == (48000 if codec == "opus" else 44100)
        declared = source.frames
        sound = read_all(source)
        assert source.frames == sound.shape[1]
        assert source.warning is None
    if declared is not None:
        assert declared == sound.shape[1] or codec.startswith("adpcm")
    whole = original.shape[1] * (48000 if codec == "opus" else 44100) // 44100
    assert 0 <= sound.shape[1] - whole <= off
    if error is not None:
        assert np.abs(sound[:, : original.shape[1]] - original).max() <= error
    elif codec != "opus":
        # What a container does not say of the encoder's delay shifts the sound by up to two packets.
        assert best_match(sound, original, 2500 if off else 0) > 0.98


@needs_ffmpeg
@pytest.mark.parametrize("recipe", FORMATS)
def test_a_seek_gives_the_samples_of_a_straight_read(recipe: str, encoded: Callable[[str], Path]) -> None:
    path = encoded(recipe)
    with open_source(path) as source:
        straight = read_all(source, 10_000)
    places = [100_000, 0, 1, 777, 150_001, straight.shape[1] - 300, 60_000, straight.shape[1] - 5000, 45_000]
    with open_source(path) as source:
        for place in places:
            source.seek(place)
            block = source.read(2000)
            wanted = straight[:, place : place + 2000]
            assert block.shape == wanted.shape, place
            # AAC fills some bands with noise that depends on all that came before.
            tolerance = 0.02 if source.codec == "aac" else 0.0
            assert np.abs(block - wanted).max() <= tolerance, place
        source.seek(straight.shape[1] + 12_345)
        assert source.read(10).shape == (2, 0)
        source.seek(50)
        assert np.array_equal(source.read(100), straight[:, 50:150])


def test_blocks_of_any_size_give_the_same(music: Path) -> None:
    with open_source(music) as source:
        whole = source.read(10**9)
    for block_frames in (1000, 4097, 300_000):
        with open_source(music) as source:
            assert np.array_equal(read_all(source, block_frames), whole)
    assert np.array_equal(read_clip(music).samples, whole)


@needs_ffmpeg
def test_a_video_gives_its_sound(music: Path, tmp_path: Path) -> None:
    for name, codecs in (
        ("v.mp4", ("-c:v", "mpeg4", "-c:a", "aac", "-b:a", "256k")),
        ("v.mkv", ("-c:v", "mpeg4", "-c:a", "flac")),
        ("v.avi", ("-c:v", "mpeg4", "-c:a", "mp3")),
    ):
        path = tmp_path / name
        ffmpeg("-f", "lavfi", "-i", "testsrc=d=5:s=64x64", "-i", music, *codecs, "-shortest", path)
        with open_source(path) as source:
            sound = read_all(source)
            assert source.warning is None
        assert abs(sound.shape[1] - 5 * 44100) < 6000
        assert best_match(sound, groove(5.0), 2500) > 0.98, name


@needs_ffmpeg
def test_a_video_without_sound_is_refused(tmp_path: Path) -> None:
    ffmpeg("-f", "lavfi", "-i", "testsrc=d=1:s=64x64", "-c:v", "mpeg4", tmp_path / "mute.mp4")
    with pytest.raises(NotAudio, match="no sound"):
        open_source(tmp_path / "mute.mp4")


@needs_ffmpeg
def test_the_default_stream_is_read(music: Path, tmp_path: Path) -> None:
    quiet = write(tmp_path / "tone.wav", tone(5.0))
    common = ("-i", quiet, "-i", music, "-map", "0", "-map", "1", "-c:a", "flac")
    ffmpeg(*common, "-disposition:a:0", "0", "-disposition:a:1", "default", tmp_path / "second.mkv")
    ffmpeg(*common, "-disposition:a:0", "default", "-disposition:a:1", "0", tmp_path / "first.mkv")
    assert correlation(read_clip(tmp_path / "second.mkv").samples, groove(5.0)) > 0.999
    assert correlation(read_clip(tmp_path / "first.mkv").samples, tone(5.0)) > 0.999


@needs_ffmpeg
def test_many_channels_keep_their_places(tmp_path: Path) -> None:
    levels = np.linspace(0.1, 0.8, 8, dtype=np.float32)
    write(tmp_path / "eight.wav", tone(1.0)[:1] * levels[:, None], subtype="FLOAT")
    ffmpeg("-i", tmp_path / "eight.wav", "-c:a", "aac", "-b:a", "800k", tmp_path / "eight.m4a")
    for name, tolerance in (("eight.wav", 1e-6), ("eight.m4a", 0.05)):
        clip = read_clip(tmp_path / name)
        assert clip.channels == 8
        peaks = np.abs(clip.samples[:, 5000:-5000]).max(axis=1) / 0.25
        kept = [index for index in range(8) if name == "eight.wav" or index != 3]  # AAC's LFE has no highs
        assert peaks[kept] == pytest.approx(levels[kept], rel=tolerance), name


def test_what_exceeds_full_scale_stays_and_what_is_no_number_is_silence(tmp_path: Path) -> None:
    sound = np.array([[1.5, -3.0, np.nan, np.inf, -np.inf, 0.5]], np.float32)
    path = write(tmp_path / "hot.wav", sound, subtype="FLOAT")
    assert read_clip(path).samples.tolist() == [[1.5, -3.0, 0.0, 0.0, 0.0, 0.5]]
    beyond = np.array([[1e300, -0.25, np.nan]])
    soundfile.write(tmp_path / "double.wav", beyond.T, 8000, subtype="DOUBLE")
    assert read_clip(tmp_path / "double.wav").samples.tolist() == [[0.0, -0.25, 0.0]]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("text.mp3", b"hello world\n" * 3),
        ("long.mp3", b"Lorem ipsum dolor sit amet, " * 200_000),
        ("page.mp3", b"<!doctype html><html><body>" + b"<p>x</p>" * 5000),
        ("table.flac", b"1,2,3\n" * 100_000),
        ("zeros.wav", bytes(3_000_000)),
        ("random.mp3", np.random.default_rng(1).bytes(3_000_000)),
        ("random.flac", np.random.default_rng(2).bytes(500_000)),
        ("list.m3u8", b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nhttp://192.0.2.1/a.ts\n#EXT-X-ENDLIST\n"),
        ("concat.mp3", b"ffconcat version 1.0\nfile groove.wav\n"),
        ("session.mp3", b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 192.0.2.1\nt=0 0\nm=audio 5004 RTP/AVP 0\n"),
        ("script.mp3", b"-SE\nalloff: -\nts1: pink/40 150+10/20\nNOW ts1\n+00:01:00 alloff\n"),
        ("titles.mp3", b"1\n00:00:01,000 --> 00:00:02,000\nhi\n\n" * 50),
        ("tag.mp3", b"ID3\x04\0\0\0\0\x0f\x76" + bytes(2038)),
        ("ones.mp3", b"\xff" * 300_000),
    ],
)
def test_what_is_no_audio_is_refused_at_once(
    name: str, content: bytes, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / name).write_bytes(content)
    write(tmp_path / "groove.wav", tone(0.1))
    start = time.perf_counter()
    with pytest.raises(NotAudio):
        open_source(tmp_path / name)
    assert time.perf_counter() - start < 1.0
    assert capfd.readouterr().err == ""


def test_content_counts_and_not_the_suffix(tmp_path: Path) -> None:
    write(tmp_path / "x.flac", tone(0.5)).rename(tmp_path / "x.mp3")
    write(tmp_path / "y.wav", tone(0.5)).rename(tmp_path / "http:y%d")
    with open_source(tmp_path / "x.mp3") as source:
        assert source.codec == "flac"
    assert read_clip(tmp_path / "http:y%d").frames == 22050


def test_paths_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "empty.wav").touch()
    os.mkfifo(tmp_path / "pipe.wav")
    (tmp_path / "loop.wav").symlink_to(tmp_path / "loop.wav")
    for path, kind in (
        (tmp_path / "nothing.wav", MissingPath),
        (tmp_path / "empty.wav" / "below", MissingPath),
        (tmp_path / "nul\0.wav", MissingPath),
        (tmp_path / ("n" * 300), InputError),
        (tmp_path / "loop.wav", InputError),
        (tmp_path / "empty.wav", EmptyFile),
        (tmp_path, InputError),
        (tmp_path / "pipe.wav", InputError),
        (Path("/dev/zero"), InputError),
    ):
        with pytest.raises(kind):
            open_source(path)


@pytest.fixture
def as_nobody(tmp_path: Path) -> Iterator[Path]:
    """A folder in which the rest of the test has no more rights than anybody: root may read all."""
    with nobody.as_nobody(tmp_path):
        yield tmp_path


@pytest.fixture
def locked_file(tmp_path: Path) -> Path:
    path = write(tmp_path / "locked.wav", tone(0.1))
    path.chmod(0)
    return path


def test_a_file_without_permission(locked_file: Path, as_nobody: Path) -> None:
    with pytest.raises(NoPermission):
        open_source(locked_file)


def test_a_wav_without_samples_is_empty_audio(tmp_path: Path) -> None:
    write(tmp_path / "none.wav", np.empty((1, 0), np.float32))
    with pytest.raises(EmptyAudio):
        open_source(tmp_path / "none.wav")


@pytest.mark.parametrize(
    ("recipe", "says_length"),
    [
        ("s16.wav -c:a pcm_s16le", True),
        ("x.aiff -c:a pcm_s16be", True),
        ("x.flac", True),
        ("x.wv", True),
        ("vbr.mp3 -q:a 2", True),
        ("x.mka -c:a libvorbis -q:a 6", True),
        ("x.ogg -c:a libvorbis -q:a 6", False),
        ("x.opus -b:a 160k", False),
    ],
)
@needs_ffmpeg
def test_a_file_that_was_cut_off_gives_what_there_is(
    recipe: str, says_length: bool, encoded: Callable[[str], Path], tmp_path: Path
) -> None:
    path = encoded(recipe)
    cut = tmp_path / path.name
    cut.write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10])
    with open_source(path) as source:
        whole = read_all(source)
    with open_source(cut) as source:
        part = read_all(source)
        warning = source.warning
    seconds = part.shape[1] / (48000 if path.suffix == ".opus" else 44100)
    assert 1.0 < seconds < 4.5
    assert np.array_equal(part[:, : part.shape[1] - 2000], whole[:, : part.shape[1] - 2000])
    assert warning is not None
    assert f"Only the first {seconds:.1f} s" in warning
    assert ("of 5.0 s" in warning) == says_length


@needs_ffmpeg
def test_an_mp4_without_its_index_cannot_be_decoded(encoded: Callable[[str], Path], tmp_path: Path) -> None:
    path = encoded("x.m4a -b:a 256k")
    (tmp_path / "cut.m4a").write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(DecodeFailed):
        open_source(tmp_path / "cut.m4a")


@needs_ffmpeg
def test_damage_in_the_middle_is_left_out_and_told(encoded: Callable[[str], Path], tmp_path: Path) -> None:
    path = encoded("no-header.mp3 -b:a 192k -write_xing 0")
    content = bytearray(path.read_bytes())
    content[40_000:44_000] = bytes(4000)
    (tmp_path / "hurt.mp3").write_bytes(content)
    with open_source(tmp_path / "hurt.mp3") as source:
        sound = read_all(source)
    assert 4.5 < sound.shape[1] / 44100 < 5.1


def test_a_header_that_promises_gigabytes_takes_no_memory(tmp_path: Path) -> None:
    path = write(tmp_path / "huge.wav", tone(0.5), subtype="PCM_16")
    content = bytearray(path.read_bytes())
    at = content.index(b"data") + 4
    content[at : at + 4] = struct.pack("<I", 0xF0000000)
    path.write_bytes(content)
    tracemalloc.start()
    try:
        clip = read_clip(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert clip.frames == 22050
    assert peak < 20_000_000
    with open_source(path) as source:
        read_all(source)
        assert source.warning is not None


def test_a_streamed_wav_that_leaves_its_length_open_is_whole(tmp_path: Path) -> None:
    path = write(tmp_path / "streamed.wav", tone(0.5), subtype="PCM_16")
    content = bytearray(path.read_bytes())
    at = content.index(b"data") + 4
    content[at : at + 4] = b"\xff\xff\xff\xff"
    path.write_bytes(content)
    with open_source(path) as source:
        assert read_all(source).shape[1] == 22050
        assert source.warning is None


def test_a_disk_that_fails_midway_gives_what_there_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "x.flac", groove(5.0))
    allowed = 300_000

    class FailingFile(io.FileIO):
        def read(self, size: int | None = -1, /) -> bytes | None:
            nonlocal allowed
            allowed -= size or 0
            if allowed < 0:
                raise OSError(5, "Input/output error")
            return super().read(size)

    monkeypatch.setattr(io, "FileIO", FailingFile)
    with open_source(path) as source:
        sound = read_all(source)
        assert 0.1 < sound.shape[1] / 44100 < 4.9
        assert source.warning is not None
    with pytest.raises(InputError, match="Input/output error"):
        open_source(path)


def test_cancelling_stops_within_a_block(music: Path) -> None:
    class Stop:
        calls = 0

        def step(self, done: float, total: float, note: str = "") -> None:
            Stop.calls += 1
            assert 0 < done <= total
            if Stop.calls == 2:
                raise Cancelled

    with pytest.raises(Cancelled):
        read_clip(music, progress=Stop())
    assert Stop.calls == 2


def test_tags_come_with_the_source(test_data: Path) -> None:
    with open_source(test_data / "odd/flac/faulty/10 - invalid vorbis comment metadata block.flac") as source:
        assert isinstance(source.tags, Tags)


# The odd files ------------------------------------------------------------------------------------------------------

READ_ONLY_BY_LIBMPG123 = {"l2-nonstandard-fl1_fl2_ff.bit", "l2-nonstandard-free_format.bit"}
"""Free-format Layer II: FFmpeg does not know it, and libmpg123 talks to stderr."""


def test_all_odd_files_give_music_or_a_plain_error(test_data: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with (test_data / "odd/index.csv").open(encoding="utf-8", newline="") as table:
        rows = list(csv.DictReader(table))
    assert len(rows) > 50
    wrong = []
    for row in rows:
        start = time.process_time()
        path = test_data / row["file"]
        try:
            with open_source(path) as source:
                sound = read_all(source, 65536)
                seen: object = (source.sample_rate_hz, source.channels)
                assert np.isfinite(sound).all()
                warning = source.warning
        except StudioError as error:
            sound, seen, warning = np.empty((1, 0), np.float32), error.code, None
        readable = "ok" in (row["decode_ffmpeg"], row["soundfile"]) or row["decode_ffmpeg"].startswith("partial")
        if path.name in READ_ONLY_BY_LIBMPG123:
            readable = False
        if readable:
            if not sound.shape[1]:
                wrong.append((row["file"], seen))
            elif row["decode_ffmpeg"] == "ok" and (seen, warning) != ((int(row["sr"]), int(row["ch"])), None):
                wrong.append((row["file"], seen, warning))
        elif isinstance(seen, tuple) and row["decode_ffmpeg"] != "empty":
            wrong.append((row["file"], seen))
        if time.process_time() - start > 5.0:
            wrong.append((row["file"], "slow"))
    assert wrong == []
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("name", "seconds"),
    [
        ("faulty/01 - wrong max blocksize.flac", 4.25),
        ("faulty/03 - wrong bit depth.flac", 3.75),
        ("faulty/05 - wrong total number of samples.flac", 4.56),
        ("faulty/07 - other metadata blocks preceding streaminfo metadata block.flac", 4.42),
        ("faulty/09 - blocksize 1.flac", 1.73),
        ("uncommon/11 - file starting with unparsable data.flac", 12.89),
    ],
)
def test_faulty_flac_files_are_read_whole_by_one_decoder_or_the_other(
    name: str, seconds: float, test_data: Path
) -> None:
    with open_source(test_data / "odd/flac" / name) as source:
        sound = read_all(source)
        assert sound.shape[1] / source.sample_rate_hz == pytest.approx(seconds, abs=0.02)
        middle = sound.shape[1] // 2
        source.seek(middle)
        assert np.array_equal(source.read(500), sound[:, middle : middle + 500])


def test_flac_samples_have_the_md5_of_their_header(test_data: Path) -> None:
    checked = 0
    for path in sorted((test_data / "odd/flac/subset").glob("*.flac")) + sorted(
        (test_data / "odd/flac/uncommon").glob("0[789]*.flac")
    ):
        header = path.read_bytes()[8:42]
        bits = ((header[12] & 1) << 4 | header[13] >> 4) + 1
        md5 = header[18:34]
        if not any(md5) or path.read_bytes()[:4] != b"fLaC":
            continue
        steps = np.rint(read_clip(path).samples.T.astype(np.float64) * 2 ** (bits - 1)).astype("<i4")
        width = (bits + 7) // 8
        packed = np.ascontiguousarray(steps).view(np.uint8).reshape(-1, 4)[:, :width].tobytes()
        assert hashlib.md5(packed).digest() == md5, path.name
        checked += 1
    assert checked >= 10


def test_formats_that_change_midway_come_in_the_first_one(test_data: Path) -> None:
    folder = test_data / "odd/flac/uncommon"
    for name, rate_hz, channels in (
        ("01 - changing samplerate.flac", 32000, 2),
        ("02 - increasing number of channels.flac", 44100, 1),
        ("03 - decreasing number of channels.flac", 44100, 4),
    ):
        with open_source(folder / name) as source:
            assert (source.sample_rate_hz, source.channels) == (rate_hz, channels)
            sound = read_all(source)
            quarter = sound.shape[1] // 4
            for part in range(4):
                assert np.abs(sound[:, part * quarter : (part + 1) * quarter]).max() > 0.01, (name, part)


@needs_ffmpeg
@pytest.mark.parametrize("recipe", ["s16.wav -c:a pcm_s16le", "x.caf -c:a pcm_s24le", "x.flac", "x.m4a -b:a 256k"])
def test_damage_anywhere_never_gets_out_of_hand(
    recipe: str, encoded: Callable[[str], Path], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    content = encoded(recipe).read_bytes()[:200_000]
    random = np.random.default_rng(11)
    for _ in range(60):
        damaged = bytearray(content)
        for _ in range(int(random.integers(1, 20))):
            damaged[random.integers(64 if random.integers(2) else len(damaged))] = random.integers(256)
        path = tmp_path / "damaged"
        path.write_bytes(damaged)
        try:
            with open_source(path) as source:
                frames = 0
                while (block := source.read(65536)).shape[1]:
                    assert np.isfinite(block).all()
                    frames += block.shape[1]
                source.seek(frames // 2)
                source.read(100)
                assert source.frames is not None
        except StudioError:
            continue
    assert capfd.readouterr().err == ""


class _Bytes:
    def __init__(self, content: bytes) -> None:
        self.content = content
        self.size_bytes = len(content)

    def read_at(self, offset: int, count: int) -> bytes:
        return self.content[offset : offset + count]


@pytest.mark.parametrize("form", [b"RIFF", b"RIFX"])
def test_the_promised_length_of_a_wav(form: bytes) -> None:
    endian = ">" if form == b"RIFX" else "<"
    chunk = b"fmt " + struct.pack(endian + "IHHIIHH", 16, 1, 2, 44100, 176400, 4, 16)
    content = form + bytes(4) + b"WAVE" + chunk + b"data" + struct.pack(endian + "I", 4000) + bytes(100)
    assert declared_wav_frames(_Bytes(content)) == 1000
    assert declared_wav_frames(_Bytes(content[:20])) is None
    assert declared_wav_frames(_Bytes(b"RIFF1234AVI " + content[12:])) is None
