"""What sounds like this: tracks of the library beside one of them, or beside any file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sonicforge_studio.domain import Progress
from sonicforge_studio.domain.errors import LibraryError
from sonicforge_studio.library import Found, Library, Similarity
from sonicforge_studio.studio.measuring import Measurer


class Alike:
    """Finds by sound. What a search finds may narrow it: then every track that it finds is looked at."""

    def __init__(self, library: Library, similarity: Similarity, measurer: Measurer) -> None:
        self._library = library
        self._similarity = similarity
        self._measurer = measurer

    def to_track(self, track_id: int, *, search: str = "", limit: int = 20) -> list[Found]:
        """The tracks most like this one, without it, the most alike first: their relevance is the cosine of the
        embeddings, 0 where it is negative. Raises ``LibraryError`` where there is no such track."""
        if self._library.track(track_id) is None:
            raise LibraryError("The library has no such track.", hint="It may have been removed meanwhile.")
        return self._library.search(f"like:{track_id} {search}", limit=limit)

    def to_file(self, path: Path, progress: Progress, *, search: str = "", limit: int = 20) -> list[Found]:
        """As ``to_track``, of a file that need not be in the library; it is measured. Raises what measuring raises."""
        measured = self._measurer.measure(path, progress)
        known = self._library.by_path(str(path.absolute()))
        return self._found(measured.analysis.embedding, search, limit, without=None if known is None else known.id)

    def _found(self, embedding: Sequence[float], search: str, limit: int, *, without: int | None) -> list[Found]:
        among = self._library.ids(search) if search.strip() else None
        wanted = np.asarray(embedding, np.float32)
        nearest = self._similarity.nearest(wanted, limit + 1, among=among)
        others = [(track_id, cosine) for track_id, cosine in nearest if track_id != without][:limit]
        found = [(self._library.track(track_id), cosine) for track_id, cosine in others]
        # One may have been removed since the index was asked.
        return [Found(track, max(0.0, min(1.0, cosine))) for track, cosine in found if track is not None]
