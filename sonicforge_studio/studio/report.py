"""Results as the plain dicts that the command line prints and the server will send: the contract's names."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sonicforge_studio.domain import Analysis, Loudness, Master, Track, to_plain
from sonicforge_studio.domain.licence import licence_warning
from sonicforge_studio.fingerprints import Pair
from sonicforge_studio.studio.forging import Forged
from sonicforge_studio.studio.mastering import Mastered
from sonicforge_studio.studio.mixing import MixAdvice
from sonicforge_studio.studio.models import ModelCard
from sonicforge_studio.studio.remaking import Remade
from sonicforge_studio.studio.suggesting import told


def loudness_fields(loudness: Loudness) -> dict[str, Any]:
    fields: dict[str, Any] = to_plain(loudness)
    return fields


def analysis_fields(analysis: Analysis, genre: str | None = None) -> dict[str, Any]:
    """An analysis, flat; what is not measured yet or does not apply is null or empty."""
    tempo, key = analysis.tempo, analysis.key
    fields: dict[str, Any] = to_plain(
        {
            "duration_seconds": analysis.duration_seconds,
            "sample_rate_hz": analysis.sample_rate_hz,
            "channels": analysis.channels,
            "codec": analysis.codec,
            "content_hash": analysis.content_hash,
            "audio_hash": analysis.audio_hash,
            "tempo_bpm": tempo.bpm,
            "tempo_confidence": tempo.confidence,
            "tempo_candidates": tempo.candidates,
            "beats_seconds": tempo.beats_seconds,
            "downbeats_seconds": tempo.downbeats_seconds if tempo.beats_per_bar else None,
            "beats_per_bar": tempo.beats_per_bar,
            "metre_confidence": tempo.metre_confidence,
            "grid_start_seconds": tempo.grid_start_seconds,
            "tempo_curve": tempo.curve,
            "key": key.key,
            "camelot": key.key.camelot if key.key else None,
            "key_confidence": key.confidence,
            "key_candidates": key.candidates,
            "open_key": key.key.open_key if key.key else None,
            "key_segments": key.segments,
            "tuning_cents": key.tuning_cents,
            "sections": analysis.sections,
            "genre": genre,
            **loudness_fields(analysis.loudness),
            "features": {**analysis.features, **analysis.vectors},
            "embedding": analysis.embedding or None,
            "corrected": analysis.corrected,
            "warning": analysis.warning,
        }
    )
    return fields


def mix_fields(advice: MixAdvice) -> dict[str, Any]:
    """Advice on a mix; a part that one of the two has not is null."""
    fields: dict[str, Any] = to_plain(advice)
    for name, match in (("one", advice.key and advice.key.one), ("other", advice.key and advice.key.other)):
        if match:
            fields["key"][f"{name}_camelot"] = match.camelot
    return fields


def track_fields(track: Track, score: float | None = None) -> dict[str, Any]:
    """A track of the library: its analysis, and what the library adds."""
    genre = (track.recipe.genre or None) if track.recipe else None
    return {
        "path": track.path,
        "id": track.id,
        "title": track.title,
        "artist": track.artist,
        "score": score,
        "added_at": track.added_at,
        **analysis_fields(track.analysis, genre),
    }


def model_fields(card: ModelCard) -> dict[str, Any]:
    """A model of neural engines; ``path`` is null where it is not here."""
    fields: dict[str, Any] = to_plain(replace(card, path=None))
    return {**fields, "path": str(card.path) if card.path else None, "non_commercial": card.non_commercial}


def licence_fields(licence: str) -> dict[str, str | None]:
    """What a file's licence is, and the warning that goes with it; null where there is none."""
    return {"licence": licence or None, "licence_warning": licence_warning(licence) or None}


def master_fields(master: Master) -> dict[str, Any]:
    fields: dict[str, Any] = to_plain(master)
    fields["proof"] = [
        {
            "format": proof.format,
            "passed": proof.passed,
            "reason": proof.reason,
            "failure": proof.failure or None,
            "note": proof.note,
            "path": proof.path or None,
            **loudness_fields(proof.loudness),
            "clipped_samples": proof.clipped_samples,
            "frames": proof.frames,
            "sample_rate_hz": proof.sample_rate_hz,
            "encoder_seconds": proof.encoder_seconds,
            "check_seconds": proof.check_seconds,
            "content_hash": proof.content_hash or None,
            "pcm_hash": proof.pcm_hash or None,
        }
        for proof in master.proof
    ]
    return fields


def forged_fields(forged: Forged) -> dict[str, Any]:
    genre = forged.recipe.genre or None
    return {
        "path": forged.files[0],
        "files": list(forged.files),
        "recipe": to_plain(forged.recipe),
        "analysis": analysis_fields(forged.track.analysis, genre),
        "verdict": to_plain(forged.verdict),
        "master": master_fields(forged.master) if forged.master else None,
        "fingerprint": forged.track.fingerprint,
        "candidates": to_plain(forged.candidates),
        "unplayed": list(forged.unplayed),
        "remarks": list(forged.remarks),
        **licence_fields(forged.recipe.licence),
        "track_id": forged.track.id,
    }


def remade_fields(remade: Remade) -> dict[str, Any]:
    return {
        "path": str(remade.path),
        "files": [str(remade.path), *remade.extras],
        "recipe": to_plain(remade.recipe),
        "same": remade.same,
        "differs": remade.differs,
        "unplayed": list(remade.unplayed),
        **licence_fields(remade.recipe.licence),
    }


def mastered_fields(given: str, mastered: Mastered) -> dict[str, Any]:
    return {
        "path": given,
        **master_fields(mastered.master),
        "passed": all(proof.passed for proof in mastered.master.proof),
        "notes": list(mastered.notes),
        "limited_to_dbtp": mastered.settings.target.ceiling_dbtp,
        "report": list(mastered.report),
        "suggestions": [
            {"reason": told(suggestion), "changes": dict(suggestion.changes)} for suggestion in mastered.suggestions
        ],
        **licence_fields(mastered.licence),
        "track_id": mastered.track.id,
    }


def pair_fields(pair: Pair) -> dict[str, Any]:
    return {"a": pair.a, "b": pair.b, "kind": pair.kind, "score": pair.score, "offset_seconds": pair.offset_seconds}
