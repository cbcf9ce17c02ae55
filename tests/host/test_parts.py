"""Files under way: nobody sees them, nobody takes another one's, and a killed program's do not stay."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from sonicforge_studio.host import write_text
from sonicforge_studio.host.parts import Part, clear_parts

BEGINS = """
import sys, time
from pathlib import Path
from sonicforge_studio.host.parts import Part
part = Part(Path(sys.argv[1]))
sys.stdout.write("begun\\n")
sys.stdout.flush()
time.sleep(60)
"""


def test_what_a_living_program_writes_stays_and_what_a_killed_one_left_goes(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", BEGINS, tmp_path / "a.txt"], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        (others,) = tmp_path.iterdir()
        assert others.name.startswith(".a.txt.part-")
        write_text(tmp_path / "a.txt", "ours")
        assert others.exists()
        process.send_signal(signal.SIGKILL)
    write_text(tmp_path / "b.txt", "ours too")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.txt", "b.txt"]


@pytest.mark.skipif(sys.platform != "linux", reason="the system tells of its locks there")
def test_the_lock_covers_nothing_that_is_read(tmp_path: Path) -> None:
    """A network share lets nobody read what another descriptor has locked, and a master is measured from its part."""
    part = Part(tmp_path / "a.wav")
    inode = os.fstat(part.descriptor).st_ino
    held = [line.split() for line in Path("/proc/locks").read_text().splitlines() if f":{inode} " in line]
    part.remove()
    ((*_, first, last),) = held
    assert first == last
    assert int(first) > 1 << 50


def test_what_is_not_surely_a_dead_one_of_this_machine_stays(tmp_path: Path) -> None:
    part = Part(tmp_path / "a.txt")
    name = part.path.name
    part.remove()
    _, here, token = name.rsplit("-", 2)
    foreign = {name.replace(here, here[::-1]), name.replace(token, "mine"), name[1:], f"{name}.txt"}
    for other in foreign:
        (tmp_path / other).write_text("")
    (tmp_path / name.replace(token, "00000000")).mkdir()
    (tmp_path / name).write_text("")
    clear_parts(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {*foreign, name.replace(token, "00000000")}
    clear_parts(tmp_path / "nowhere")


def test_a_name_as_long_as_can_be_has_room_for_its_part(tmp_path: Path) -> None:
    path = tmp_path / ("譜" * 83 + ".json")
    write_text(path, "whole")
    assert path.read_text() == "whole"


def test_many_may_write_side_by_side_while_others_clear(tmp_path: Path) -> None:
    """A file that is new and not locked yet looks like a dead program's."""
    done = threading.Event()
    failed: list[BaseException] = []

    def write(number: int) -> None:
        try:
            for _ in range(100):
                write_text(tmp_path / f"{number}.txt", "whole")
        except BaseException as error:  # noqa: BLE001 # told below
            failed.append(error)

    def clear() -> None:
        while not done.is_set():
            clear_parts(tmp_path)

    writers = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    clearers = [threading.Thread(target=clear) for _ in range(2)]
    for thread in (*clearers, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    for thread in clearers:
        thread.join()
    assert not failed
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"{number}.txt" for number in range(4)]
