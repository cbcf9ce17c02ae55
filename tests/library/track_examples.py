"""Tracks to put into a library."""

from __future__ import annotations

import math
from typing import Any

from sonicforge_studio.domain import (
    Analysis,
    Concept,
    FormSection,
    Key,
    KeyCandidate,
    KeyEstimate,
    Loudness,
    MasterSettings,
    Reason,
    Recipe,
    Target,
    Tempo,
    TempoCandidate,
    Track,
    Verdict,
)


def an_analysis(
    *, bpm: float | None = 174.0, key: str | None = "A minor", lufs: float = -9.5, content_hash: str = "c", **more: Any
) -> Analysis:
    tonality = None if key is None else Key.parse(key)
    return Analysis(
        duration_seconds=more.pop("duration_seconds", 30.0),
        sample_rate_hz=44100,
        channels=2,
        codec="pcm_s24le",
        content_hash=content_hash,
        audio_hash=more.pop("audio_hash", f"audio of {content_hash}"),
        tempo=Tempo(bpm, 0.9, (TempoCandidate(bpm or 87.0, 0.9),), (0.1, 0.445, 0.79)),
        key=KeyEstimate(tonality, 0.8, () if tonality is None else (KeyCandidate(tonality, 0.8),)),
        loudness=Loudness(lufs, 4.2, lufs + 2, lufs + 1, -1.0, -1.2),
        features={"spectral_centroid_hz": 2345.6},
        **more,
    )


def a_recipe(
    prompt: str = "liquid drum and bass", genre: str = "drum-and-bass", parents: tuple[str, ...] = ()
) -> Recipe:
    concept = Concept(
        prompt, genre, 174.0, Key(9, "minor"), 30.0, ("dreamy",), 0.7, (FormSection("intro", 8, 0.3),), ("pad",), "text"
    )
    chain = (MasterSettings(Target("club", -8.0, -0.3)),)
    return Recipe("synth", "1", 7, prompt, concept, "CC0-1.0", "pcm", 44100, parents, chain)


def a_track(path: str = "/music/Night Bus.wav", **changes: Any) -> Track:
    given: dict[str, Any] = {
        "id": 0,
        "path": path,
        "title": "Night Bus",
        "artist": "Somebody",
        "size_bytes": 1234,
        "modified_ns": 1_700_000_000_123_456_789,
        "added_at": "2024-05-01T10:00:00+00:00",
        "analysis": an_analysis(),
        "fingerprint": "AQAAE0mUaEkSRZEGAA",
        "peaks": bytes(range(256)) * 16,
    }
    return Track(**{**given, **changes})


A_SILENT_TRACK = a_track(
    "/music/silence.wav",
    title="Silence",
    analysis=an_analysis(bpm=None, key=None, lufs=-math.inf, content_hash="s"),
    fingerprint="",
)
A_FORGED_TRACK = a_track(
    "/music/forged.wav",
    title="Forged",
    analysis=an_analysis(content_hash="f", warning="Only part of it could be read."),
    recipe=a_recipe(parents=("audio of c",)),
    verdict=Verdict(91.5, True, (Reason("quiet", "note", "It is a little quiet.", 8.5),)),
)
