"""A command's way into the studio."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from sonicforge_studio.cli.output import Output, one_bar
from sonicforge_studio.domain import Progress, StudioError

if TYPE_CHECKING:
    from sonicforge_studio.studio import Studio
    from sonicforge_studio.studio.measuring import Measurer

Result = TypeVar("Result")


@contextmanager
def studio_session(home: Path | None) -> Iterator[Studio]:
    """An open studio. It is imported here and not above, so that `--help` needs none of the heavy libraries."""
    from sonicforge_studio.studio import build_studio

    with build_studio(home) as studio:
        yield studio


def each_input(
    inputs: Sequence[str],
    output: Output,
    work: Callable[[Path, Progress], Result],
    use: Callable[[str, Path, Result], None],
    *,
    workers: int | None,
    verb: str,
    seconds_of: Callable[[Result], float] = lambda _: 0.0,
    measurer: Measurer | None = None,
    force: bool = False,
) -> None:
    """Do ``work`` on every file the inputs name, several at once, and ``use`` each result as it comes.

    An input that fails is told of and the rest goes on; Ctrl-C stops them all. ``seconds_of`` a result are the seconds
    of audio that the bar counts. ``measurer`` is that of the work, which it does anew with ``force``.
    """
    from sonicforge_studio.studio.batches import BatchProgress, ReadAhead
    from sonicforge_studio.studio.inputs import expand, run_many

    files: list[tuple[str, Path]] = []
    for given, found in expand(inputs):
        if isinstance(found, StudioError):
            output.failure(given, found)
        else:
            files.append((given, found))
    if not files:
        return
    threads = workers or os.cpu_count() or 1
    ahead = ReadAhead(
        [path for _, path in files], threads, lambda path: measurer is not None and not force and measurer.knows(path)
    )

    def begin(item: tuple[str, Path], step: Progress) -> Result:
        ahead.began(item[1])
        return work(item[1], step)

    with one_bar(output, verb) as bar:
        told = BatchProgress(bar, len(files))
        with (
            nullcontext() if measurer is None else measurer.many(len(files), threads),
            closing(run_many(files, begin, workers=threads, progress=told, in_order=False)) as results,
        ):
            for (given, path), result in results:
                if isinstance(result, StudioError):
                    output.failure(given, result)
                    told.count()
                else:
                    use(given, path, result)
                    told.count(seconds_of(result))
