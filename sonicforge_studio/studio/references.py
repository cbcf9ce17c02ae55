"""What leads a track towards its references; each file is listened to once, however often its weight is turned."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from sonicforge_studio.audio import open_source
from sonicforge_studio.domain import Match, Progress, SilentProgress, Span
from sonicforge_studio.domain.errors import MissingPath
from sonicforge_studio.mastering.matching import Profile, match_to, profile_of, target_of
from sonicforge_studio.studio.master_drafts import Reference

_MOST_KEPT = 64

_Key = tuple[str, int, int]
"""A file's path, its size and when it was changed."""


class ReferenceEar:
    """Remembers the profiles of the files it listened to, as long as they are the same files."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._profiles: dict[_Key, Profile] = {}

    def match(self, path: str, references: Sequence[Reference], share: float, progress: Progress) -> Match:
        """What leads the track at ``path`` towards its references, at a share of 0 to 1. Raises what opening and
        reading raise, and what ``match_to`` does of a reference without sound."""
        paths = (path, *(reference.path for reference in references))
        stages = [Span(progress, index / len(paths), (index + 1) / len(paths)) for index in range(len(paths))]
        # What is missing is told before anything is listened to.
        keys = [_key(one) for one in paths]
        own, *others = (self._profile(key, stage) for key, stage in zip(keys, stages, strict=True))
        weights = [reference.weight for reference in references]
        return match_to(list(zip(others, weights, strict=True)), own, share)

    def loudness_lufs(self, references: Sequence[Reference]) -> float:
        """The mean integrated loudness of references that were listened to, by their weights."""
        weights = [reference.weight for reference in references]
        targets = [target_of(self._profile(_key(reference.path), SilentProgress())) for reference in references]
        loudness = sum(weight * target.integrated_lufs for weight, target in zip(weights, targets, strict=True))
        return loudness / sum(weights)

    def _profile(self, key: _Key, progress: Progress) -> Profile:
        with self._lock:
            known = self._profiles.get(key)
        if known is not None:
            return known
        profile = profile_of(partial(open_source, Path(key[0])), progress)
        with self._lock:
            self._profiles[key] = profile
            while len(self._profiles) > _MOST_KEPT:
                del self._profiles[next(iter(self._profiles))]
        return profile


def _key(path: str) -> _Key:
    try:
        state = Path(path).stat()
    except OSError as error:
        raise MissingPath(f'There is no reference "{path}".') from error
    return path, state.st_size, state.st_mtime_ns
