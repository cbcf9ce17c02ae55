"""One piece of work on many inputs, for a caller that waits."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from sonicforge_studio.domain import Cancelled, Progress, StudioError
from sonicforge_studio.domain.errors import EmptyFile
from sonicforge_studio.jobs import UnexpectedFailure, run_many


def halve(number: int, progress: Progress) -> float:
    progress.step(0, 1, f"number {number}")
    if number % 5 == 3:
        raise EmptyFile()
    if number % 5 == 4:
        raise ZeroDivisionError("a bug")
    time.sleep(0.002 * (number % 3))
    return number / 2


@pytest.mark.parametrize("in_order", [True, False])
@pytest.mark.parametrize("workers", [1, 4, None])
def test_one_bad_input_does_not_spoil_the_rest(
    in_order: bool, workers: int | None, caplog: pytest.LogCaptureFixture
) -> None:
    numbers = list(range(100))
    results = list(run_many(numbers, halve, workers=workers, in_order=in_order))
    if in_order:
        assert [number for number, _ in results] == numbers
    assert sorted(number for number, _ in results) == numbers
    for number, result in results:
        match number % 5:
            case 3:
                assert isinstance(result, EmptyFile)
            case 4:
                assert isinstance(result, UnexpectedFailure)
            case _:
                assert result == number / 2
    assert "a bug" in caplog.text


def test_results_come_as_they_are_done_where_order_does_not_matter() -> None:
    gate = threading.Event()

    def work(number: int, progress: Progress) -> int:
        assert number or gate.wait(5)
        return number

    with contextlib.closing(run_many([0, 1, 2], work, workers=2, in_order=False)) as results:
        first = {next(results)[0], next(results)[0]}
        gate.set()
        assert (first, list(results)) == ({1, 2}, [(0, 0)])


def test_no_items_no_threads() -> None:
    assert list(run_many([], halve)) == []


def test_the_same_item_twice_is_two_items() -> None:
    assert list(run_many([2, 2, 2], halve, workers=3)) == [(2, 1.0)] * 3


def test_workers_run_side_by_side() -> None:
    together = threading.Barrier(3, timeout=5)
    assert [result for _, result in run_many([1, 2, 3], lambda *_: together.wait() >= 0, workers=3)] == [True] * 3


class Watched:
    """A progress that remembers, and can be told to cancel."""

    def __init__(self, cancel_at: float = 2.0) -> None:
        self.fractions: list[float] = []
        self.notes: set[str] = set()
        self.threads: set[int] = set()
        self._cancel_at = cancel_at

    def step(self, done: float, total: float, note: str = "") -> None:
        self.fractions.append(done / total)
        self.notes.add(note)
        self.threads.add(threading.get_ident())
        if done / total >= self._cancel_at:
            raise Cancelled()


def crawl(number: int, progress: Progress) -> int:
    for step in range(100):
        progress.step(step, 100, f"item {number}")
        time.sleep(0.003)
    return number


def test_progress_counts_the_parts_of_what_runs() -> None:
    watched = Watched()
    steps: list[tuple[int, float]] = []
    list(
        run_many([1, 2], crawl, workers=2, progress=watched, on_step=lambda item, share, _: steps.append((item, share)))
    )
    assert watched.fractions == sorted(watched.fractions)
    assert any(0.0 < fraction < 0.5 for fraction in watched.fractions)
    assert watched.fractions[-1] == 1.0
    assert watched.notes & {"item 1", "item 2"}
    assert watched.threads == {threading.get_ident()}
    assert {item for item, _ in steps} == {1, 2}
    assert len(steps) < 20


def endless(number: int, progress: Progress) -> None:
    while True:
        progress.step(number, 100)
        time.sleep(0.002)


def test_cancelling_stops_everything_that_runs() -> None:
    before = threading.active_count()
    with pytest.raises(Cancelled):
        list(run_many(range(50), endless, workers=4, progress=Watched(cancel_at=0.0)))
    assert threading.active_count() == before


def test_giving_up_half_way_leaves_no_thread() -> None:
    before = threading.active_count()

    def first_is_quick(number: int, progress: Progress) -> None:
        if number:
            endless(number, progress)

    began = time.monotonic()
    with contextlib.closing(run_many(range(50), first_is_quick, workers=2)) as results:
        assert next(results) == (0, None)
    assert time.monotonic() - began < 0.5
    assert threading.active_count() == before


INTERRUPTED = """
import signal, sys, time
from sonicforge_studio.jobs import run_many

# A parent that runs in the background of a shell hands down SIGINT as ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)

def endless(number, progress):
    while True:
        progress.step(0, 1)
        time.sleep(0.005)

sys.stdout.write("ready\\n")
sys.stdout.flush()
try:
    for _ in run_many(range(10), endless, workers=3):
        pass
except KeyboardInterrupt:
    import threading
    sys.exit(130 if threading.active_count() == 1 else 1)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT")
def test_control_c_ends_it_at_once(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", INTERRUPTED], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        time.sleep(0.3)
        began = time.monotonic()
        child.send_signal(signal.SIGINT)
        assert child.wait(5) == 130
        assert time.monotonic() - began < 0.6  # 0.2 s to stop, the rest for the interpreter to end


def test_an_error_is_a_result_and_not_raised() -> None:
    ((_, error),) = run_many([3], halve)
    assert isinstance(error, StudioError)
    assert error.as_dict()["code"] == "empty-file"
