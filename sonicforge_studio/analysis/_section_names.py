"""What the sections of a piece are called: by their level, their bass, their place and their likeness."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Float64 = NDArray[np.float64]

_ALIKE = 0.8
"""Two sections are alike where their means lie so far apart at most: squared units, the mean over the columns."""
_HARMONY_WEIGHT = 0.5
_LOUD = 0.93
"""A section is loud that has so much of the loudness of the loudest one."""
_FLAT = 0.92
"""Where the softest section has more, loudness says nothing of the form."""
_BASS_GONE_DB = 5.0
"""In a break the bass is so far below that of the loud sections."""
_GROWS = 1.1
"""A build ends so much louder than it begins."""
_GROWS_WITHOUT_BASS = 1.25
_LONGEST_BUILD_SECONDS = 24.0
_LONGEST_END = 0.3
"""An intro or an outro is at most this share of the piece."""


class Stretch(NamedTuple):
    """A section's length, its loudness, its level below 170 Hz, and its second half's loudness over its first's."""

    seconds: float
    loudness: float
    bass_db: float
    growth: float


def letters(colour: Float64, harmony: Float64) -> tuple[str, ...]:
    """A letter for each section, A first; what sounds alike shares one.

    ``colour (sections, n)`` are the sections' mean rows in units of their own movement, ``harmony (sections, 12)``
    their pitch classes of length 1. Complete linkage: every two sections of a letter are alike.
    """
    apart = ((colour[:, np.newaxis] - colour[np.newaxis]) ** 2).mean(axis=2)
    if harmony.shape[1]:
        apart = apart + _HARMONY_WEIGHT * (1.0 - harmony @ harmony.T)
    groups = [[index] for index in range(colour.shape[0])]
    while len(groups) > 1:
        distance = np.array([[apart[np.ix_(a, b)].max() if a is not b else np.inf for b in groups] for a in groups])
        a, b = sorted(divmod(int(distance.argmin()), len(groups)))
        if distance[a, b] > _ALIKE:
            break
        groups[a] += groups.pop(b)
    told = [""] * colour.shape[0]
    for place, group in enumerate(sorted(groups, key=min)):
        for index in group:
            told[index] = _letter(place)
    return tuple(told)


def _letter(place: int) -> str:
    """A … Z, AA, AB …"""
    letter = chr(ord("A") + place % 26)
    return letter if place < 26 else _letter(place // 26 - 1) + letter


def names(stretches: tuple[Stretch, ...], metred: bool) -> tuple[str, ...]:
    """A name for each section, "part" where none is sure: without bars nothing is a build, a drop or a verse."""
    loudness = np.array([stretch.loudness for stretch in stretches])
    loudness /= max(float(loudness.max()), 1e-30)
    if len(stretches) < 3 or loudness.min() > _FLAT:
        return ("part",) * len(stretches)
    loud = loudness > _LOUD
    told = ["" if is_loud else "part" for is_loud in loud]
    full_bass_db = float(
        np.median([stretch.bass_db for stretch, is_loud in zip(stretches, loud, strict=True) if is_loud])
    )
    for index in range(1, len(stretches) - 1):
        if not loud[index]:
            stretch, before, after = stretches[index], bool(loud[index - 1]), bool(loud[index + 1])
            bass_gone = full_bass_db - stretch.bass_db > _BASS_GONE_DB
            steps_up = loudness[index] > _GROWS * loudness[index - 1]
            told[index] = _between(stretch, bass_gone, steps_up, before, after)
    whole = sum(stretch.seconds for stretch in stretches)
    if not loud[0] and stretches[0].seconds < _LONGEST_END * whole:
        told[0] = "intro"
    heard = 0.0
    for index in range(len(stretches) - 1, 0, -1):
        heard += stretches[index].seconds
        if loud[index] or heard > _LONGEST_END * whole:
            break
        told[index] = "outro"
    # Where it builds up, what comes then is a drop.
    loud_name = "drop" if "build" in told else "verse"
    if not metred:
        return tuple("part" if name in ("", "build") else name for name in told)
    return tuple(name or loud_name for name in told)


def _between(stretch: Stretch, bass_gone: bool, steps_up: bool, after_loud: bool, before_loud: bool) -> str:
    """What a softer section is that neither begins nor ends the piece."""
    grows = steps_up or stretch.growth > (_GROWS_WITHOUT_BASS if bass_gone else _GROWS)
    if before_loud and grows and not (bass_gone and after_loud) and stretch.seconds < _LONGEST_BUILD_SECONDS:
        return "build"
    return "break" if bass_gone or (after_loud and before_loud) else "part"
