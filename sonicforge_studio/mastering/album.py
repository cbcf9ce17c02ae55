"""An album: one gain for all its tracks, so that the quiet ones stay quieter than the loud ones."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sonicforge_studio.domain import Loudness, Target
from sonicforge_studio.domain.errors import BadSetting
from sonicforge_studio.mastering.targets import LUFS_LIMITS

_RELATIVE_GATE_LU = -10.0


@dataclass(frozen=True, slots=True)
class AlbumTrack:
    """What is known of a track before it is mastered."""

    loudness: Loudness
    seconds: float


def album_lufs(tracks: Sequence[AlbumTrack]) -> float:
    """The loudness of all tracks played one after the other, in LUFS; −inf where none has one.

    It is the mean of their powers by their lengths, without tracks that lie 10 LU under it, as ITU-R BS.1770-5 has it
    of blocks.
    """
    heard = [track for track in tracks if math.isfinite(track.loudness.integrated_lufs) and track.seconds > 0.0]
    if not heard:
        return -math.inf
    gate_lufs = _mean_lufs(heard) + _RELATIVE_GATE_LU
    return _mean_lufs([track for track in heard if track.loudness.integrated_lufs >= gate_lufs])


def album_targets(tracks: Sequence[AlbumTrack], target: Target) -> tuple[Target, ...]:
    """Each track's own target: with it the album has the target's loudness and the tracks their differences; the
    ceiling holds for each.

    A track without a loudness has the album's target. Raises ``BadSetting`` where there are no tracks.
    """
    if not tracks:
        raise BadSetting("An album needs a track.", hint="Choose the files that belong to it.")
    whole_lufs = album_lufs(tracks)
    return tuple(replace(target, integrated_lufs=_track_lufs(track, whole_lufs, target)) for track in tracks)


def _track_lufs(track: AlbumTrack, whole_lufs: float, target: Target) -> float:
    own_lufs = track.loudness.integrated_lufs
    if not (math.isfinite(own_lufs) and math.isfinite(whole_lufs)):
        return target.integrated_lufs
    low, high = LUFS_LIMITS
    return min(max(target.integrated_lufs + own_lufs - whole_lufs, min(low, target.integrated_lufs)), high)


def _mean_lufs(tracks: Sequence[AlbumTrack]) -> float:
    seconds = sum(track.seconds for track in tracks)
    power = sum(track.seconds * 10.0 ** (track.loudness.integrated_lufs / 10.0) for track in tracks) / seconds
    return 10.0 * math.log10(power)
