"""The hash of the encoded sound: the same whatever the tags say, another for another sound."""

from __future__ import annotations

import shutil
import struct
from pathlib import Path

import mutagen.apev2
import numpy as np
import pytest

from sonicforge_studio.audio import Tags, content_hash, open_sink, payload_hash, write_tags
from tests.sounds import groove, write

RATE_HZ = 44100


def _file(path: Path, tone_hz: float = 440.0) -> Path:
    time = np.arange(RATE_HZ) / RATE_HZ
    samples = np.stack([0.3 * np.sin(2 * np.pi * tone_hz * time)] * 2).astype(np.float32)
    with open_sink(path, format=path.suffix[1:], sample_rate_hz=RATE_HZ, channels=2) as sink:
        sink.write(samples)
    return path


@pytest.mark.parametrize("suffix", ["wav", "flac", "mp3", "m4a", "opus"])
def test_new_tags_change_the_file_and_not_its_sound(tmp_path: Path, suffix: str) -> None:
    plain = _file(tmp_path / f"plain.{suffix}")
    tagged = Path(shutil.copy(plain, tmp_path / f"tagged.{suffix}"))
    write_tags(tagged, Tags(title="Another name", artist="Somebody"))
    assert content_hash(tagged) != content_hash(plain)
    assert payload_hash(plain) is not None
    assert payload_hash(tagged) == payload_hash(plain)


@pytest.mark.parametrize("suffix", ["wav", "flac", "mp3"])
def test_another_sound_is_another(tmp_path: Path, suffix: str) -> None:
    one, other = _file(tmp_path / f"one.{suffix}"), _file(tmp_path / f"other.{suffix}", 441.0)
    assert payload_hash(one) != payload_hash(other)


def test_one_sample_makes_another_sound(tmp_path: Path) -> None:
    path = _file(tmp_path / "sound.wav")
    before = payload_hash(path)
    changed = bytearray(path.read_bytes())
    changed[len(changed) // 2] ^= 1
    path.write_bytes(changed)
    assert payload_hash(path) != before


def test_what_is_no_sound_has_none(tmp_path: Path) -> None:
    letter = tmp_path / "letter.mp3"
    letter.write_text("Dear Sir, " * 500)
    assert payload_hash(letter) is None
    assert payload_hash(tmp_path / "nothing.wav") is None


def test_vorbis_comments_are_no_part_of_the_sound(tmp_path: Path) -> None:
    first = write(tmp_path / "first.ogg", groove(3))
    changed = groove(3)
    changed[:, 60_000] += 0.25
    other = write(tmp_path / "other.ogg", changed)
    before = payload_hash(first)
    write_tags(first, Tags(title="Another title", comment="long " * 1000))
    assert payload_hash(first) == before is not None
    assert payload_hash(other) != before


def test_what_decoders_make_sound_of_counts(tmp_path: Path) -> None:
    """FFmpeg no longer trims the padding of an MP3 with a long APE tag behind it."""
    path = _file(tmp_path / "sound.mp3")
    plain = payload_hash(path)
    tags = mutagen.apev2.APEv2()
    tags["Title"] = "Another name " * 2000
    tags.save(path)
    assert payload_hash(path) != plain


@pytest.mark.parametrize(
    ("declared", "more"),
    [
        (0, b""),
        (0xFFFFFFFF, b""),
        (1000, b"data" + struct.pack("<I", 4000) + bytes(4000)),
        (None, b""),
    ],
    ids=["open", "streamed", "two chunks", "cut off"],
)
def test_a_wav_whose_length_decoders_judge_otherwise_is_no_other(
    tmp_path: Path, declared: int | None, more: bytes
) -> None:
    hashes = []
    for tone_hz in (440.0, 1234.0):
        path = _file(tmp_path / f"{tone_hz}.wav", tone_hz)
        content = bytearray(path.read_bytes())
        at = content.index(b"data") + 4
        if declared is not None:
            content[at : at + 4] = struct.pack("<I", declared)
        else:
            del content[-1000:]
        path.write_bytes(bytes(content) + more)
        hashes.append(payload_hash(path))
    assert hashes[0] is None or hashes[0] != hashes[1]


@pytest.mark.parametrize("suffix", ["wav", "flac", "mp3"])
def test_any_beginning_of_a_file_has_one_or_none(tmp_path: Path, suffix: str) -> None:
    whole = _file(tmp_path / f"whole.{suffix}").read_bytes()
    known = {payload_hash(tmp_path / f"whole.{suffix}")}
    part = tmp_path / f"part.{suffix}"
    for size in (1, 3, 4, 9, 12, 30, 43, 44, 45, 100, 1000, len(whole) // 2, len(whole) - 1):
        part.write_bytes(whole[:size])
        found = payload_hash(part)
        assert found is None or found not in known
        known.add(found)
