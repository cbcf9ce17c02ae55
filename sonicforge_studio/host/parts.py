"""Files under way: hidden beside their place while they are written, and not for long where their program is killed."""

from __future__ import annotations

import hashlib
import os
import platform
import re
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from sonicforge_studio.host.locks import lock, take_lock

PART_MARK = ".part-"
_KEPT_NAME = 40
"""Characters of the final name: with all of a long one there were more than file systems take."""
_THIS_MACHINE = hashlib.blake2b(platform.node().encode(errors="replace"), digest_size=4).hexdigest()
_OURS = re.compile(rf"\..*{re.escape(PART_MARK)}{_THIS_MACHINE}-[0-9a-f]{{8}}", re.DOTALL)


class Part:
    """A hidden file beside ``path``, whose folder is there already; held until it is published or removed.

    With each new one goes what killed programs left in that folder. Everything raises ``OSError``.
    """

    def __init__(self, path: Path) -> None:
        clear_parts(path.parent)
        self._make(path)
        while not self._hold():
            self.remove()
            self._make(path)

    def publish(self, rename: Callable[[Path], object]) -> None:
        """Have it renamed when all of it is on the disk. Where that raises, it is still there."""
        os.fsync(self.descriptor)
        if os.name == "nt":
            # An open file cannot be renamed there; elsewhere it is held until it has its name.
            self._let_go()
        rename(self.path)
        self._let_go()

    def remove(self) -> None:
        self._let_go()
        self.path.unlink(missing_ok=True)

    def _make(self, path: Path) -> None:
        token = secrets.token_hex(4)
        self.path = path.with_name(f".{path.name[:_KEPT_NAME]}{PART_MARK}{_THIS_MACHINE}-{token}")
        self.descriptor = os.open(
            self.path,
            os.O_CREAT | os.O_EXCL | os.O_RDWR | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0),
            0o666,
        )

    def _hold(self) -> bool:
        """Lock what is new; not where somebody was quicker and takes it for what a killed program left."""
        if os.name == "nt":
            return True  # an open file is removed by nobody there
        try:
            take_lock(self.descriptor)
        except BlockingIOError:
            return False
        except OSError:
            return True  # where nothing can be locked, nobody takes it for a dead one's either
        return os.path.lexists(self.path)

    def _let_go(self) -> None:
        descriptor, self.descriptor = self.descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)


def clear_parts(folder: Path) -> None:
    """Remove what programs that were killed left under way in a folder. What another machine writes there stays: its
    locks may not be seen from here."""
    with suppress(OSError), os.scandir(folder) as entries:
        for left in [Path(entry.path) for entry in entries if _OURS.fullmatch(entry.name)]:
            with suppress(OSError):
                _remove_unheld(left)


def _remove_unheld(path: Path) -> None:
    if os.name == "nt":
        path.unlink()
        return
    descriptor = os.open(path, os.O_RDWR | getattr(os, "O_CLOEXEC", 0))
    try:
        if lock(descriptor):
            path.unlink()
    finally:
        os.close(descriptor)


def rename_without_replacing(part: Path, path: Path) -> None:
    """In one step where the system can. Raises ``FileExistsError``, and other ``OSError``."""
    if os.name == "nt":
        part.rename(path)
        return
    try:
        os.link(part, path)
    except FileExistsError:
        raise
    except OSError:
        # No hard links here (exFAT, some network drives): hold the name with an empty file, then replace that.
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        part.replace(path)
    else:
        part.unlink()
