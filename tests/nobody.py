"""The rights of anybody: root, as which tests may run, may read and write everything."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def as_nobody(folder: Path) -> Iterator[None]:
    """Without root's rights, where ``folder`` can still be reached: each folder above it is opened for all to enter."""
    if os.geteuid() != 0:
        yield
        return
    top = Path(tempfile.gettempdir())
    for above in (folder, *folder.parents):
        if above == top or not above.is_relative_to(top):
            break
        above.chmod(above.stat().st_mode | 0o055)
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)
