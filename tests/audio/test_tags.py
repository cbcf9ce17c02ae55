"""Tags and recipes inside every kind of file."""

from __future__ import annotations

import json
import os
import shutil
import struct
import subprocess
from pathlib import Path

import mutagen
import mutagen.id3
import numpy as np
import pytest
import soundfile
from mutagen.flac import FLAC, Picture

from sonicforge_studio.audio import FORMATS, Tags, open_source, read_clip, read_tags, write_clip, write_tags
from sonicforge_studio.audio._part_file import PartFile
from sonicforge_studio.audio._wav_writer import WavWriter
from sonicforge_studio.domain import Clip
from sonicforge_studio.domain.errors import EmptyFile, MissingPath, UnknownFormat
from tests.sounds import tone, write

RECIPE = json.dumps({"prompt": 'warm "liquid"\n\t drum & bass \\ 😀', "seeds": list(range(4000))}, ensure_ascii=False)
FULL = Tags(
    title="Zażółć gęślą jaźń 😀",
    artist="A; B / C",
    album="Line one\nline two",
    genre="Drum & Bass",
    comment="100 % = sure\r\nsecond line",
    bpm=173.9876,
    key="F# minor",
    licence="CC-BY-NC-4.0",
    recipe=RECIPE,
)
NONE = Tags()
needs_ffmpeg = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="the system's ffmpeg makes these files")


def made(path: Path, tags: Tags = NONE) -> Path:
    write_clip(path, Clip(tone(0.5), 48000), format=path.suffix[1:], tags=tags)
    return path


def ffmpeg(*arguments: str | Path) -> None:
    subprocess.run(["ffmpeg", "-v", "error", "-y", *map(os.fspath, arguments)], check=True, stdin=subprocess.DEVNULL)


@pytest.mark.parametrize("format", FORMATS)
def test_all_tags_survive_in_every_format(format: str, tmp_path: Path) -> None:
    assert 20_000 < len(RECIPE) < 30_000
    path = made(tmp_path / f"x.{format}", FULL)
    assert read_tags(path) == FULL
    with open_source(path) as source:
        assert source.tags == FULL
        assert source.warning is None
    # FFmpeg cuts half a short block off the end of Vorbis that begins with one.
    lost = 256 if format == "ogg" else 0
    assert 0 <= 22050 - read_clip(path).frames <= lost


@pytest.mark.parametrize("format", FORMATS)
def test_tags_are_rewritten_and_the_sound_stays(format: str, tmp_path: Path) -> None:
    path = made(tmp_path / f"x.{format}", FULL)
    sound = read_clip(path).samples
    path.chmod(0o640)
    changed = Tags(title="New", comment=FULL.comment, recipe="{}")
    write_tags(path, changed)
    assert read_tags(path) == changed
    write_tags(path, FULL)
    assert read_tags(path) == FULL
    write_tags(path, NONE)
    assert read_tags(path) == NONE
    assert np.array_equal(read_clip(path).samples, sound)
    assert path.stat().st_mode & 0o777 == 0o640
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("format", FORMATS)
def test_texts_that_no_file_can_hold_are_mended(format: str, tmp_path: Path) -> None:
    path = made(tmp_path / f"x.{format}", Tags(title="a\ud83d\ude00b\udc80c", comment="nul\0gone", bpm=float("nan")))
    assert read_tags(path) == Tags(title="a😀b\ufffdc", comment="nulgone")


@pytest.mark.parametrize("format", FORMATS)
def test_other_programs_find_them(format: str, tmp_path: Path) -> None:
    path = made(tmp_path / f"x.{format}", FULL)
    if shutil.which("ffprobe") is not None:
        probed = json.loads(
            subprocess.run(
                ["ffprobe", "-v", "error", "-show_format", "-show_streams", "-of", "json", path],
                capture_output=True,
                check=True,
            ).stdout
        )
        found = {**probed["format"].get("tags", {}), **probed["streams"][0].get("tags", {})}
        lower = {name.lower(): text for name, text in found.items()}
        assert lower["title"] == FULL.title
        assert lower["artist"] == FULL.artist
    opened = mutagen.File(path)
    key = {"wav": "TKEY", "mp3": "TKEY", "m4a": "----:com.apple.iTunes:initialkey"}.get(format, "initialkey")
    value = opened.tags[key]
    assert str(value.text[0] if hasattr(value, "text") else value[0]) in ("F#m", "b'F#m'")


def test_what_else_a_file_says_is_kept(tmp_path: Path) -> None:
    flac = made(tmp_path / "x.flac", FULL)
    opened = FLAC(flac)
    picture = Picture()
    picture.data, picture.mime = bytes(5000), "image/png"
    opened.add_picture(picture)
    opened["composer"] = "somebody"
    opened.save()
    mp3 = made(tmp_path / "x.mp3", FULL)
    tag = mutagen.id3.ID3(mp3)
    tag.add(mutagen.id3.TCOM(encoding=3, text="somebody"))
    tag.add(mutagen.id3.COMM(encoding=3, lang="eng", desc="iTunNORM", text=" 0000"))
    tag.save()
    wav = made(tmp_path / "x.wav", FULL)
    tag_in_wav = mutagen.File(wav)
    tag_in_wav.tags.add(mutagen.id3.TCOM(encoding=3, text="somebody"))
    tag_in_wav.save()
    for path in (flac, mp3, wav):
        write_tags(path, Tags(title="New"))
        assert read_tags(path) == Tags(title="New")
    assert FLAC(flac)["composer"] == ["somebody"]
    assert len(FLAC(flac).pictures[0].data) == 5000
    assert mutagen.id3.ID3(mp3)["TCOM"].text == ["somebody"]
    assert mutagen.id3.ID3(mp3)["COMM:iTunNORM:eng"].text == [" 0000"]
    assert mutagen.File(wav).tags["TCOM"].text == ["somebody"]


@needs_ffmpeg
@pytest.mark.parametrize(
    "name", ["f.wav", "f.aiff", "f.flac", "f.mp3", "f.m4a", "f.ogg", "f.opus", "f.wv", "f.mka", "f.wma", "f.mp4"]
)
def test_tags_that_others_wrote_are_read(name: str, tmp_path: Path) -> None:
    tagged = ("-metadata", "title=Ein Lied", "-metadata", "artist=Jemand", "-metadata", "genre=Jazz")
    options = ("-write_id3v2", "1") if name.endswith("aiff") else ()
    ffmpeg("-i", write(tmp_path / "tone.wav", tone(0.5)), *tagged, *options, tmp_path / name)
    tags = read_tags(tmp_path / name)
    assert (tags.title, tags.artist, tags.genre) == ("Ein Lied", "Jemand", "Jazz")


@needs_ffmpeg
@pytest.mark.parametrize("name", ["f.aiff", "f.ogg", "f.wv", "f.wma"])
def test_other_formats_hold_a_recipe_too(name: str, tmp_path: Path) -> None:
    ffmpeg("-i", write(tmp_path / "tone.wav", tone(0.5)), tmp_path / name)
    sound = read_clip(tmp_path / name).samples
    write_tags(tmp_path / name, FULL)
    assert read_tags(tmp_path / name) == FULL
    assert np.array_equal(read_clip(tmp_path / name).samples, sound)


@needs_ffmpeg
def test_a_kind_of_file_without_tags_is_refused_and_stays(tmp_path: Path) -> None:
    ffmpeg("-i", write(tmp_path / "tone.wav", tone(0.5)), tmp_path / "x.mka")
    before = (tmp_path / "x.mka").read_bytes()
    with pytest.raises(UnknownFormat):
        write_tags(tmp_path / "x.mka", FULL)
    assert (tmp_path / "x.mka").read_bytes() == before


def test_tempo_and_key_as_others_write_them(tmp_path: Path) -> None:
    path = made(tmp_path / "x.flac")
    for written, bpm in (("128", 128.0), ("127,5", 127.5), ("fast", None), ("0", None), ("inf", None)):
        opened = FLAC(path)
        opened["BPM"] = written
        opened.save()
        assert read_tags(path).bpm == bpm
    for written, key in (("Am", "A minor"), ("F#", "F# major"), ("8A", "A minor")):
        opened = FLAC(path)
        opened["initialkey"] = written
        opened.save()
        assert read_tags(path).key == key


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    real = made(tmp_path / "real.wav")
    (tmp_path / "link.wav").symlink_to(real)
    write_tags(tmp_path / "link.wav", Tags(title="T"))
    assert (tmp_path / "link.wav").is_symlink()
    assert read_tags(real).title == "T"


def test_paths_without_tags(tmp_path: Path) -> None:
    (tmp_path / "empty.mp3").touch()
    (tmp_path / "text.mp3").write_text("no audio at all")
    with pytest.raises(MissingPath):
        read_tags(tmp_path / "nothing.mp3")
    with pytest.raises(EmptyFile):
        read_tags(tmp_path / "empty.mp3")
    assert read_tags(tmp_path / "text.mp3") == NONE
    with pytest.raises(UnknownFormat):
        write_tags(tmp_path / "text.mp3", FULL)


@pytest.mark.parametrize("format", FORMATS)
def test_broken_tags_never_raise(format: str, tmp_path: Path) -> None:
    content = made(tmp_path / f"x.{format}", FULL).read_bytes()
    random = np.random.default_rng(7)
    broken = tmp_path / f"broken.{format}"
    tag_at = max(0, content.find(b"SONICFORGE") - 2000) if b"SONICFORGE" in content else len(content) - 24_000
    for round_ in range(40):
        changed = bytearray(content)
        for place in random.integers(tag_at, min(len(content), tag_at + 24_000), 30):
            changed[place] = random.integers(256)
        if round_ % 4 == 0:
            changed = changed[: random.integers(20, len(content))]
        broken.write_bytes(changed)
        assert isinstance(read_tags(broken), Tags)


def test_a_wav_keeps_its_other_chunks_and_loses_its_wrong_length(tmp_path: Path) -> None:
    path = write(tmp_path / "x.wav", tone(0.5), subtype="PCM_16")
    content = path.read_bytes()
    cue = b"cue " + struct.pack("<I", 5) + b"12345\0"
    at = content.index(b"data")
    path.write_bytes(content[:at] + cue + content[at:-1000])
    write_tags(path, Tags(title="T"))
    assert cue in path.read_bytes()
    clip = read_clip(path)
    assert clip.frames == 22050 - 250
    with open_source(path) as source:
        while source.read(10_000).shape[1]:
            pass
        assert source.warning is None
    assert soundfile.info(path).frames == clip.frames


def test_rf64_is_tagged_too(tmp_path: Path) -> None:
    file = PartFile(tmp_path / "big.wav", overwrite=False)
    writer = WavWriter(file, 44100, 2, 16, largest_riff_bytes=1000)
    writer.write(tone(0.5))
    writer.finish(FULL)
    file.publish()
    sound = read_clip(tmp_path / "big.wav").samples
    write_tags(tmp_path / "big.wav", Tags(title="New", recipe="[]"))
    assert (tmp_path / "big.wav").read_bytes()[:4] == b"RF64"
    assert read_tags(tmp_path / "big.wav") == Tags(title="New", recipe="[]")
    assert np.array_equal(read_clip(tmp_path / "big.wav").samples, sound)
    assert soundfile.info(tmp_path / "big.wav").frames == 22050
