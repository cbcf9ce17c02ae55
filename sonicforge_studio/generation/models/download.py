"""A model on its way from the hub to the shelf: file by file into a folder beside, which gets its name when all of it
is there. What is broken off goes on where it was."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TypeVar

from sonicforge_studio.domain import Progress
from sonicforge_studio.domain.errors import DiskFull, DownloadChanged, DownloadRunning, HubUnreachable, ModelNotUsable
from sonicforge_studio.generation.models._web import Answered, Passing
from sonicforge_studio.generation.models.catalogue import KnownModel
from sonicforge_studio.generation.models.hub import Hub, refusal
from sonicforge_studio.generation.models.offer import HubFile, Offer, spoken_bytes
from sonicforge_studio.generation.models.shelf import Shelf
from sonicforge_studio.generation.musicgen.model_folder import read_model_folder
from sonicforge_studio.host.locks import try_lock
from sonicforge_studio.host.writing import output_error, write_text
from sonicforge_studio.jobs.retries import RetryPolicy

RECORD = "download.json"
"""Beside the files of a model: where they came from, and their hashes."""
_RETRIES = RetryPolicy(attempts=4, first_delay_seconds=0.5, longest_delay_seconds=8.0)
_HASH_BYTES = 1 << 20
_LOOK_SECONDS = 0.05
_SYNC_BYTES = 32 << 20
"""So often it is brought to the disk: all at once in the end would be a long time in which nobody can cancel."""
_GONE = (404, 410, 412, 416)
_AGAIN = "Free some space, then download it again: it goes on where it was."

Result = TypeVar("Result")


class Downloader:
    """Brings models from a hub to a shelf."""

    def __init__(self, hub: Hub, shelf: Shelf) -> None:
        self._hub = hub
        self._shelf = shelf

    def offer(self, model: KnownModel, progress: Progress) -> Offer:
        """Ask the hub.

        Raises ``HubUnreachable``, ``HubRefused``, ``ModelNotUsable``, ``OutputNotWritable``, and ``Cancelled``.
        """

        def wait() -> None:
            progress.step(0, 1, "Asking the hub")

        listing = _again_and_again(lambda: self._hub.listing(model.hub, wait), grown=lambda: False, wait=wait)
        here = self._shelf.part_of(model.name)
        missing = sum(file.size_bytes - _size_of(here / file.name, file.size_bytes) for file in listing.files)
        free = self._free_bytes()
        return Offer(model.name, model.hub, listing.revision, listing.files, missing, free, model.licence)

    def download(self, offer: Offer, progress: Progress) -> None:
        """Bring it. What came before a cancel, a lost connection or a full disk stays, and the next one goes on there.

        Raises ``DownloadChanged``, ``DownloadRunning``, ``HubUnreachable``, ``HubRefused``, ``ModelNotUsable``,
        ``DiskFull``, ``OutputNotWritable`` and ``Cancelled``.
        """
        part = self._shelf.part_of(offer.name)
        try:
            part.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise output_error(error, part) from error
        with self._alone(offer.name):
            _clear(part, offer)
            missing = sum(file.size_bytes - _size_of(part / file.name, file.size_bytes) for file in offer.files)
            free = self._free_bytes()
            if missing > free:
                raise DiskFull(
                    f"The disk has {spoken_bytes(free)} free, and {spoken_bytes(missing)} are still to come.",
                    hint=_AGAIN,
                )
            told = _Told(progress, sum(file.size_bytes for file in offer.files))
            for file in offer.files:
                coming = _Coming(self._hub, offer, file, part / file.name, told)
                _again_and_again(coming.go_on, coming.grown, coming.wait)
                told.before += file.size_bytes
            self._put_up(offer, part)

    @contextmanager
    def _alone(self, name: str) -> Iterator[None]:
        """Two downloads of one model would write over each other."""
        place = self._shelf.folder / f".{name}.lock"
        try:
            lock = try_lock(place)
        except OSError as error:
            raise output_error(error, place) from error
        if lock is None:
            raise DownloadRunning()
        try:
            yield
        finally:
            os.close(lock)

    def _put_up(self, offer: Offer, part: Path) -> None:
        try:
            read_model_folder(part)
        except ModelNotUsable as error:
            self._shelf.delete(part)
            raise ModelNotUsable(
                error.message.replace(part.name, offer.name), hint="Choose another model, or update the studio."
            ) from error
        place = self._shelf.place_for(offer.name)
        if place.exists():
            self._shelf.delete(place)
        try:
            part.rename(place)
        except OSError as error:
            raise output_error(error, place) from error

    def _free_bytes(self) -> int:
        try:
            self._shelf.folder.mkdir(parents=True, exist_ok=True)
            return shutil.disk_usage(self._shelf.folder).free
        except OSError as error:
            raise output_error(error, self._shelf.folder) from error


@dataclass(slots=True)
class _Told:
    """Bytes of all files together, as progress."""

    progress: Progress
    total: int
    before: int = 0

    def step(self, here: int, note: str) -> None:
        done = self.before + here
        self.progress.step(done, self.total, f"{note} · {spoken_bytes(done)} of {spoken_bytes(self.total)}")


class _Coming:
    """One file on its way."""

    def __init__(self, hub: Hub, offer: Offer, file: HubFile, place: Path, told: _Told) -> None:
        self._hub = hub
        self._offer = offer
        self._file = file
        self._place = place
        self._told = told
        self._here = _size_of(place, file.size_bytes)

    def grown(self) -> bool:
        """Whether anything came since this was asked last."""
        before, self._here = self._here, _size_of(self._place, self._file.size_bytes)
        return self._here > before

    def go_on(self) -> None:
        """To the last byte. Raises ``Passing`` where it may be tried again; what is not the announced file goes."""
        try:
            with self._place.open("a+b", buffering=0) as out:
                hasher = self._hash_of(out)
                if out.tell() < self._file.size_bytes:
                    hasher = self._fetch(out, hasher)
                    os.fsync(out.fileno())
            wanted = self._file.sha256 or self._file.blob
            if wanted and hasher.hexdigest() != wanted:
                raise self._changed("is not what the hub announced")
        except DownloadChanged:
            with suppress(OSError):
                self._place.unlink()
            raise
        except OSError as error:
            raise _write_error(error, self._place) from error

    def wait(self) -> None:
        """While the hub has trouble."""
        self._told.step(self._here, "Waiting for the hub")

    def _fetch(self, out: IO[bytes], hasher: hashlib._Hash) -> hashlib._Hash:
        """What is missing behind what ``out`` has; the hash of all of it."""
        start, size = out.tell(), self._file.size_bytes
        try:
            offer = self._offer
            with self._hub.open(offer.hub, offer.revision, self._file, self._step(out), start) as answer:
                if answer.total_bytes not in (None, size):
                    raise self._changed(f"has {answer.total_bytes:,} bytes at the hub now, not {size:,}")
                if answer.start != start:
                    # This server gives whole files only.
                    out.truncate(0)
                    hasher = self._new_hash()
                synced = out.tell()
                for block in answer.blocks():
                    if out.tell() + len(block) > size:
                        raise self._changed("is longer at the hub than it was")
                    _write_all(out, block)
                    hasher.update(block)
                    if out.tell() - synced >= _SYNC_BYTES:
                        os.fsync(out.fileno())
                        synced = out.tell()
        except Answered as answered:
            if answered.status in _GONE:
                raise self._changed("is not at the hub any more as it was when the download began") from answered
            raise refusal(self._offer.hub, answered.status) from answered
        if out.tell() < size:
            raise Passing(HubUnreachable("The connection to the model hub was lost."))
        return hasher

    def _hash_of(self, out: IO[bytes]) -> hashlib._Hash:
        """Of what is here already; the file then stands at its end."""
        hasher = self._new_hash()
        if out.tell() > self._file.size_bytes:
            out.truncate(0)
        out.seek(0)
        while block := out.read(_HASH_BYTES):
            hasher.update(block)
            self._told.step(out.tell(), "Checking")
        return hasher

    def _new_hash(self) -> hashlib._Hash:
        if self._file.sha256:
            return hashlib.sha256()
        # Git's name for a small file is the hash of its bytes behind their count.
        return hashlib.sha1(b"blob %d\0" % self._file.size_bytes, usedforsecurity=False)

    def _step(self, out: IO[bytes]) -> Callable[[], None]:
        return lambda: self._told.step(out.tell(), self._file.name)

    def _changed(self, how: str) -> DownloadChanged:
        return DownloadChanged(f'"{self._file.name}" {how}.')


def _again_and_again(work: Callable[[], Result], grown: Callable[[], bool], wait: Callable[[], None]) -> Result:
    """Do it until it is done, or until the trouble no longer looks like passing: four failures without a byte between.

    ``wait`` is called in the pauses.
    """
    failures = 0
    while True:
        try:
            return work()
        except Passing as trouble:
            failures = 1 if grown() else failures + 1
            if failures >= _RETRIES.attempts:
                raise trouble.error from trouble
        until = time.monotonic() + _RETRIES.delay_seconds(failures)
        while (left := until - time.monotonic()) > 0:
            wait()
            time.sleep(min(left, _LOOK_SECONDS))


def _clear(part: Path, offer: Offer) -> None:
    """What is there of another version goes; then note which version this is."""
    try:
        wanted = {file.name: file.sha256 or file.blob for file in offer.files}
        known = _known_hashes(part)
        for file in part.iterdir():
            other = file.name not in wanted or known.get(file.name, wanted[file.name]) != wanted[file.name]
            if other and file.name != RECORD:
                file.unlink()
        record = {"hub": offer.hub, "revision": offer.revision, "files": wanted}
        write_text(part / RECORD, json.dumps(record, indent=1))
    except OSError as error:
        raise output_error(error, part) from error


def _known_hashes(part: Path) -> dict[str, str]:
    try:
        files = json.loads((part / RECORD).read_text(encoding="utf-8"))["files"]
        return {str(name): str(hash) for name, hash in files.items()}
    except (OSError, ValueError, TypeError, LookupError, AttributeError):
        return {}


def _size_of(file: Path, most: int) -> int:
    """What is here of a file; what is longer than it should be counts for nothing."""
    try:
        size = file.stat().st_size
    except OSError:
        return 0
    return size if size <= most else 0


def _write_all(out: IO[bytes], block: bytes) -> None:
    rest = memoryview(block)
    while rest:
        rest = rest[out.write(rest) :]


def _write_error(error: OSError, place: Path) -> Exception:
    found = output_error(error, place)
    if isinstance(found, DiskFull):
        return DiskFull(
            f'The disk is full: "{place.name}" did not come to its end.',
            hint=_AGAIN,
        )
    return found
