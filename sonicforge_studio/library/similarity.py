"""Which tracks sound alike: the nearest embeddings, searched in an index beside the database.

The database holds every vector and numbers each change of one; the index file is made from it, holds the number of the
last change it knows, and is made anew where it is lost or much has changed. Until then what changed is looked through
besides.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.domain.errors import StudioError
from sonicforge_studio.kernels.nearest import unit_length
from sonicforge_studio.library._vectors import VectorFile
from sonicforge_studio.library.library import Library

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]

DIMENSIONS = 128
_MOST_CHANGES = 1000
_LARGEST_SHARE = 0.1
"""So many changes, or this part of the index where that is more, are looked through beside it."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Changes:
    """What happened since the index was made."""

    sequence: int
    ids: Int64
    """Of tracks that are other than the index has them, or gone."""
    hidden: NDArray[np.bool_]
    """Their rows in the index."""
    new_ids: Int64
    vectors: Float32
    """As they are now, shape ``(new_ids, 128)``."""

    @classmethod
    def none(cls, index: VectorFile) -> _Changes:
        return cls(index.sequence, _no_ids(), index.hiding(_no_ids()), _no_ids(), np.zeros((0, DIMENSIONS), np.float32))

    def nearest(self, query: Float32, among: Int64 | None) -> list[tuple[int, float]]:
        cosines = self.vectors @ query
        wanted = np.ones(self.new_ids.size, bool) if among is None else np.isin(self.new_ids, among)
        return list(zip(self.new_ids[wanted].tolist(), cosines[wanted].tolist(), strict=True))


@dataclass(frozen=True, slots=True)
class _State:
    index: VectorFile
    changes: _Changes


class Similarity:
    """The index of one library. From any thread; what changed is seen by the next question.

    A question waits for the index where there is none yet (about a second for 100,000 tracks). Later ones are answered
    from the old index while a thread makes a new one.
    """

    def __init__(self, library: Library, folder: Path) -> None:
        """``folder`` holds the index file; it is made where missing, and may be thrown away."""
        self._library = library
        self._folder = folder
        self._lock = threading.Lock()
        self._state: _State | None = None
        self._renewing: threading.Thread | None = None

    def close(self) -> None:
        """Wait for the thread that makes a new index, if there is one. Before the library is closed."""
        renewing = self._renewing
        if renewing is not None:
            renewing.join()

    def vector(self, track_id: int) -> Float32 | None:
        """A track's embedding, of length 1; None where it has none (silence, or under half a second)."""
        rows = self._library.read("SELECT vector FROM track_vectors WHERE track_id = ?", (track_id,))
        return unit_length(_vectors([rows[0]["vector"]]))[0] if rows else None

    def to_track(self, track_id: int, limit: int, among: Int64 | None = None) -> list[tuple[int, float]]:
        """As ``nearest``, to a track of the library and without it; nothing where it has no embedding."""
        vector = self.vector(track_id)
        found = [] if vector is None else self.nearest(vector, limit + 1, among=among)
        return [one for one in found if one[0] != track_id][:limit]

    def nearest(
        self, embedding: Sequence[float] | Float32, limit: int, *, among: Int64 | None = None
    ) -> list[tuple[int, float]]:
        """Up to ``limit`` tracks by their ids with the cosine of their embeddings to this one, 128 numbers; the nearest
        first. With ``among`` of these ids alone, every one of which is looked at.

        Nothing for an embedding without a length. Raises the library's errors.
        """
        query = unit_length(np.asarray(embedding, np.float32).reshape(1, -1))[0]
        if limit < 1 or query.size != DIMENSIONS or not query.any() or not np.isfinite(query).all():
            return []
        state = self._up_to_date()
        if among is None:
            found = state.index.nearest(query, limit, state.changes.hidden)
        else:
            found = state.index.nearest_among(query, limit, np.setdiff1d(among, state.changes.ids))
        found += state.changes.nearest(query, among)
        found.sort(key=lambda one: (-one[1], one[0]))
        return found[:limit]

    def _up_to_date(self) -> _State:
        with self._lock:
            state = self._state or self._opened()
            if self._newest() != state.changes.sequence:
                state = replace(state, changes=self._changes_since(state.index))
            self._state = state
            if state.changes.ids.size > max(_MOST_CHANGES, _LARGEST_SHARE * state.index.ids.size):
                self._renew_beside()
            return state

    def _opened(self) -> _State:
        """The newest file that is of this database, or one made now."""
        for path in sorted(self._folder.glob("*.vectors"), key=_number_of, reverse=True):
            index = VectorFile.read(path)
            # One that knows of more changes than the database was made from another.
            if index is not None and index.rows.shape[1] == DIMENSIONS and index.sequence <= self._newest():
                return _State(index, _Changes.none(index))
        index = self._made()
        return _State(index, _Changes.none(index))

    def _newest(self) -> int:
        """The number of the last change of a vector."""
        return int(self._library.read("SELECT max(sequence) AS number FROM vector_changes")[0]["number"] or 0)

    def _made(self) -> VectorFile:
        """From all vectors of the database, and put on the disk where that can be."""
        # First the number: what changes meanwhile is then a change that the index does not know.
        newest = self._newest()
        rows = self._library.read("SELECT track_id, vector FROM track_vectors ORDER BY track_id")
        ids = np.array([row["track_id"] for row in rows], np.int64)
        index = VectorFile.of(ids, _vectors([row["vector"] for row in rows]), newest)
        path = self._folder / f"{newest}.vectors"
        try:
            index.write(path)
        except StudioError as error:
            _log.warning("the similarity index stays in memory: %s", error)
            return index
        for other in self._folder.glob("*.vectors"):
            # Where a system keeps files that someone reads, the next start removes it.
            if other != path:
                with suppress(OSError):
                    other.unlink()
        return VectorFile.read(path) or index

    def _changes_since(self, index: VectorFile) -> _Changes:
        rows = self._library.read(
            "SELECT vector_changes.track_id, sequence, vector FROM vector_changes LEFT JOIN track_vectors"
            " ON track_vectors.track_id = vector_changes.track_id WHERE sequence > ?",
            (index.sequence,),
        )
        there = [row for row in rows if row["vector"] is not None]
        changed = np.array([row["track_id"] for row in rows], np.int64)
        return _Changes(
            max((row["sequence"] for row in rows), default=index.sequence),
            changed,
            index.hiding(changed),
            np.array([row["track_id"] for row in there], np.int64),
            unit_length(_vectors([row["vector"] for row in there])),
        )

    def _renew_beside(self) -> None:
        if self._renewing is None:
            self._renewing = threading.Thread(target=self._renew, name="similarity index", daemon=True)
            self._renewing.start()

    def _renew(self) -> None:
        try:
            index = self._made()
            with self._lock:
                self._state = _State(index, _Changes.none(index))
        except StudioError as error:
            _log.warning("the similarity index was not made anew: %s", error)
        finally:
            self._renewing = None


def _vectors(blobs: list[bytes]) -> Float32:
    return np.frombuffer(b"".join(blobs), "<f4").reshape(-1, DIMENSIONS).astype(np.float32)


def _no_ids() -> Int64:
    return np.zeros(0, np.int64)


def _number_of(path: Path) -> int:
    return int(path.stem) if path.stem.isdigit() else -1
