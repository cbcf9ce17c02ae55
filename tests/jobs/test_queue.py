"""Lanes, progress, cancelling, retries: real threads, a real file."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from sonicforge_studio.domain import Cancelled, Key, Progress, StudioError
from sonicforge_studio.domain.errors import EmptyFile, LibraryBusy, TryAgain
from sonicforge_studio.jobs import Handler, Job, JobQueue, JobState, Lane, RetryPolicy, UnknownJob
from sonicforge_studio.kernels._jit import kernel

QUICKLY = RetryPolicy(first_delay_seconds=0.02)


@kernel
def churn(samples: NDArray[np.float64], rounds: int) -> float:
    """Some milliseconds of work without the GIL."""
    total = 0.0
    for _ in range(rounds):
        for index in range(samples.size):
            total += np.sin(samples[index] + total)
    return total


class Gate:
    """A handler that says when it began and goes on when it is let, or until it is cancelled."""

    def __init__(self) -> None:
        self.began: list[str] = []
        self.open = threading.Event()
        self._changed = threading.Condition()

    def __call__(self, arguments: Mapping[str, Any], progress: Progress) -> str:
        with self._changed:
            self.began.append(arguments["name"])
            self._changed.notify_all()
        while not self.open.is_set():
            progress.step(0, 1, "waiting")
            time.sleep(0.002)
        return str(arguments["name"])

    def wait_for(self, count: int) -> list[str]:
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.began) >= count, 5.0), self.began
            return list(self.began)


Opens = Callable[..., JobQueue]


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "jobs.sqlite"


@pytest.fixture
def opened(database: Path) -> Iterator[Opens]:
    """Opens a queue on the test's file, and closes it at the end."""
    queues: list[JobQueue] = []

    def open_queue(handlers: Mapping[str, Handler], **options: Any) -> JobQueue:
        options.setdefault("workers", 2)
        options.setdefault("retry", QUICKLY)
        queues.append(JobQueue(database, handlers, **options))
        return queues[-1]

    yield open_queue
    for queue in queues:
        queue.close()


def test_a_job_runs_and_its_result_can_be_had(opened: Opens) -> None:
    queue = opened({"add": lambda arguments, _: {"sum": sum(arguments["numbers"]), "key": Key(9, "minor")}})
    submitted = queue.submit("add", {"numbers": (1, 2, 3)}, title="Adding up", lane=Lane.HIGH)
    assert (submitted.state, submitted.title, submitted.lane) == (JobState.QUEUED, "Adding up", Lane.HIGH)
    job = queue.wait(submitted.id, 5)
    assert (job.state, job.result, job.fraction, job.error) == (
        JobState.DONE,
        {"sum": 6, "key": "A minor"},
        1.0,
        None,
    )
    assert job.started_at is not None
    assert job.finished_at is not None
    assert job.created_at <= job.started_at <= job.finished_at
    assert queue.jobs() == [job]
    assert queue.durable


def test_lanes_go_by_urgency_and_in_order_within(opened: Opens) -> None:
    order: list[str] = []
    queue = opened({"note": lambda arguments, _: order.append(arguments["name"])}, workers=1, paused=True)
    lanes = [Lane.BATCH, Lane.LOW, Lane.DEFAULT, Lane.LOW, Lane.DEFAULT]
    jobs = [queue.submit("note", {"name": f"{lane.name}{n}"}, lane=lane) for n, lane in enumerate(lanes)]
    time.sleep(0.05)
    assert order == []
    queue.resume()
    for job in jobs:
        queue.wait(job.id, 5)
    assert order == ["DEFAULT2", "DEFAULT4", "LOW1", "LOW3", "BATCH0"]


def test_an_urgent_job_begins_at_once_though_every_worker_is_taken(opened: Opens) -> None:
    gate = Gate()
    queue = opened({"gate": gate}, workers=3)
    for number in range(5):
        queue.submit("gate", {"name": f"default {number}"})
    gate.wait_for(3)
    began = time.monotonic()
    queue.submit("gate", {"name": "urgent"}, lane=Lane.CRITICAL)
    assert gate.wait_for(4)[3] == "urgent"
    assert time.monotonic() - began < 0.2
    gate.open.set()


def test_batch_work_leaves_a_worker_free(opened: Opens) -> None:
    gate = Gate()
    queue = opened({"gate": gate}, workers=3)
    for number in range(5):
        queue.submit("gate", {"name": f"batch {number}"}, lane=Lane.BATCH)
    gate.wait_for(2)
    time.sleep(0.05)
    assert gate.began == ["batch 0", "batch 1"]
    queue.submit("gate", {"name": "high"}, lane=Lane.HIGH)
    assert gate.wait_for(3)[2] == "high"  # on the free worker: the one kept for urgent jobs stays free
    queue.submit("gate", {"name": "critical"}, lane=Lane.CRITICAL)
    assert gate.wait_for(4)[3] == "critical"
    gate.open.set()


def test_a_single_worker_does_batch_work_as_well(opened: Opens) -> None:
    queue = opened({"work": lambda *_: 1}, workers=1)
    assert queue.wait(queue.submit("work", {}, lane=Lane.BATCH).id, 5).result == 1


def test_cancelling_stops_real_work_within_a_fifth_of_a_second(opened: Opens) -> None:
    samples = np.linspace(0.0, 1.0, 4096)
    churn(samples, 1)
    working = threading.Event()

    def work(_: Mapping[str, Any], progress: Progress) -> None:
        for done in range(100_000):
            working.set()
            churn(samples, 40)
            progress.step(done, 100_000, "churning")

    queue = opened({"work": work})
    jobs = [queue.submit("work", {}) for _ in range(2)]
    assert working.wait(5)
    time.sleep(0.1)
    began = time.monotonic()
    assert queue.cancel(jobs[0].id)
    assert queue.wait(jobs[0].id, 5).state is JobState.CANCELLED
    assert time.monotonic() - began < 0.2
    assert not queue.cancel(jobs[0].id)
    assert queue.cancel_all() == 1
    assert queue.wait(jobs[1].id, 5).state is JobState.CANCELLED


def test_a_waiting_job_is_cancelled_at_once_and_never_runs(opened: Opens) -> None:
    gate = Gate()
    queue = opened({"gate": gate}, workers=1)
    running, waiting = queue.submit("gate", {"name": "runs"}), queue.submit("gate", {"name": "waits"})
    gate.wait_for(1)
    assert queue.cancel(waiting.id)
    assert queue.wait(waiting.id, 0).state is JobState.CANCELLED
    gate.open.set()
    assert queue.wait(running.id, 5).state is JobState.DONE
    assert gate.began == ["runs"]
    assert not queue.cancel(running.id)
    assert not queue.cancel(4711)


def test_a_job_that_gives_up_by_itself_is_cancelled(opened: Opens) -> None:
    def work(*_: object) -> None:
        raise Cancelled()

    queue = opened({"work": work})
    assert queue.wait(queue.submit("work", {}).id, 5).state is JobState.CANCELLED


def test_progress_is_told_seldom_and_knows_the_time_left(opened: Opens) -> None:
    reports: list[Job] = []

    def work(_: Mapping[str, Any], progress: Progress) -> None:
        for done in range(1000):
            progress.step(done, 1000, f"step {done}")
            time.sleep(0.001)

    queue = opened({"work": work})
    queue.subscribe(lambda job: reports.append(job) if job.state is JobState.RUNNING else None)
    began = time.monotonic()
    job = queue.wait(queue.submit("work", {}).id, 10)
    seconds = time.monotonic() - began
    assert job.state is JobState.DONE
    assert 5 < len(reports) < seconds / 0.06 + 3
    fractions = [report.fraction for report in reports]
    assert fractions == sorted(fractions)
    assert reports[-1].note.startswith("step ")
    late = [report for report in reports if report.fraction > 0.6]
    assert late
    for report in late:
        assert report.eta_seconds == pytest.approx(seconds * (1 - report.fraction), rel=0.6, abs=0.15)
    assert job.eta_seconds is None


@pytest.mark.parametrize(("done", "total", "fraction"), [(1, 0, 1.0), (5, 2, 1.0), (-1, 2, 0.0), (float("nan"), 1, 0)])
def test_nonsense_progress_stays_between_nothing_and_all(
    opened: Opens, done: float, total: float, fraction: float
) -> None:
    gate, seen = threading.Event(), threading.Event()
    fractions: list[float] = []

    def listen(job: Job) -> None:
        if job.note == "odd":
            fractions.append(job.fraction)
            seen.set()

    def work(_: Mapping[str, Any], progress: Progress) -> None:
        progress.step(done, total, "odd")
        gate.wait(5)

    queue = opened({"work": work})
    queue.subscribe(listen)
    queue.submit("work", {})
    assert seen.wait(5)
    gate.set()
    assert fractions == [fraction]


def test_passing_trouble_is_tried_again_with_growing_pauses(opened: Opens) -> None:
    times: list[float] = []

    def work(*_: object) -> str:
        times.append(time.monotonic())
        if len(times) < 4:
            raise LibraryBusy()
        return "at last"

    states: list[str] = []
    queue = opened({"work": work}, retry=RetryPolicy(first_delay_seconds=0.05, jitter=0.0))
    queue.subscribe(lambda job: states.append(str(job.state)))
    job = queue.wait(queue.submit("work", {}).id, 10)
    assert (job.state, job.result, job.attempt, job.error) == (JobState.DONE, "at last", 4, None)
    pauses = np.diff(times)
    assert np.all(pauses >= [0.05, 0.1, 0.2])
    assert np.all(pauses <= np.array([0.05, 0.1, 0.2]) + 0.4)
    queue.close()
    assert states == ["queued", *["running", "waiting-to-retry"] * 3, "running", "done"]


def test_passing_trouble_that_stays_fails_in_the_end(opened: Opens) -> None:
    def work(*_: object) -> None:
        raise TryAgain("The server is away.", hint="Wait.")

    queue = opened({"work": work}, retry=RetryPolicy(attempts=3, first_delay_seconds=0.01))
    job = queue.wait(queue.submit("work", {}).id, 5)
    assert (job.state, job.attempt) == (JobState.FAILED, 3)
    assert job.error == {"code": "try-again", "message": "The server is away.", "hint": "Wait."}


def test_a_job_that_waits_to_be_tried_again_can_be_cancelled(opened: Opens) -> None:
    def work(*_: object) -> None:
        raise TryAgain()

    queue = opened({"work": work}, retry=RetryPolicy(first_delay_seconds=60.0))
    job = queue.submit("work", {})
    while queue.wait(job.id, 0).state is not JobState.WAITING_TO_RETRY:
        time.sleep(0.001)
    assert queue.cancel(job.id)
    assert queue.wait(job.id, 0).state is JobState.CANCELLED


def test_the_jitter_spreads_the_delays_and_the_longest_bounds_them() -> None:
    policy = RetryPolicy(first_delay_seconds=1.0, longest_delay_seconds=8.0, jitter=0.25)
    delays = [policy.delay_seconds(3) for _ in range(200)]
    assert 3.0 <= min(delays) < 3.5 < 4.5 < max(delays) <= 5.0
    assert max(policy.delay_seconds(30) for _ in range(100)) <= 10.0


def test_other_errors_fail_at_once_and_speak_plainly(opened: Opens) -> None:
    def work(*_: object) -> None:
        raise EmptyFile()

    queue = opened({"work": work})
    job = queue.wait(queue.submit("work", {}).id, 5)
    assert (job.state, job.attempt) == (JobState.FAILED, 1)
    assert job.error == EmptyFile().as_dict()
    again = queue.retry(job.id)
    assert (again.state, again.error, again.attempt) == (JobState.QUEUED, None, 0)
    assert queue.wait(job.id, 5).attempt == 1


@pytest.mark.parametrize(
    "work",
    [lambda *_: 1 / 0, lambda *_: object(), lambda *_: exec("raise SystemExit(3)")],
    ids=["bug", "result", "exit"],
)
def test_an_unexpected_error_is_for_the_log_and_the_worker_lives_on(
    opened: Opens, work: Handler, caplog: pytest.LogCaptureFixture
) -> None:
    queue = opened({"work": work, "fine": lambda *_: "fine"}, workers=1)
    job = queue.wait(queue.submit("work", {}).id, 5)
    assert job.state is JobState.FAILED
    assert job.error is not None
    assert job.error["code"] == "unexpected"
    assert "Traceback" not in str(job.error)
    assert "Traceback" in caplog.text
    assert queue.wait(queue.submit("fine", {}).id, 5).result == "fine"


def test_a_job_nobody_can_do_says_so(opened: Opens) -> None:
    queue = opened({})
    job = queue.wait(queue.submit("gone", {}).id, 5)
    assert job.error is not None
    assert (job.state, job.error["code"]) == (JobState.FAILED, "no-handler")


def test_arguments_that_json_cannot_hold_are_refused(opened: Opens) -> None:
    queue = opened({})
    with pytest.raises(TypeError):
        queue.submit("work", {"file": object()})
    with pytest.raises(ValueError, match="JSON"):
        queue.submit("work", {"level": float("nan")})
    assert queue.jobs() == []


def test_a_job_that_cannot_be_kept_is_not_taken(opened: Opens) -> None:
    queue = opened({"work": lambda *_: None}, paused=True)
    queue._store._connection.execute("PRAGMA max_page_count=1")  # a full disk: the size it has is the least it takes

    def fill() -> None:
        for _ in range(100):
            queue.submit("work", {"text": "x" * 1000})

    with pytest.raises(StudioError) as caught:
        fill()
    assert caught.value.code == "disk-full"
    queue._store._connection.execute("PRAGMA max_page_count=100000")
    kept = queue.jobs()
    queue.resume()
    assert all(queue.wait(job.id, 10).state is JobState.DONE for job in kept)


def test_two_hundred_finished_jobs_are_remembered_and_can_be_cleared(opened: Opens) -> None:
    queue = opened({"work": lambda *_: None})
    jobs = [queue.submit("work", {}) for _ in range(230)]
    for job in reversed(jobs):
        try:
            queue.wait(job.id, 10)
        except UnknownJob:
            break
    deadline = time.monotonic() + 10
    while any(not job.state.finished for job in queue.jobs()) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(queue.jobs()) == 200
    version = queue.snapshot().version
    assert queue.snapshot().version == version
    assert queue.clear_finished() == 200
    assert queue.jobs() == []
    assert queue.snapshot().version > version
    with pytest.raises(UnknownJob):
        queue.wait(jobs[0].id)
    with pytest.raises(UnknownJob):
        queue.retry(jobs[0].id)


def test_a_listener_hears_everything_in_order_and_cannot_break_the_queue(
    opened: Opens, caplog: pytest.LogCaptureFixture
) -> None:
    heard: dict[int, list[str]] = {}
    queue = opened({"work": lambda *_: None}, workers=4)

    def listen(job: Job) -> None:
        heard.setdefault(job.id, []).append(str(job.state))
        queue.snapshot()  # a listener may look
        raise ValueError("a broken listener")

    unsubscribe = queue.subscribe(listen)
    jobs = [queue.submit("work", {}) for _ in range(100)]
    for job in jobs:
        queue.wait(job.id, 10)
    deadline = time.monotonic() + 5
    while sum(map(len, heard.values())) < 300 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert heard == {job.id: ["queued", "running", "done"] for job in jobs}
    assert "a broken listener" in caplog.text
    unsubscribe()
    unsubscribe()
    queue.wait(queue.submit("work", {}).id, 5)
    assert len(heard) == 100


def test_closing_leaves_no_thread_and_takes_nothing_more(opened: Opens) -> None:
    before = threading.active_count()
    gate = Gate()
    queue = opened({"gate": gate}, workers=3)
    queue.submit("gate", {"name": "endless"})
    gate.wait_for(1)
    began = time.monotonic()
    queue.close()
    assert time.monotonic() - began < 0.5
    assert threading.active_count() == before
    with pytest.raises(StudioError, match="closing"):
        queue.submit("gate", {"name": "late"})
    queue.close()


def test_closing_may_let_what_runs_finish(opened: Opens) -> None:
    gate = Gate()
    queue = opened({"gate": gate}, workers=1)
    runs, waits = queue.submit("gate", {"name": "runs"}), queue.submit("gate", {"name": "waits"})
    gate.wait_for(1)
    threading.Timer(0.1, gate.open.set).start()
    queue.close(cancel_running=False)
    assert [job.state for job in queue.jobs()] == [JobState.DONE, JobState.QUEUED]
    assert gate.began == ["runs"]
    again = opened({"gate": gate})
    assert again.wait(waits.id, 5).result == "waits"
    assert again.wait(runs.id, 0).result == "runs"


def test_those_who_wait_are_let_go_when_the_queue_closes(opened: Opens) -> None:
    gate = Gate()
    queue = opened({"gate": gate})
    job = queue.submit("gate", {"name": "endless"})
    gate.wait_for(1)
    threading.Timer(0.05, queue.close).start()
    assert not queue.wait(job.id, 5).state.finished


def test_no_queue_means_no_log_noise(opened: Opens, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        queue = opened({"work": lambda *_: None})
        queue.wait(queue.submit("work", {}).id, 5)
        queue.close()
    assert caplog.text == ""
