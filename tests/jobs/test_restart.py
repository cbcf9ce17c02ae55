"""What the queue knows after the process ended, in peace or by kill −9."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sonicforge_studio.jobs import JobQueue, JobState, Lane

WORKS = """
import sys, time
from pathlib import Path
from sonicforge_studio.jobs import JobQueue

def sleep(arguments, progress):
    sys.stdout.write(f"began {arguments['name']}\\n")
    sys.stdout.flush()
    for step in range(round(arguments["seconds"] * 100)):
        progress.step(step, arguments["seconds"] * 100)
        time.sleep(0.01)
    return arguments["name"]

with JobQueue(Path(sys.argv[1]), {"sleep": sleep}, workers=1) as queue:
    sys.stdout.write(f"{'durable' if queue.durable else 'in memory'}\\n")
    for line in sys.stdin:
        name, seconds = line.split()
        job = queue.submit("sleep", {"name": name, "seconds": float(seconds)}, title=name)
        sys.stdout.write(f"queued {job.id}\\n")
        sys.stdout.flush()
    for job in queue.jobs():
        queue.wait(job.id)
"""


def studio(database: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WORKS, str(database)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def order(child: subprocess.Popen[str], *jobs: str) -> None:
    assert child.stdin is not None
    child.stdin.writelines(f"{job}\n" for job in jobs)
    child.stdin.flush()


def heard(child: subprocess.Popen[str], wanted: str) -> str:
    """The next line that begins so."""
    assert child.stdout is not None
    for line in child.stdout:
        if line.startswith(wanted):
            return line.strip()
    raise AssertionError(f"the child ended without a word of {wanted!r}")


def heard_all(child: subprocess.Popen[str], *wanted: str) -> None:
    """Lines that begin so, in whatever order they come."""
    left = set(wanted)
    while left:
        line = heard(child, "")
        left -= {one for one in left if line.startswith(one)}


def kill(child: subprocess.Popen[str]) -> None:
    child.kill()
    assert child.wait() == -signal.SIGKILL
    for pipe in (child.stdin, child.stdout):
        assert pipe is not None
        pipe.close()


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "jobs.sqlite"


def test_what_was_queued_and_what_ran_run_again_after_a_kill(database: Path) -> None:
    child = studio(database)
    order(child, "quick 0", "endless 100", "later 0")
    heard_all(child, "began endless", "queued 3")
    kill(child)
    done: list[str] = []
    with JobQueue(database, {"sleep": lambda arguments, _: done.append(arguments["name"])}, workers=1) as queue:
        jobs = [queue.wait(job.id, 5) for job in queue.jobs()]
        assert [(job.title, job.state, job.attempt) for job in jobs] == [
            ("quick", JobState.DONE, 1),
            ("endless", JobState.DONE, 2),
            ("later", JobState.DONE, 1),
        ]
        assert jobs[0].result == "quick"
        assert jobs[0].fraction == 1.0
    assert done == ["endless", "later"]


def test_a_job_that_kills_the_studio_does_not_do_it_for_ever(database: Path) -> None:
    child = studio(database)
    order(child, "deadly 100")
    for _ in range(2):
        heard(child, "began deadly")
        kill(child)
        child = studio(database)
    heard(child, "began deadly")
    kill(child)
    with JobQueue(database, {"sleep": lambda *_: "done"}) as queue:
        (job,) = queue.jobs()
        assert job.state is JobState.FAILED
        assert job.error is not None
        assert job.error["code"] == "stopped-the-studio"
        assert job.attempt == 3
        queue.retry(job.id)
        assert queue.wait(job.id, 5).result == "done"


def test_every_job_that_was_accepted_is_there_after_kills_at_any_moment(database: Path) -> None:
    accepted = 0
    for number in range(3):
        child = studio(database)
        order(child, *(f"job-{number}-{index} 0.001" for index in range(2000)))
        while accepted % 37 != number * 11 or accepted == 0:
            accepted = int(heard(child, "queued").split()[1])
        kill(child)
        with JobQueue(database, {}, paused=True) as queue:
            assert queue.durable
            ids = {job.id for job in queue.jobs()}
            recent = range(max(ids) - 150, accepted + 1)
            assert ids.issuperset(number for number in recent if number > 0)
            assert len([job for job in queue.jobs() if job.state is JobState.FAILED]) == 0
        accepted = max(ids)


def test_closing_in_peace_costs_a_running_job_no_attempt(database: Path) -> None:
    for _ in range(4):
        with JobQueue(database, {"wait": lambda _, progress: wait_for_ever(progress)}) as queue:
            if not queue.jobs():
                queue.submit("wait", {}, lane=Lane.LOW, title="Endless \udcff")
            (job,) = queue.jobs()
            while queue.wait(job.id, 0).state is not JobState.RUNNING:
                time.sleep(0.002)
            assert queue.wait(job.id, 0).attempt == 1
    with JobQueue(database, {"wait": lambda *_: "now"}) as queue:
        job = queue.wait(job.id, 5)
        assert (job.state, job.result, job.title, job.lane) == (JobState.DONE, "now", "Endless \udcff", Lane.LOW)


def wait_for_ever(progress: object) -> None:
    while True:
        progress.step(0, 1)  # type: ignore[attr-defined]
        time.sleep(0.002)


def test_a_second_studio_works_in_memory_and_leaves_the_first_ones_jobs_alone(
    database: Path, caplog: pytest.LogCaptureFixture
) -> None:
    child = studio(database)
    assert heard(child, "durable")
    order(child, "first 100")
    heard(child, "began first")
    with JobQueue(database, {"sleep": lambda *_: "second"}) as queue:
        assert not queue.durable
        assert queue.jobs() == []
        assert queue.wait(queue.submit("sleep", {}).id, 5).result == "second"
    assert "will not survive" in caplog.text
    kill(child)
    with JobQueue(database, {"sleep": lambda *_: "again"}) as queue:
        assert queue.durable
        assert [job.title for job in queue.jobs()] == ["first"]
        assert queue.wait(queue.jobs()[0].id, 5).result == "again"


@pytest.mark.parametrize("content", [b"no database " * 1000, None], ids=["another file", "flipped bits"])
def test_a_damaged_file_is_set_aside_and_the_queue_begins_anew(
    database: Path, content: bytes | None, caplog: pytest.LogCaptureFixture
) -> None:
    with JobQueue(database, {"work": lambda *_: "x" * 3000}) as queue:
        for job in [queue.submit("work", {}) for _ in range(30)]:
            queue.wait(job.id, 5)
    if content is None:
        broken = bytearray(database.read_bytes())
        for position in range(100, len(broken), 97):
            broken[position] ^= 0x55
        content = bytes(broken)
    database.write_bytes(content)
    with JobQueue(database, {"work": lambda *_: 1}) as queue:
        assert queue.durable
        assert queue.jobs() == []
        assert queue.wait(queue.submit("work", {}).id, 5).result == 1
    assert "damaged" in caplog.text
    aside = [file for file in database.parent.iterdir() if ".damaged-" in file.name]
    assert [file.read_bytes() for file in aside] == [content]


def test_a_file_of_a_newer_studio_is_left_alone(database: Path, caplog: pytest.LogCaptureFixture) -> None:
    connection = sqlite3.connect(database)
    connection.execute("PRAGMA user_version=99")
    connection.execute("CREATE TABLE jobs (other TEXT)")
    connection.close()
    with JobQueue(database, {"work": lambda *_: 1}) as queue:
        assert not queue.durable
        assert queue.wait(queue.submit("work", {}).id, 5).result == 1
    assert "newer version" in caplog.text
    connection = sqlite3.connect(database)
    assert connection.execute("PRAGMA user_version").fetchone() == (99,)
    connection.close()


def test_a_record_that_cannot_be_read_is_left_out(database: Path, caplog: pytest.LogCaptureFixture) -> None:
    with JobQueue(database, {"work": lambda *_: 1}, paused=True) as queue:
        kept = [queue.submit("work", {"number": number}) for number in range(3)]
    connection = sqlite3.connect(database)
    connection.execute("UPDATE jobs SET record = '{\"kind\": 3}' WHERE id = ?", (kept[1].id,))
    connection.commit()
    connection.close()
    with JobQueue(database, {"work": lambda *_: 1}) as queue:
        assert [job.id for job in queue.jobs()] == [kept[0].id, kept[2].id]
    assert "left out" in caplog.text


def test_a_folder_that_cannot_be_used_gives_a_queue_in_memory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with JobQueue(tmp_path / "file" / "jobs.sqlite", {"work": lambda *_: os.getpid()}) as queue:
        assert not queue.durable
        assert queue.wait(queue.submit("work", {}).id, 5).result == os.getpid()
