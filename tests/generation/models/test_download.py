"""Downloads from a real server on this machine: whole, broken off, gone on with, and with all that goes wrong."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from sonicforge_studio.domain import Progress, SilentProgress, StudioError
from sonicforge_studio.domain.errors import (
    BadSetting,
    Cancelled,
    DiskFull,
    DownloadChanged,
    DownloadRunning,
    HubRefused,
    HubUnreachable,
    ModelNotUsable,
    OutputNotWritable,
)
from sonicforge_studio.generation.models import KnownModel, Shelf, catalogue, download
from sonicforge_studio.generation.models.download import Downloader
from sonicforge_studio.generation.models.hub import Hub
from sonicforge_studio.generation.musicgen.model_folder import read_model_folder
from sonicforge_studio.jobs.retries import RetryPolicy
from tests.generation.musicgen.conftest import build_model
from tests.hub_server import REVISION, HubServer, hub_of

WEIGHTS = "model.safetensors"
SMALL = catalogue()["musicgen-small"]


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("transformers")
    return build_model(tmp_path_factory.mktemp("hub") / "tiny")


@pytest.fixture
def served(tiny: Path, tmp_path: Path) -> Path:
    """What the hub has: the model, and beside it what must never come."""
    folder = shutil.copytree(tiny, tmp_path / "served")
    for name in ("pytorch_model.bin", "state_dict.bin", "README.md", ".gitattributes", "flax_model.msgpack"):
        (folder / name).write_bytes(b"\x80\x04." + name.encode())
    return folder


@pytest.fixture
def hub(served: Path) -> Iterator[HubServer]:
    with hub_of(served) as server:
        yield server


@pytest.fixture(autouse=True)
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "_RETRIES", RetryPolicy(attempts=4, first_delay_seconds=0.02))


@dataclass
class Seen:
    """A progress that remembers, and that stops where it is told to."""

    stop_at: float = 2.0
    last: float = 0.0
    steps: int = 0
    note: str = ""

    def step(self, done: float, total: float, note: str = "") -> None:
        self.steps += 1
        self.last, self.note = done / total, note
        if self.last >= self.stop_at:
            raise Cancelled()


def bring(hub: HubServer, shelf: Shelf, progress: Progress | None = None, model: KnownModel = SMALL) -> None:
    downloader = Downloader(Hub(hub.endpoint), shelf)
    downloader.download(downloader.offer(model, SilentProgress()), progress or SilentProgress())


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "models")


def hidden(shelf: Shelf) -> list[str]:
    """What lies on the shelf beside models, locks left out."""
    return sorted(path.name for path in shelf.folder.glob(".*") if path.suffix != ".lock")


def test_a_model_comes_whole_and_nothing_else_does(hub: HubServer, shelf: Shelf, served: Path) -> None:
    downloader = Downloader(Hub(hub.endpoint), shelf)
    offer = downloader.offer(SMALL, SilentProgress())
    names = {file.name for file in offer.files}
    assert names == {
        "config.json", "generation_config.json", "processor_config.json", "tokenizer.json", "tokenizer_config.json",
        WEIGHTS,
    }  # fmt: skip
    assert (offer.revision, offer.licence, offer.hub) == (REVISION, "CC-BY-NC-4.0", "facebook/musicgen-small")
    assert offer.download_bytes == sum((served / name).stat().st_size for name in names)
    assert offer.free_bytes > 0
    seen = Seen()
    downloader.download(offer, seen)
    place = shelf.place_for("musicgen-small")
    assert {path.name for path in place.iterdir()} == names | {"download.json"}
    for name in names:
        assert (place / name).read_bytes() == (served / name).read_bytes()
    assert read_model_folder(place).codebooks == 4
    assert seen.last == 1.0
    assert "of" in seen.note
    assert hidden(shelf) == []


def test_shards_come_all(hub: HubServer, shelf: Shelf, served: Path) -> None:
    from transformers import MusicgenForConditionalGeneration

    model = MusicgenForConditionalGeneration.from_pretrained(served)
    (served / WEIGHTS).unlink()
    model.save_pretrained(served, max_shard_size="100kB")
    shards = {path.name for path in served.glob("model-*-of-*.safetensors")}
    assert len(shards) > 1
    bring(hub, shelf)
    place = shelf.place_for("musicgen-small")
    assert shards | {"model.safetensors.index.json"} <= {path.name for path in place.iterdir()}
    assert read_model_folder(place).parameters > 0


def test_a_lost_connection_goes_on_where_it_was(hub: HubServer, shelf: Shelf) -> None:
    hub.faults.cut_after_bytes[WEIGHTS] = [100_000, 50_000, 0, 0]
    bring(hub, shelf)
    starts = [int(given.removeprefix("bytes=").removesuffix("-")) for name, given in hub.ranges if name == WEIGHTS]
    assert starts[0] == 100_000
    assert starts == sorted(starts)
    assert hub.asked[WEIGHTS] == 5
    assert shelf.place_for("musicgen-small").is_dir()


def test_a_server_without_ranges_gives_all_of_it_again(hub: HubServer, shelf: Shelf) -> None:
    hub.faults.no_ranges = True
    hub.faults.cut_after_bytes[WEIGHTS] = [100_000]
    bring(hub, shelf)
    assert read_model_folder(shelf.place_for("musicgen-small")).parameters > 0


@pytest.mark.parametrize("status", [500, 502, 503, 429])
def test_passing_trouble_passes(hub: HubServer, shelf: Shelf, status: int) -> None:
    hub.faults.answers = {"listing": [status], WEIGHTS: [status, status]}
    bring(hub, shelf)
    assert hub.asked["listing"] == 2
    assert hub.asked[WEIGHTS] == 3


def test_a_connection_that_is_lost_for_good_is_told_and_what_came_stays(hub: HubServer, shelf: Shelf) -> None:
    hub.faults.cut_after_bytes[WEIGHTS] = [120_000] + [0] * 10
    with pytest.raises(HubUnreachable, match="lost"):
        bring(hub, shelf)
    assert (shelf.part_of("musicgen-small") / WEIGHTS).stat().st_size == 120_000
    assert not shelf.place_for("musicgen-small").exists()
    hub.faults.cut_after_bytes.clear()
    hub.sent_bytes.clear()
    offer = Downloader(Hub(hub.endpoint), shelf).offer(SMALL, SilentProgress())
    size = (hub.folder / WEIGHTS).stat().st_size
    assert offer.download_bytes == size - 120_000
    bring(hub, shelf)
    assert hub.sent_bytes[WEIGHTS] == size - 120_000


def test_a_cancel_takes_effect_at_once_and_keeps_what_came(hub: HubServer, shelf: Shelf) -> None:
    hub.faults.bytes_a_second = 200_000
    with pytest.raises(Cancelled):
        bring(hub, shelf, Seen(stop_at=0.4))
    part = shelf.part_of("musicgen-small") / WEIGHTS
    assert 0 < part.stat().st_size < (hub.folder / WEIGHTS).stat().st_size
    hub.faults.bytes_a_second = 0
    bring(hub, shelf)
    assert read_model_folder(shelf.place_for("musicgen-small")).parameters > 0


def test_a_cancel_is_heard_while_the_server_says_nothing(hub: HubServer, shelf: Shelf) -> None:
    hub.faults.silent = {WEIGHTS}
    stop = threading.Event()

    class Stoppable:
        def step(self, done: float, total: float, note: str = "") -> None:
            if stop.is_set():
                raise Cancelled()

    asked_at = 0.0

    def ask() -> None:
        nonlocal asked_at
        asked_at = time.monotonic()
        stop.set()

    timer = threading.Timer(1.0, ask)
    timer.start()
    with pytest.raises(Cancelled):
        bring(hub, shelf, Stoppable())
    assert time.monotonic() - asked_at < 1.0
    timer.join()


def test_progress_is_told_at_least_every_tenth_of_a_second(hub: HubServer, shelf: Shelf) -> None:
    hub.faults.bytes_a_second = 200_000
    told: list[float] = []

    class Clock:
        def step(self, done: float, total: float, note: str = "") -> None:
            told.append(time.monotonic())

    began = time.monotonic()
    bring(hub, shelf, Clock())
    taken = time.monotonic() - began
    assert len(told) > taken / 0.1


def test_a_file_with_another_hash_is_thrown_away(hub: HubServer, shelf: Shelf) -> None:
    whole = (hub.folder / WEIGHTS).read_bytes()
    hub.faults.bytes_instead[WEIGHTS] = whole[:-1] + bytes([whole[-1] ^ 1])
    with pytest.raises(DownloadChanged, match="not what the hub announced"):
        bring(hub, shelf)
    part = shelf.part_of("musicgen-small")
    assert not (part / WEIGHTS).exists()
    assert (part / "config.json").exists(), "what is right stays"
    assert not shelf.place_for("musicgen-small").exists()
    hub.faults.bytes_instead.clear()
    bring(hub, shelf)
    assert (shelf.place_for("musicgen-small") / WEIGHTS).read_bytes() == whole


def test_a_small_file_is_held_to_gits_hash(hub: HubServer, shelf: Shelf) -> None:
    whole = (hub.folder / "config.json").read_bytes()
    hub.faults.bytes_instead["config.json"] = whole.replace(b"musicgen", b"MUSICGEN")
    with pytest.raises(DownloadChanged, match=r"config\.json"):
        bring(hub, shelf)


@pytest.mark.parametrize("longer", [True, False])
def test_a_file_that_changes_under_way_is_told(hub: HubServer, shelf: Shelf, longer: bool) -> None:
    whole = (hub.folder / WEIGHTS).read_bytes()
    hub.faults.bytes_instead[WEIGHTS] = whole + b"more" if longer else whole[:200_000]
    with pytest.raises(DownloadChanged, match="at the hub now"):
        bring(hub, shelf)
    assert not (shelf.part_of("musicgen-small") / WEIGHTS).exists()


def test_a_server_that_tells_no_lengths_is_held_to_those_of_the_listing(hub: HubServer, shelf: Shelf) -> None:
    hub.faults.no_lengths = True
    whole = (hub.folder / WEIGHTS).read_bytes()
    hub.faults.bytes_instead[WEIGHTS] = whole + b"more"
    with pytest.raises(DownloadChanged, match="longer"):
        bring(hub, shelf)
    hub.faults.bytes_instead.clear()
    bring(hub, shelf)
    assert (shelf.place_for("musicgen-small") / WEIGHTS).read_bytes() == whole


@pytest.mark.parametrize("status", [404, 410, 412, 416])
def test_a_revision_that_is_gone_is_told(hub: HubServer, shelf: Shelf, status: int) -> None:
    hub.faults.cut_after_bytes[WEIGHTS] = [100_000]
    hub.faults.answers[WEIGHTS] = []
    downloader = Downloader(Hub(hub.endpoint), shelf)
    offer = downloader.offer(SMALL, SilentProgress())
    with pytest.raises(Cancelled):
        downloader.download(offer, Seen(stop_at=0.3))
    hub.faults.answers[WEIGHTS] = [status]
    with pytest.raises(DownloadChanged, match="not at the hub any more"):
        downloader.download(offer, SilentProgress())
    assert not (shelf.part_of("musicgen-small") / WEIGHTS).exists()


def test_another_version_is_not_mixed_with_what_came_of_the_first(hub: HubServer, shelf: Shelf) -> None:
    hub.faults.bytes_a_second = 400_000
    with pytest.raises(Cancelled):
        bring(hub, shelf, Seen(stop_at=0.5))
    hub.faults.bytes_a_second = 0
    whole = bytearray((hub.folder / WEIGHTS).read_bytes())
    # Behind the header, in what came already.
    header = int.from_bytes(whole[:8], "little")
    whole[header + 100 : header + 105] = b"other"
    (hub.folder / WEIGHTS).write_bytes(bytes(whole))
    bring(hub, shelf)
    assert (shelf.place_for("musicgen-small") / WEIGHTS).read_bytes() == bytes(whole)


@pytest.mark.parametrize(
    ("status", "words"), [(401, "to everybody"), (403, "to everybody"), (404, "does not have"), (418, "answered 418")]
)
def test_a_refusal_is_a_sentence(hub: HubServer, shelf: Shelf, status: int, words: str) -> None:
    hub.faults.answers["listing"] = [status]
    with pytest.raises(HubRefused, match=words):
        bring(hub, shelf)
    assert hub.asked["listing"] == 1, "what is refused is not asked again"
    hub.faults.answers = {WEIGHTS: [401]}
    with pytest.raises(HubRefused, match="to everybody"):
        bring(hub, shelf)


def test_trouble_that_stays_is_told(hub: HubServer, shelf: Shelf) -> None:
    hub.faults.answers["listing"] = [503] * 10
    with pytest.raises(HubUnreachable, match="503"):
        bring(hub, shelf)
    hub.faults.answers["listing"] = [429] * 10
    with pytest.raises(HubRefused, match="too many"):
        bring(hub, shelf)


def test_without_a_network_there_is_a_sentence(hub: HubServer, shelf: Shelf) -> None:
    insecure = hub.endpoint.replace("http:", "https:")
    nowhere = ("http://127.0.0.1:9", "https://127.0.0.1:9", "http://nowhere.invalid", "http://a..b", "http://a:b")
    for endpoint in (*nowhere, insecure):
        with pytest.raises(HubUnreachable, match="cannot be reached") as failed:
            Downloader(Hub(endpoint), shelf).offer(SMALL, SilentProgress())
        assert "Errno" not in failed.value.message
        assert failed.value.message.endswith(".")


def test_an_endpoint_that_is_none_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for endpoint in ("file:///etc", "nonsense", "ftp://hub", "http://"):
        monkeypatch.setenv("HF_ENDPOINT", endpoint)
        with pytest.raises(BadSetting, match="no address"):
            Hub()


def test_asking_the_hub_can_be_cancelled(hub: HubServer, shelf: Shelf) -> None:
    hub.faults.answers["listing"] = [503] * 100
    with pytest.raises(Cancelled):
        Downloader(Hub(hub.endpoint), shelf).offer(SMALL, Seen(stop_at=0.0))


def test_pickles_are_refused(hub: HubServer, shelf: Shelf) -> None:
    (hub.folder / WEIGHTS).unlink()
    with pytest.raises(ModelNotUsable, match="as safetensors"):
        bring(hub, shelf)
    assert hub.asked["pytorch_model.bin"] == 0


@pytest.mark.parametrize(
    "told", [b"<html>", b"[]", b"{}", {"sha": "main", "siblings": []}, {"sha": REVISION, "siblings": [{"size": 3}]}]
)
def test_an_answer_that_is_none_of_a_hub_is_told(hub: HubServer, shelf: Shelf, told: object) -> None:
    hub.faults.listing = lambda _: told
    with pytest.raises(HubRefused, match="cannot be read"):
        bring(hub, shelf)


def test_names_with_folders_in_them_are_never_written(hub: HubServer, shelf: Shelf) -> None:
    def listing(told: dict[str, list[dict[str, object]]]) -> object:
        return {
            **told,
            "siblings": [*told["siblings"], {"rfilename": "../config.json", "size": 1, "blobId": ""}],
        }

    hub.faults.listing = listing
    bring(hub, shelf)
    assert not (shelf.folder / "config.json").exists()


def test_what_the_engine_cannot_play_is_not_kept(hub: HubServer, shelf: Shelf) -> None:
    config = hub.folder / "config.json"
    config.write_text(config.read_text().replace('"model_type": "musicgen"', '"model_type": "other"'))
    with pytest.raises(ModelNotUsable, match='"musicgen-small" is of another kind'):
        bring(hub, shelf)
    assert hidden(shelf) == []
    assert not shelf.place_for("musicgen-small").exists()


def test_too_little_room_is_told_before_anything_comes(hub: HubServer, small_disk: Path, shelf: Shelf) -> None:
    (hub.folder / WEIGHTS).write_bytes(bytes(2_000_000))
    with pytest.raises(DiskFull, match=r"2\.0 MB are still to come"):
        bring(hub, Shelf(small_disk))
    assert hub.asked[WEIGHTS] == 0


def test_a_disk_that_fills_meanwhile_keeps_what_came(hub: HubServer, small_disk: Path) -> None:
    on_disk = Shelf(small_disk)
    filler = small_disk / "filler"

    class Filling(Seen):
        def step(self, done: float, total: float, note: str = "") -> None:
            super().step(done, total, note)
            if self.last > 0.3 and not filler.exists():
                filler.write_bytes(bytes(150_000))

    hub.faults.bytes_a_second = 400_000
    with pytest.raises(DiskFull, match="did not come to its end") as failed:
        bring(hub, on_disk, Filling())
    assert "goes on" in failed.value.hint
    assert (on_disk.part_of("musicgen-small") / WEIGHTS).stat().st_size > 50_000
    filler.unlink()
    hub.faults.bytes_a_second = 0
    bring(hub, on_disk)
    assert read_model_folder(on_disk.place_for("musicgen-small")).parameters > 0


def test_a_shelf_that_cannot_be_is_told(hub: HubServer, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputNotWritable):
        bring(hub, Shelf(tmp_path / "file" / "models"))


def test_two_downloads_of_one_model_do_not_meet(hub: HubServer, shelf: Shelf) -> None:
    hub.faults.bytes_a_second = 400_000
    begun, failures = threading.Event(), []

    class Begun(Seen):
        def step(self, done: float, total: float, note: str = "") -> None:
            super().step(done, total, note)
            begun.set()

    def first() -> None:
        try:
            bring(hub, shelf, Begun())
        except StudioError as error:
            failures.append(error)

    thread = threading.Thread(target=first)
    thread.start()
    assert begun.wait(10)
    with pytest.raises(DownloadRunning):
        bring(hub, shelf)
    thread.join()
    assert not failures
    assert read_model_folder(shelf.place_for("musicgen-small")).parameters > 0


def test_a_model_that_is_here_is_replaced_in_the_end(hub: HubServer, shelf: Shelf) -> None:
    place = shelf.place_for("musicgen-small")
    place.mkdir(parents=True)
    (place / "config.json").write_text("damaged")
    bring(hub, shelf)
    assert read_model_folder(place).parameters > 0
    assert hidden(shelf) == []


def test_a_killed_download_goes_on(hub: HubServer, shelf: Shelf, tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path\n"
        "from sonicforge_studio.domain import SilentProgress\n"
        "from sonicforge_studio.studio.models import ModelDesk\n"
        "desk = ModelDesk(Path(sys.argv[1]), Path(sys.argv[1], 'paces.json'))\n"
        "desk.download(desk.offer('musicgen-small'), SilentProgress())\n"
    )
    hub.faults.bytes_a_second = 100_000
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(shelf.folder)], env=os.environ | {"HF_ENDPOINT": hub.endpoint}
    )
    part = shelf.part_of("musicgen-small") / WEIGHTS
    deadline = time.monotonic() + 60
    while not (part.exists() and part.stat().st_size > 60_000):
        assert process.poll() is None, "it ended by itself"
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    came = part.stat().st_size
    assert not shelf.place_for("musicgen-small").exists()
    hub.faults.bytes_a_second = 0
    bring(hub, shelf)
    assert hub.ranges[-1] == (WEIGHTS, f"bytes={came}-")
    assert read_model_folder(shelf.place_for("musicgen-small")).parameters > 0


def test_what_is_left_of_a_stranger_is_cleared(hub: HubServer, shelf: Shelf) -> None:
    part = shelf.part_of("musicgen-small")
    part.mkdir(parents=True)
    (part / "strange.bin").write_bytes(b"x" * 100)
    (part / WEIGHTS).write_bytes(bytes((hub.folder / WEIGHTS).stat().st_size + 5))
    (part / "download.json").write_text("{damaged")
    bring(hub, shelf)
    assert not (shelf.place_for("musicgen-small") / "strange.bin").exists()
