"""A command's way into the studio."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from sonicforge_studio.cli.output import Output, one_bar
from sonicforge_studio.domain import Progress, StudioError

if TYPE_CHECKING:
    from sonicforge_studio.studio import Studio

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
) -> None:
    """Do ``work`` on every file the inputs name, several at once, and ``use`` each result as it comes.

    An input that fails is told of and the rest goes on; Ctrl-C stops them all.
    """
    from sonicforge_studio.studio.inputs import expand, run_many

    files: list[tuple[str, Path]] = []
    for given, found in expand(inputs):
        if isinstance(found, StudioError):
            output.failure(given, found)
        else:
            files.append((given, found))
    if not files:
        return
    with (
        one_bar(output, verb) as progress,
        closing(
            run_many(files, lambda item, step: work(item[1], step), workers=workers, progress=progress, in_order=False)
        ) as results,
    ):
        for (given, path), result in results:
            if isinstance(result, StudioError):
                output.failure(given, result)
            else:
                use(given, path, result)
