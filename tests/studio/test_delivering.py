"""How far a master is led down and up for its codecs, and what the encoders then make of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sonicforge_studio.audio import ClipSource, Tags, read_tags
from sonicforge_studio.domain import Clip, MasterSettings, Proof, Samples, SilentProgress, Target, to_plain
from sonicforge_studio.domain.errors import OutputExists
from sonicforge_studio.studio.delivering import Beside, Delivered, Delivery, _State
from tests.judges import ebur128
from tests.sounds import groove

ASKED = MasterSettings(Target("spotify", -14.0, -1.0))


def at(ceiling_dbtp: float) -> MasterSettings:
    return replace(ASKED, target=replace(ASKED.target, ceiling_dbtp=ceiling_dbtp))


def test_what_was_led_down_too_far_comes_up_again() -> None:
    state = _State(ASKED, ("mp3-320",))
    state.lead_down(2.95, 0)
    assert state.used.target.ceiling_dbtp == pytest.approx(-4.0)
    assert state.come_up(at(-4.0))
    assert state.used.target.ceiling_dbtp == pytest.approx(-2.5)
    state.lead_down(0.3, 1)
    assert state.come_up(at(-4.0))
    assert state.used.target.ceiling_dbtp == pytest.approx(-3.25)
    assert state.come_up(at(-3.25))
    assert state.used.target.ceiling_dbtp == pytest.approx(-2.875)
    assert not state.come_up(at(-2.875))


def test_what_passed_at_once_stays() -> None:
    assert not _State(ASKED, ("mp3-320",)).come_up(ASKED)


RATE_HZ = 44_100
SECONDS = 3
LOSSY = ("mp3-320", "mp3-v0", "aac-256", "aac-128", "opus-160", "vorbis")


def target_tags(pcm_hash: str, used: MasterSettings) -> Tags:
    """What the samples went through stands in the comment."""
    return Tags(comment=json.dumps(to_plain(used.target)))


def delivery(
    samples: Samples,
    folder: Path,
    settings: MasterSettings,
    *formats: str,
    own: str = "wav",
    spools: Path | None = None,
    tags: Callable[[str, MasterSettings], Tags] = target_tags,
) -> Delivery:
    """With its copies beside it."""
    clip = Clip(np.asarray(samples, np.float32), RATE_HZ)
    beside = Beside(formats, folder, spools or folder, keep=True)
    path = folder / f"master.{'m4a' if own == 'aac-128' else own}"
    return Delivery(lambda: ClipSource(clip), path, own, settings, tags, beside=beside)


def deliver(samples: Samples, folder: Path, settings: MasterSettings, *formats: str, own: str = "wav") -> Delivered:
    return delivery(samples, folder, settings, *formats, own=own).deliver(SilentProgress())


def clipped_noise() -> Samples:
    return np.clip(np.random.default_rng(8).standard_normal((2, SECONDS * RATE_HZ)), -0.7, 0.7)


def square_wave() -> Samples:
    wave = 0.9 * np.sign(np.sin(2 * np.pi * 220 * np.arange(SECONDS * RATE_HZ) / RATE_HZ))
    return np.stack([wave, -wave])


def bursts() -> Samples:
    """Half a second of noise at full scale in a quiet tone: what makes a codec ring."""
    quiet = 0.02 * np.sin(2 * np.pi * 997 * np.arange(SECONDS * RATE_HZ) / RATE_HZ)
    noise = np.random.default_rng(3).uniform(-1, 1, (2, RATE_HZ // 4))
    samples = np.stack([quiet, quiet])
    for start in range(RATE_HZ // 2, SECONDS * RATE_HZ, RATE_HZ):
        samples[:, start : start + noise.shape[1]] += noise
    return samples


@pytest.mark.parametrize("sound", [clipped_noise, square_wave, bursts, lambda: groove(SECONDS)])
def test_what_real_encoders_make_of_torture_keeps_loudness_and_ceiling(
    tmp_path: Path, sound: Callable[[], Samples]
) -> None:
    """As ffmpeg's own meter hears every copy, which shows a tenth of a dB."""
    settings = MasterSettings(Target("spotify-loud", -11.0, -2.0))
    delivered = deliver(sound(), tmp_path, settings, *LOSSY)
    assert [proof.format for proof in delivered.proofs] == ["wav", *LOSSY]
    for proof in delivered.proofs:
        heard = ebur128(proof.path)
        assert (proof.format, heard.true_peak_dbtp <= -1.95, proof.passed) == (proof.format, True, True), proof.reason
        assert heard.integrated_lufs == pytest.approx(-11.0, abs=0.1 if proof.format == "wav" else 0.26), proof.format


def by_format(delivered: Delivered) -> dict[str, Proof]:
    return {proof.format: proof for proof in delivered.proofs}


def test_a_format_that_takes_loudness_has_a_master_of_its_own_that_is_led_up(tmp_path: Path) -> None:
    proofs = by_format(deliver(clipped_noise(), tmp_path, ASKED, "aac-128", "flac16"))
    assert proofs["aac-128"].passed
    assert proofs["aac-128"].note.startswith("It has a master of its own: -12.")
    assert ebur128(proofs["aac-128"].path).integrated_lufs == pytest.approx(-14.0, abs=0.25)
    assert proofs["flac16"].note == ""
    recipe = json.loads(str(read_tags(Path(proofs["aac-128"].path)).comment))
    assert recipe["integrated_lufs"] == pytest.approx(float(proofs["aac-128"].note.split()[7]), abs=0.05)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "master (aac-128).m4a",
        "master (flac16).flac",
        "master.wav",
    ]


def test_a_file_of_such_a_format_is_led_up_itself(tmp_path: Path) -> None:
    delivered = deliver(clipped_noise(), tmp_path, ASKED, own="aac-128")
    assert delivered.settings.target.integrated_lufs > -13.5
    assert delivered.proofs[0].passed


def test_what_a_codec_leaves_out_almost_whole_is_not_made_up_for(tmp_path: Path) -> None:
    """A tone at 19.5 kHz, which 128 kbit/s do not hold: to be as loud without it the rest would be squashed."""
    times = np.arange(SECONDS * RATE_HZ) / RATE_HZ
    tones = 0.002 * np.sin(2 * np.pi * 500 * times) + 0.5 * np.sin(2 * np.pi * 19_500 * times)
    proof = by_format(deliver(np.stack([tones, tones]), tmp_path, ASKED, "aac-128"))["aac-128"]
    assert (proof.passed, proof.failure, proof.note) == (False, "loudness", "")


def test_where_the_name_was_taken_meanwhile_no_copy_stands_either(tmp_path: Path) -> None:
    def someone_else_is_first(pcm_hash: str, used: MasterSettings) -> Tags:
        (tmp_path / "master.wav").write_text("of someone else")
        return Tags()

    with pytest.raises(OutputExists):
        delivery(groove(SECONDS), tmp_path, ASKED, "flac16", "mp3-320", tags=someone_else_is_first).deliver(
            SilentProgress()
        )
    assert [path.name for path in tmp_path.iterdir()] == ["master.wav"]
    assert (tmp_path / "master.wav").read_text() == "of someone else"


def test_what_has_been_proved_leaves_its_room_on_the_disk_to_the_next(tmp_path: Path, small_disk: Path) -> None:
    """There is room for the samples of one master, and there are two at least, one after the other."""
    second = clipped_noise()[:, :RATE_HZ]
    proofs = by_format(delivery(second, tmp_path, ASKED, "aac-128", spools=small_disk).deliver(SilentProgress()))
    assert proofs["aac-128"].note.startswith("It has a master of its own")


class Bar:
    """A progress that keeps where it was."""

    def __init__(self) -> None:
        self.places = [0.0]

    def step(self, done: float, total: float, note: str = "") -> None:
        self.places.append(done / total)


def test_masters_of_their_own_have_what_the_first_one_left_of_the_bar(tmp_path: Path) -> None:
    bar = Bar()
    delivery(clipped_noise(), tmp_path, ASKED, "aac-128").deliver(bar)
    assert bar.places == sorted(bar.places)
    assert [place for place in bar.places if 0.5 < place < 0.9]


def test_what_cannot_be_as_loud_as_asked_for_is_not_made_quieter_still_for_a_codec(tmp_path: Path) -> None:
    asked = MasterSettings(Target("own", -5.0, -0.3))
    for name in ("alone", "proved"):
        (tmp_path / name).mkdir()
    alone = deliver(bursts(), tmp_path / "alone", asked)
    proved = deliver(bursts(), tmp_path / "proved", asked, "aac-128")
    assert alone.after.integrated_lufs < -6.0
    assert proved.after.integrated_lufs == pytest.approx(alone.after.integrated_lufs, abs=0.1)
    assert proved.proofs[1].loudness.true_peak_dbtp <= -0.3
    assert proved.proofs[1].note.startswith("It has a master of its own")


def test_what_keeps_its_dynamics_is_one_master_for_all_codecs(tmp_path: Path) -> None:
    """A lower ceiling makes it quieter in any case: a master of its own would not be as loud as the others."""
    asked = MasterSettings(Target("own", -5.0, -0.3), least_peak_to_loudness_lu=8.0)
    delivered = deliver(groove(SECONDS), tmp_path, asked, "aac-128", "flac16")
    assert delivered.settings.target.ceiling_dbtp < -0.5
    assert [(proof.passed, proof.note) for proof in delivered.proofs] == [(True, "")] * 3
