"""Helpers in processes of their own: what they do, and what happens when they do not."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from sonicforge_studio.domain import Cancelled, Progress, SilentProgress
from sonicforge_studio.domain.errors import NotAudio
from sonicforge_studio.jobs.crew import Crew, HelperDied

SILENT = SilentProgress()


def play(part: str, progress: Progress) -> object:
    """The work of the helpers in these tests."""
    if part == "fail":
        raise NotAudio("No music.", hint="Sing.")
    if part == "trip":
        raise ZeroDivisionError
    if part == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if part == "chat":
        print("what a library prints")
    if part == "hum":
        for step in range(2000):
            progress.step(step, 2000, "humming")
            time.sleep(0.01)
    return part.upper(), os.getpid()


@pytest.fixture
def crew(monkeypatch: pytest.MonkeyPatch) -> Iterator[Crew]:
    with Crew(f"{__name__}:play", 1) as made:
        made.start()
        yield made


def run(crew: Crew, part: str, progress: Progress = SILENT) -> object:
    """Waits until somebody is free."""
    deadline = time.monotonic() + 30.0
    while (found := crew.run(part, progress)) is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return found[0]


def test_it_does_the_work_elsewhere_and_one_piece_at_a_time(crew: Crew) -> None:
    found = run(crew, "hello")
    assert isinstance(found, tuple)
    assert found[0] == "HELLO"
    assert found[1] != os.getpid()
    assert run(crew, "chat") == ("CHAT", found[1])
    busy = threading.Thread(target=hum_for_a_while, args=(crew,))
    busy.start()
    time.sleep(0.2)
    assert crew.run("hello", SILENT) is None
    busy.join()


def hum_for_a_while(crew: Crew) -> None:
    with suppress(Cancelled):
        crew.run("hum", Stop(0.5))


def test_errors_come_back_as_they_were(crew: Crew) -> None:
    with pytest.raises(NotAudio, match="No music") as caught:
        run(crew, "fail")
    assert caught.value.hint == "Sing."
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        run(crew, "trip")
    assert run(crew, "hello")


def test_a_helper_that_dies_is_replaced(crew: Crew) -> None:
    with pytest.raises(HelperDied):
        run(crew, "die")
    assert run(crew, "hello")


class Stop:
    """Asks for a stop after some seconds."""

    def __init__(self, seconds: float) -> None:
        self.at = time.monotonic() + seconds
        self.notes: set[str] = set()

    def step(self, done: float, total: float, note: str = "") -> None:
        self.notes.add(note)
        if time.monotonic() > self.at:
            raise Cancelled()


def test_a_cancel_ends_the_piece_and_the_next_is_done(crew: Crew) -> None:
    run(crew, "hello")
    stop = Stop(0.3)
    began = time.monotonic()
    with pytest.raises(Cancelled):
        crew.run("hum", stop)
    assert time.monotonic() - began < 5.0
    assert stop.notes == {"humming"}
    assert run(crew, "hello")


def test_helpers_end_with_whoever_started_them(crew: Crew) -> None:
    found = run(crew, "hello")
    assert isinstance(found, tuple)
    crew.close()
    assert crew.run("hello", SILENT) is None
    with pytest.raises(ProcessLookupError):
        os.kill(int(found[1]), 0)
