"""A track of the library as a file of any format, with its tags and its recipe."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

from sonicforge_studio.audio import DELIVERY_FORMATS, PROOF_FORMATS, Tags, open_sink, open_source, read_tags
from sonicforge_studio.domain import MasterSettings, Progress, Proof, Span, StudioError, Target
from sonicforge_studio.domain.errors import NotAsPromised, OutputExists, OverCeiling
from sonicforge_studio.generation import recipe_from_json
from sonicforge_studio.mastering import TARGETS
from sonicforge_studio.studio.blocks import each_block
from sonicforge_studio.studio.proving import Measured, Promise, judged, measure_written

_ROUNDING_DB = 0.01
"""What a lossless copy may be over the ceiling that its master just keeps: dither and rounding move a 16-bit sample by
one and a half steps of 2⁻¹⁵ at most, which even under a ceiling of −20 dBTP is less. The loudness does not feel it."""


def export(
    source_path: Path,
    path: Path,
    format: str,
    progress: Progress,
    *,
    overwrite: bool = False,
    over_ceiling_too: bool = False,
) -> str:
    """Convert, and take the tags along, the recipe among them; the licence that stands there, "" where none does.

    Of a master the file is measured, and not written where it does not keep what was asked for, unless
    ``over_ceiling_too``, which stands for all that. Raises ``OverCeiling`` or ``NotAsPromised`` then, ``OutputExists``
    for the original itself, and what reading and writing raise; leaves no half file.
    """
    if path.exists() and path.samefile(source_path):
        raise OutputExists("An export cannot replace its own original.", hint="Choose another name or folder.")
    tags = read_tags(source_path)
    settings = None if over_ceiling_too else _last_chain(tags)
    with (
        open_source(source_path) as source,
        open_sink(
            path,
            format=format,
            sample_rate_hz=source.sample_rate_hz,
            channels=source.channels,
            tags=tags,
            overwrite=overwrite,
        ) as sink,
    ):
        frames = each_block(source, Span(progress, 0.0, 0.8), sink.write, f"Writing {path.name}")
        if settings is not None:
            sink.finish()
            measured = measure_written(sink.part, Span(progress, 0.8, 1.0))
            proof = _proof(format, source.codec, measured, settings, frames / source.sample_rate_hz)
            if proof.failure == "ceiling":
                raise OverCeiling()
            if not proof.passed:
                raise NotAsPromised(proof.reason)
            sink.publish()
    return tags.licence or ""


def _last_chain(tags: Tags) -> MasterSettings | None:
    """What made a master of it; None of what was not mastered here."""
    if not tags.recipe:
        return None
    try:
        mastering = recipe_from_json(tags.recipe).mastering
    except StudioError:
        return None
    return mastering[-1] if mastering else None


def _proof(format: str, codec: str, measured: Measured, settings: MasterSettings, seconds: float) -> Proof:
    """Whether an export keeps what was asked of its master, whose file is of ``codec`` and lasts ``seconds``."""
    target = _asked_for(settings)
    own_lufs = measured.loudness.integrated_lufs
    if not math.isfinite(own_lufs):
        # Silence, or less than 0.4 s: no master of it could be proved to be as loud as anything.
        measured = replace(measured, loudness=replace(measured.loudness, integrated_lufs=target.integrated_lufs))
    elif settings.least_peak_to_loudness_lu > 0.0:
        # A guard that keeps the dynamics lets it be quieter.
        target = replace(target, integrated_lufs=min(target.integrated_lufs, own_lufs))
    if not DELIVERY_FORMATS[format].lossy:
        target = replace(target, ceiling_dbtp=target.ceiling_dbtp + _ROUNDING_DB)
    # Whatever is made of a lossy master holds what that codec left of it.
    judged_as = next((known.name for known in PROOF_FORMATS if known.lossy and known.codec == codec), format)
    return judged(judged_as, measured, Promise.of(target, seconds))


def _asked_for(settings: MasterSettings) -> Target:
    """The target that was asked for. Older recipes have only what the limiter was led to: where the target has a name,
    its ceiling is known."""
    target = settings.asked_for
    return replace(target, ceiling_dbtp=TARGETS.get(target.name, target).ceiling_dbtp)
