"""A stream worked on ahead of whoever reads it, on a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterable
from queue import SimpleQueue
from typing import TypeVar

T = TypeVar("T")

_BLOCKS_AHEAD = 4


class _End:
    def __init__(self, failure: BaseException | None) -> None:
        self.failure = failure


def ahead(blocks: Iterable[T]) -> Generator[T, None, None]:
    """The blocks in their order, some of them made before they are asked for.

    What making them raises is raised here. When the generator is closed, or what it is in fails, making stops after the
    block that it is at, and the thread has ended.
    """
    ready: SimpleQueue[T | _End] = SimpleQueue()
    room = threading.Semaphore(_BLOCKS_AHEAD)
    stop = threading.Event()

    def make() -> None:
        failure: BaseException | None = None
        try:
            for block in blocks:
                room.acquire()
                if stop.is_set():
                    break
                ready.put(block)
        except BaseException as raised:  # noqa: BLE001 - it goes on in the reader's thread
            failure = raised
        finally:
            try:
                if isinstance(blocks, Generator):
                    blocks.close()
            finally:
                ready.put(_End(failure))

    worker = threading.Thread(target=make, name="mastering-ahead")
    worker.start()
    try:
        while not isinstance(block := ready.get(), _End):
            room.release()
            yield block
        if block.failure is not None:
            raise block.failure
    finally:
        stop.set()
        room.release()
        worker.join()
