"""Harmony over the form: borrowed chords, cadences, and the book that names them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sonicforge_studio.domain import Concept, FormSection, Key
from sonicforge_studio.domain.key import Mode
from sonicforge_studio.generation import compose
from sonicforge_studio.generation.genres import genre_book
from sonicforge_studio.generation.synth.arrangement import place_sections
from sonicforge_studio.generation.synth.harmony import Chord, read_numeral, read_progression, scale_of
from sonicforge_studio.generation.synth.progressions import write_harmony
from sonicforge_studio.generation.synth.score import Section, part_random

BOTH: tuple[Mode, ...] = ("minor", "major")


def written(concept: Concept, seed: int) -> tuple[tuple[Section, ...], tuple[Chord, ...]]:
    sections = place_sections(concept)
    return sections, write_harmony(concept, genre_book()[concept.genre], sections, part_random(seed, "harmony"))


def concept_of(genre: str, mode: Mode) -> Concept:
    loudest = max(genre_book()[genre].form, key=lambda section: section[2])[0]
    form = (FormSection("intro", 8, 0.4), FormSection(loudest, 16, 0.9), FormSection("outro", 8, 0.5))
    return compose("", genre=genre, tempo_bpm=120, key=Key(9, mode), form=form)


def is_outside(chord: Chord, key: Key) -> bool:
    return not set(chord.pitch_classes) <= set(scale_of(key))


@pytest.mark.parametrize("mode", BOTH)
@pytest.mark.parametrize("genre", sorted(genre_book()))
def test_what_the_book_borrows_is_from_another_mode_and_its_cadences_lead_home(genre: str, mode: Mode) -> None:
    book, key = genre_book()[genre], Key(0, mode)
    in_progressions = {numeral for text in book.progressions[mode] for numeral in text.split()}
    for own, borrowed in book.borrowed[mode]:
        assert own in in_progressions, own
        assert is_outside(read_numeral(borrowed, key), key), borrowed
    for text in book.cadences[mode]:
        last = read_progression(text, key)[-1]
        # The dominant, or the subdominant of a plagal one.
        assert last.root in (7, 5), text
        assert last != read_progression(text, key)[0]


@pytest.mark.parametrize("mode", BOTH)
@pytest.mark.parametrize("genre", ["house", "lo-fi", "cinematic", "trance", "boom-bap"])
def test_pieces_borrow_and_close(genre: str, mode: Mode) -> None:
    concept = concept_of(genre, mode)
    dominants, borrowing = 0, 0
    for seed in range(20):
        sections, chords = written(concept, seed)
        assert len(chords) == sections[-1].end_bar + 1
        home = chords[-1]
        assert home.root == concept.key.tonic
        dominants += all(
            chords[section.end_bar - 1].root != home.root for section in (sections[0], sections[-1])
        )  # fmt: skip
        drop = sections[1]
        middle = chords[drop.first_bar : drop.end_bar - 2]
        borrowing += any(is_outside(chord, concept.key) for chord in middle)
    assert dominants == 20
    assert borrowing >= 6


@pytest.mark.parametrize("mode", BOTH)
@pytest.mark.parametrize("genre", sorted(genre_book()))
def test_every_chord_that_the_book_borrows_is_heard_in_some_piece(genre: str, mode: Mode) -> None:
    concept = concept_of(genre, mode)
    heard = {chord for seed in range(150) for chord in written(concept, seed)[1]}
    for _, borrowed in genre_book()[genre].borrowed[mode]:
        assert read_numeral(borrowed, concept.key) in heard, borrowed


@pytest.mark.parametrize("genre", ["techno", "drone", "dub"])
def test_music_of_one_loop_has_no_cadence(genre: str) -> None:
    assert genre_book()[genre].cadences == {"minor": (), "major": ()}


def test_the_first_time_round_is_plain() -> None:
    concept = concept_of("house", "minor")
    for seed in range(20):
        sections, chords = written(concept, seed)
        first = chords[: sections[0].bars // 2]
        assert not any(is_outside(chord, concept.key) for chord in first)


def test_chords_of_ones_own_are_played_as_they_stand() -> None:
    concept = replace(concept_of("house", "minor"), progression="i7 iv7")
    _, chords = written(concept, 3)
    assert set(chords) == set(read_progression("i7 iv7", concept.key))
