"""The composer: a sentence becomes a concept."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np

from sonicforge_studio.domain.concept import Concept, FormSection
from sonicforge_studio.domain.errors import BadSetting
from sonicforge_studio.domain.genre import Genre
from sonicforge_studio.domain.key import Key, Mode
from sonicforge_studio.generation.form import fit_form, seconds_of, section_names, whole_bars
from sonicforge_studio.generation.genres import genre_book
from sonicforge_studio.generation.limits import require_duration, require_tempo
from sonicforge_studio.generation.prompt import (
    PhraseTable,
    Prompt,
    phrase_table,
    read_bare_tempo,
    read_duration,
    read_key,
    read_tempo,
)
from sonicforge_studio.generation.sounds import instrument_book, mood_book
from sonicforge_studio.generation.synth.harmony import NOTE_NAMES

DEFAULT_GENRE = "house"
DEFAULT_DURATION_SECONDS = 64.0
_MOST_IGNORED = 12
_PART_ORDER = ("drums", "bass", "chords", "pads", "melody")
_WITHOUT = frozenset({"no", "without", "bez", "minus", "zero"})
_AND_WITHOUT = frozenset({"or", "nor", "ani", "ni", "lub"})
_ONLY = frozenset({"only", "just", "solo", "tylko", "wylacznie"})
_UNIMPORTANT_ENGLISH = (
    "a an the and or of in on at to for with by is it its my me i we you some any this that please make create "
    "generate give want would like something song songs track tracks tune music piece beat beats sound sounds sounding "
    "vibe vibes style feel feeling mood long length about around very really quite bit more less bpm tempo key minor "
    "major instrumental genre"
)
_UNIMPORTANT_POLISH = (
    "z ze w we na o i oraz do dla po ten ta to te jest ma chce prosze zrob stworz utwor utworu piosenka muzyka muzyki "
    "muzyke kawalek bit klimat nastroj styl stylu bardzo troche okolo dlugosc tonacja tonacji tempie gatunek"
)
_UNIMPORTANT = frozenset(f"{_UNIMPORTANT_ENGLISH} {_UNIMPORTANT_POLISH}".split())
_COMMON_TONICS = (9, 4, 2, 7, 0, 5, 11, 6)


@dataclass(slots=True)
class _Notes:
    """What is told to the person."""

    understood: list[str] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)


def compose(
    prompt: str,
    *,
    seed: int = 0,
    duration_seconds: float | None = None,
    tempo_bpm: float | None = None,
    key: Key | None = None,
    genre: str | None = None,
    moods: Sequence[str] | None = None,
    instruments: Sequence[str] | None = None,
    energy: float | None = None,
    form: Sequence[FormSection] | None = None,
) -> Concept:
    """What the prompt asks for; arguments win over words, numbers over moods. A ``form`` decides the length, unless one
    is asked for that holds as many bars.

    Raises ``TempoOutOfRange`` for a tempo outside 20..400 BPM and ``DurationOutOfRange`` for a length outside a second
    to an hour, in an argument or in the prompt, and ``BadSetting`` for a mood an
    instrument or a section that there is none of.
    """
    if tempo_bpm is not None:
        require_tempo(tempo_bpm)
    if duration_seconds is not None:
        require_duration(duration_seconds)
    sentence = Prompt(prompt)
    notes = _Notes()
    asked_seconds = read_duration(sentence)
    asked_tempo = read_tempo(sentence)
    asked_key = read_key(sentence)
    named = _read_genre(sentence, notes)
    moods = _read_moods(sentence) if moods is None else _known_moods(moods, sentence)
    if asked_tempo is None:
        asked_tempo = read_bare_tempo(sentence)
    if tempo_bpm is None and asked_tempo is not None:
        tempo_bpm = require_tempo(asked_tempo)
    if duration_seconds is None and asked_seconds is not None:
        duration_seconds = require_duration(asked_seconds)
    chosen = _choose_genre(genre, named, moods, tempo_bpm, notes)
    if tempo_bpm is not None:
        moods = _without_contradictions(moods, chosen, tempo_bpm, notes)
    band = _read_instruments(sentence, chosen, notes)
    if instruments is not None:
        band = _known_band(instruments)
    key = key or asked_key
    if key:
        notes.understood.append(f"key: {key}")
    if tempo_bpm is not None:
        notes.understood.append(f"{tempo_bpm:g} BPM")
    if duration_seconds is not None:
        notes.understood.append(f"{duration_seconds:g} seconds")
    notes.understood += [f"mood: {mood}" for mood in moods]
    if sentence.cut:
        notes.ignored.append("the rest of a very long prompt")
    notes.ignored += list(sentence.left_over(_UNIMPORTANT))
    if energy is None:
        energy = chosen.energy + sum(mood_book()[mood].energy for mood in moods)
    energy = min(1.0, max(0.05, energy))
    tempo = tempo_bpm if tempo_bpm is not None else _usual_tempo(chosen, moods)
    seconds = duration_seconds if duration_seconds is not None else DEFAULT_DURATION_SECONDS
    if form:
        _require_sections(form, chosen)
        if whole_bars(seconds, tempo, energy) != sum(section.bars for section in form):
            seconds = require_duration(seconds_of(form, tempo))
    key = key or _usual_key(chosen, moods, seed)
    return Concept(
        prompt=prompt,
        genre=chosen.id,
        tempo_bpm=float(tempo),
        key=key,
        duration_seconds=float(seconds),
        moods=moods,
        energy=energy,
        form=tuple(form) if form else fit_form(chosen, seconds, tempo, energy),
        instruments=band,
        description=_describe(chosen, tempo, key, moods, band),
        understood=tuple(dict.fromkeys(notes.understood)),
        ignored=tuple(text[:60] for text in list(dict.fromkeys(notes.ignored))[:_MOST_IGNORED]),
    )


@cache
def vocabulary() -> tuple[str, ...]:
    """The words and phrases of a prompt that are understood, for its completion: genres, moods, instruments, keys."""
    words = {name for genre in genre_book().values() for name in (genre.name, *genre.aliases)}
    words |= {word for mood in mood_book().values() for word in (mood.name, *mood.words)}
    words |= {word for item in instrument_book().values() for word in (item.name, *item.words)}
    words |= {f"{note} {mode}" for note in NOTE_NAMES for mode in ("minor", "major")}
    return tuple(sorted(word for word in words if not word.endswith("*") and len(word) > 2))


def _read_genre(sentence: Prompt, notes: _Notes) -> Genre | None:
    """The genre with the longest name that the prompt holds; other genres in it are ignored."""
    places = sentence.find(_genre_phrases())
    if not places:
        return None
    # The longest spelling wins; of two equally long, the first.
    lengths = [sentence.words[first + count - 1].end - sentence.words[first].start for first, count, _ in places]
    best = places[lengths.index(max(lengths))]
    chosen = genre_book()[best[2]]
    sentence.take_words(best[0], best[1])
    for first, count, meaning in places:
        if (first, count) == best[:2]:
            continue
        words = sentence.take_words(first, count)
        if meaning != chosen.id and meaning != chosen.parent:
            notes.ignored.append(words)
    return chosen


def _read_moods(sentence: Prompt) -> tuple[str, ...]:
    moods = []
    for first, count, meaning in sentence.find(_mood_phrases()):
        sentence.take_words(first, count)
        moods.append(meaning)
    return tuple(dict.fromkeys(moods))


def _without_contradictions(moods: tuple[str, ...], genre: Genre, tempo_bpm: float, notes: _Notes) -> tuple[str, ...]:
    """Numbers win over words: "slow" beside 200 BPM is left out, and that is told."""
    beside = tempo_bpm - genre.tempo_usual_bpm
    against = [mood for mood in moods if abs(mood_book()[mood].tempo) >= 1 and mood_book()[mood].tempo * beside < 0]
    notes.ignored += against
    return tuple(mood for mood in moods if mood not in against)


def _require_sections(form: Sequence[FormSection], genre: Genre) -> None:
    known = section_names(genre)
    unknown = [section.name for section in form if section.name not in known]
    if unknown:
        raise BadSetting(f'{genre.name.capitalize()} has no "{unknown[0][:60]}". It has: {", ".join(known)}.')


def _known_moods(moods: Sequence[str], sentence: Prompt) -> tuple[str, ...]:
    """The moods given in place of the sentence's, whose words are not told as left out then."""
    _read_moods(sentence)
    unknown = [mood for mood in moods if mood not in mood_book()]
    if unknown:
        raise BadSetting(f'There is no mood "{unknown[0][:60]}". There are: {", ".join(mood_book())}.')
    return tuple(dict.fromkeys(moods))


def _known_band(instruments: Sequence[str]) -> tuple[str, ...]:
    """One instrument a part, in the order of the parts."""
    book = instrument_book()
    unknown = [name for name in instruments if name not in book or book[name].part not in _PART_ORDER]
    if unknown or not instruments:
        known = ", ".join(name for name, instrument in book.items() if instrument.part in _PART_ORDER)
        what = f'There is no instrument "{unknown[0][:60]}".' if unknown else "A piece has at least one instrument."
        raise BadSetting(f"{what} There are: {known}.")
    band = {book[name].part: name for name in instruments}
    return tuple(band[part] for part in _PART_ORDER if part in band)


def _choose_genre(
    argument: str | None, named: Genre | None, moods: tuple[str, ...], tempo_bpm: float | None, notes: _Notes
) -> Genre:
    book = genre_book()
    if argument is not None:
        wanted = argument.strip()
        places = Prompt(wanted).find(_genre_phrases())
        by_name = book.get(wanted) or (book[places[0][2]] if places else None)
        if by_name is not None:
            notes.understood.append(f"genre: {by_name.name}")
            return by_name
        notes.ignored.append(f"genre: {wanted}")
    if named is not None:
        notes.understood.append(f"genre: {named.name}")
        return named
    candidates = [genre for genre in book.values() if not genre.parent]
    by_mood = [genre for genre in candidates if set(genre.moods) & set(moods)]
    if tempo_bpm is not None:
        return min(by_mood or candidates, key=lambda genre: _tempo_distance(genre, tempo_bpm))
    if by_mood:
        return max(by_mood, key=lambda genre: len(set(genre.moods) & set(moods)))
    return book[DEFAULT_GENRE]


def _tempo_distance(genre: Genre, tempo_bpm: float) -> tuple[float, float]:
    outside = max(genre.tempo_low_bpm - tempo_bpm, tempo_bpm - genre.tempo_high_bpm, 0.0)
    return outside, abs(tempo_bpm - genre.tempo_usual_bpm)


def _read_instruments(sentence: Prompt, genre: Genre, notes: _Notes) -> tuple[str, ...]:
    """The band: the genre's, with what the prompt names put in or taken out."""
    book = instrument_book()
    # A part that plays an instrument of another one, as a pad plays chords, goes by its own name.
    band = {name: part.instrument if book[part.instrument].part == name else name for name, part in genre.parts.items()}
    if genre.patterns:
        band["drums"] = "drums"
    only: set[str] = set()
    removed = False
    end = -1
    for first, count, meaning in sentence.find(_instrument_phrases()):
        instrument = book[meaning]
        before = sentence.word_before(first)
        negated = before in _WITHOUT or (removed and before in _AND_WITHOUT and first - end <= 1)
        removed, end = negated, first + count
        if negated:
            word = sentence.take_words(first, count)
            sentence.take_words(first - 1, 1)
            band.pop(instrument.part, None)
            notes.understood.append(f"no {word}")
            continue
        if not instrument.part:
            continue
        sentence.take_words(first, count)
        if before in _ONLY:
            sentence.take_words(first - 1, 1)
            only.add(instrument.part)
        if instrument.part in _PART_ORDER:
            band[instrument.part] = meaning if instrument.voice else band.get(instrument.part, meaning)
            notes.understood.append(f"with {meaning}")
    if only:
        band = {part: name for part, name in band.items() if part in only}
    if not any(part in band for part in _PART_ORDER):
        # A piece of nothing is none: the genre plays, and what took all of it away is told.
        denied = [text for text in notes.understood if text.startswith("no ")]
        notes.understood = [text for text in notes.understood if text not in denied]
        notes.ignored += denied
        return _read_instruments(Prompt(""), genre, _Notes())
    return tuple(band[part] for part in _PART_ORDER if part in band)


def _usual_tempo(genre: Genre, moods: tuple[str, ...]) -> float:
    lean = min(1.0, max(-1.0, sum(mood_book()[mood].tempo for mood in moods)))
    edge = genre.tempo_high_bpm if lean > 0 else genre.tempo_low_bpm
    return float(round(genre.tempo_usual_bpm + abs(lean) * (edge - genre.tempo_usual_bpm)))


def _usual_key(genre: Genre, moods: tuple[str, ...], seed: int) -> Key:
    """The mode of the last mood that has one, else the genre's; the tonic by the seed."""
    asked = [mood_book()[mood].mode for mood in moods if mood_book()[mood].mode]
    mode: Mode = "major" if (asked[-1] if asked else genre.mode) == "major" else "minor"
    random = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed % 2**64, zlib.crc32(b"key")])))
    return Key(int(random.choice(_COMMON_TONICS)), mode)


def _describe(genre: Genre, tempo_bpm: float, key: Key, moods: Iterable[str], instruments: Iterable[str]) -> str:
    """The concept as a text for neural engines."""
    return ", ".join([genre.name, *moods, f"{tempo_bpm:g} BPM", str(key), *instruments])


@cache
def _genre_phrases() -> PhraseTable:
    return phrase_table((genre.id, (genre.id, *genre.aliases)) for genre in genre_book().values())


@cache
def _mood_phrases() -> PhraseTable:
    return phrase_table((mood.name, mood.words) for mood in mood_book().values())


@cache
def _instrument_phrases() -> PhraseTable:
    return phrase_table((item.name, (item.name, *item.words)) for item in instrument_book().values())
