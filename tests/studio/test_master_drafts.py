"""A master's draft through kill −9: what is read is one that was kept, whole."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

from sonicforge_studio.domain.mastering import Target
from sonicforge_studio.studio.master_drafts import MasterDraft, MasterDrafts, Reference, first_draft

ROOT = Path(__file__).parents[2]

KEEPS = """
import itertools, sys
from pathlib import Path
from sonicforge_studio.studio.master_drafts import MasterDrafts
from tests.studio.test_master_drafts import draft_of
shelf = MasterDrafts(Path(sys.argv[1]))
for number in itertools.count(int(sys.argv[2])):
    shelf.keep("song", draft_of(number - 1), draft_of(number))
    sys.stdout.write(f"{number}\\n")
    sys.stdout.flush()
"""


def draft_of(number: int) -> MasterDraft:
    """Several pages on the disk, so that one could be cut off."""
    references = tuple(Reference(f"/{'x' * 500}/{index}", title=str(number)) for index in range(40))
    return replace(first_draft(Target("spotify", -14.0, -1.0)), references=references)


def kill_while_keeping(folder: Path, first: int, seconds: float) -> int:
    """Kill −9 a process some time after it kept the first draft; the last one that it said was kept."""
    command = [sys.executable, "-c", KEEPS, str(folder), str(first)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as child:
        assert child.stdout is not None
        said = [child.stdout.readline()]
        threading.Timer(seconds, child.send_signal, (signal.SIGKILL,)).start()
        said += child.stdout.readlines()
    assert child.returncode == -signal.SIGKILL
    return int([line for line in said if line.endswith("\n")][-1])


def test_a_draft_is_whole_whenever_its_program_is_killed(tmp_path: Path) -> None:
    shelf, kept = MasterDrafts(tmp_path), 0
    for _ in range(2):
        kept = kill_while_keeping(tmp_path, kept + 1, random.uniform(0.0, 0.3))
        found = shelf.find("song")
        # The kill may have come between keeping one and saying so.
        assert found in [(draft_of(number - 1), draft_of(number)) for number in (kept, kept + 1)]
    shelf.keep("song", draft_of(0))
    assert [path.name for path in tmp_path.iterdir()] == ["song.json"]
