"""Which files are the same music."""

from __future__ import annotations

from collections.abc import Sequence

from sonicforge_studio.domain import Progress
from sonicforge_studio.fingerprints import Fingerprint, Item, Pair, related_pairs
from sonicforge_studio.studio.importing import embedded_recipe
from sonicforge_studio.studio.likeness import piece_of
from sonicforge_studio.studio.measuring import Measurement


def related(measured: Sequence[tuple[str, Measurement]], progress: Progress) -> list[Pair]:
    """Every related pair among measured files, each with the name it was given."""
    return related_pairs([_item(name, measurement) for name, measurement in measured], progress)


def _item(name: str, measurement: Measurement) -> Item:
    recipe = embedded_recipe(measurement)
    analysis = measurement.analysis
    return Item(
        path=name,
        content_hash=analysis.content_hash,
        audio_hash=analysis.audio_hash,
        fingerprint=Fingerprint.from_text(measurement.fingerprint, analysis.duration_seconds),
        duration_seconds=analysis.duration_seconds,
        parents=recipe.parents if recipe else (),
        piece=piece_of(recipe) if recipe else "",
    )
