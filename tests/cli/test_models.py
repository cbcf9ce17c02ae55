"""`models`: listed, downloaded after a yes, pointed at, removed; and what its answers look like to a script."""

from __future__ import annotations

import os
import pty
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Sonicforge
from tests.generation.musicgen.conftest import build_model
from tests.hub_server import HubServer, hub_of

WEIGHTS = "model.safetensors"


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("transformers")
    return build_model(tmp_path_factory.mktemp("cli") / "tiny")


@pytest.fixture
def hub(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    with hub_of(tiny) as server:
        monkeypatch.setenv("HF_ENDPOINT", server.endpoint)
        yield server


def test_the_list_calls_nobody(sonicforge: Sonicforge, hub: HubServer) -> None:
    for arguments in (("models",), ("models", "list")):
        said = sonicforge(*arguments)
        assert said.code == 0
        assert "musicgen-stereo-melody-large" in said.out
        assert "CC-BY-NC-4.0" in said.out
        listed = sonicforge(*arguments, "--json").objects
        assert len(listed) == 10
        assert {card["path"] for card in listed} == {None}
        assert all(card["non_commercial"] and card["memory_bytes"] > 1e9 for card in listed)
    assert not hub.asked


def test_a_model_is_downloaded_used_by_its_name_and_removed(
    sonicforge: Sonicforge, hub: HubServer, own_home: Path, tmp_path: Path
) -> None:
    said = sonicforge("models", "download", "musicgen-small", "--yes", "--json")
    assert said.code == 0
    assert said.only["path"] == str(own_home / "models" / "musicgen-small")
    assert said.only["disk_bytes"] > 300_000
    asked = sum(hub.asked.values())
    again = sonicforge("models", "download", "musicgen-small")
    assert again.code == 0
    assert "is here" in again.out
    assert sum(hub.asked.values()) == asked, "it is here already: nobody is asked"
    made = sonicforge(
        "generate", "lofi", "--model", "musicgen-small", "--seconds", 1, "-o", tmp_path / "out", "--json"
    ).only
    assert made["recipe"]["neural"]["model"] == "musicgen-small"
    assert made["licence"] == "CC-BY-NC-4.0"
    assert "must not be sold" in made["licence_warning"]
    assert sonicforge("models", "remove", "musicgen-small", "--json").only["error"]["code"] == "consent-needed"
    removed = sonicforge("models", "remove", "musicgen-small", "--yes", "--json")
    assert (removed.code, removed.only["freed_bytes"] > 300_000) == (0, True)
    assert sonicforge("models", "remove", "musicgen-small", "--yes", "--json").only["error"]["code"] == "unknown-model"
    gone = sonicforge("generate", "lofi", "--model", "musicgen-small", "--json")
    assert gone.code == 1
    assert gone.only["error"]["code"] == "engine-unavailable"
    assert "models download musicgen-small" in gone.only["error"]["hint"]


def test_without_a_yes_nothing_comes(sonicforge: Sonicforge, hub: HubServer) -> None:
    said = sonicforge("models", "download", "musicgen-small")
    assert said.code == 1
    assert "CC-BY-NC-4.0" in said.err
    assert "must not be sold" in said.err
    assert "consent-needed" in said.err
    assert said.out == ""
    assert hub.asked == {"listing": 1}
    told = sonicforge("models", "download", "musicgen-small", "--json")
    assert (told.code, told.only["error"]["code"], told.only["path"]) == (1, "consent-needed", "musicgen-small")


@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("n", 130)])
def test_a_person_at_a_terminal_is_asked(hub: HubServer, own_home: Path, answer: str, code: int) -> None:
    ours, theirs = pty.openpty()
    try:
        process = subprocess.Popen(
            [sys.executable, "-c", "from sonicforge_studio.cli.start import run; run()", "models", "download",
             "musicgen-small"],
            stdin=theirs, stdout=theirs, stderr=theirs, env=os.environ | {"HF_ENDPOINT": hub.endpoint},
        )  # fmt: skip
        os.close(theirs)
        said = _read_until(ours, b"Download")
        os.write(ours, answer.encode() + b"\n")
        said += _read_until(ours, None)
        assert process.wait(30) == code
    finally:
        os.close(ours)
    assert b"must not be sold" in said
    assert (own_home / "models" / "musicgen-small").is_dir() == (answer == "y")


def _read_until(descriptor: int, words: bytes | None) -> bytes:
    """What a program says, until it says ``words`` or ends."""
    said = b""
    while words is None or words not in said:
        try:
            block = os.read(descriptor, 1024)
        except OSError:
            break
        if not block:
            break
        said += block
    return said


def test_ctrl_c_ends_a_download_within_a_second_and_it_goes_on(
    sonicforge: Sonicforge, hub: HubServer, own_home: Path
) -> None:
    hub.faults.bytes_a_second = 100_000
    process = subprocess.Popen(
        [sys.executable, "-c", "from sonicforge_studio.cli.start import run; run()", "models", "download",
         "musicgen-small", "--yes"],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        env=os.environ | {"HF_ENDPOINT": hub.endpoint},
    )  # fmt: skip
    part = own_home / "models" / ".musicgen-small.part" / WEIGHTS
    deadline = time.monotonic() + 60
    while not (part.exists() and part.stat().st_size > 30_000):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    asked_at = time.monotonic()
    _, said = process.communicate(timeout=10)
    # The program's own end is in it; the download itself is held to a second elsewhere.
    assert time.monotonic() - asked_at < 2.0
    assert (process.returncode, b"Cancelled." in said, b"Traceback" in said) == (130, True, False)
    hub.faults.bytes_a_second = 0
    listed = {card["name"]: card for card in sonicforge("models", "--json").objects}
    assert listed["musicgen-small"]["partial_bytes"] > 30_000
    assert "of it" in sonicforge("models").out
    assert sonicforge("models", "download", "musicgen-small", "--yes").code == 0
    assert hub.ranges


def test_what_goes_wrong_is_a_sentence(sonicforge: Sonicforge, hub: HubServer) -> None:
    hub.faults.answers["listing"] = [404, 401]
    for words in ("does not have", "to everybody"):
        said = sonicforge("models", "download", "musicgen-small", "--yes")
        assert said.code == 1
        assert words in " ".join(said.err.split())
        assert "Traceback" not in said.err
    said = sonicforge("models", "download", "musicgen-tiny", "--yes", "--json")
    assert (said.code, said.only["error"]["code"]) == (1, "unknown-model")
    assert sonicforge("models", "download").code == 2
    assert sonicforge("models", "nonsense").code == 2


def test_a_folder_that_is_no_model_is_not_deleted_unasked(sonicforge: Sonicforge, own_home: Path) -> None:
    kept = own_home / "models" / "collection" / "inner" / "mine.txt"
    kept.parent.mkdir(parents=True)
    kept.write_text("mine")
    said = sonicforge("models", "remove", "collection", "--json")
    assert (said.code, said.only["error"]["code"]) == (1, "consent-needed")
    assert kept.is_file()
    assert "Deleted." in sonicforge("models", "remove", "collection", "--yes").out
    assert not kept.exists()


def test_a_folder_of_ones_own(sonicforge: Sonicforge, tiny: Path, own_home: Path, tmp_path: Path) -> None:
    said = sonicforge("models", "add", tiny, "--json")
    assert (said.code, said.only["name"], said.only["local"], said.only["path"]) == (0, "tiny", True, str(tiny))
    assert str(tiny) in sonicforge("models").out
    assert sonicforge("models", "add", tmp_path / "none", "--json").only["error"]["code"] == "missing-path"
    cut = shutil.copytree(tiny, own_home / "models" / "cut") / WEIGHTS
    cut.write_bytes(b"cut")
    listed = sonicforge("models", "list")
    assert listed.code == 0
    assert "cannot be used" in listed.out
    assert "cut off" in listed.err
    assert sonicforge("models", "remove", "tiny").code == 0, "what is only forgotten needs no yes"
    assert tiny.is_dir()
