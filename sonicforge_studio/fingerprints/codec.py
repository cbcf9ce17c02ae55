"""AcoustID's text form of a fingerprint, and the one-word summary of its words.

Layout, after the Chromaprint library's compressor: one byte with the algorithm, three with the number of words (big
end first); then each word, XORed with the one before, as the gaps between its set bits, counted from 1 and closed by a
0, three bits each, low end first; a gap of 7 or more is written as 7, and what it exceeds 7 by follows, five bits each,
after the last gap's byte. All of it in URL-safe base64 without padding.
"""

from __future__ import annotations

import base64
import binascii

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.domain.errors import FingerprintUnreadable

Words = NDArray[np.uint32]

ACOUSTID_ALGORITHM = 1
"""The byte that stands for Chromaprint's second algorithm."""

_MOST_WORDS = (1 << 24) - 1
_LONGEST_TEXT = 4_000_000
"""Characters: those of some 38 hours of music."""
_GAP_BITS, _EXCESS_BITS = 3, 5
_WIDE_GAP = 7


def compress(words: Words, *, algorithm: int = ACOUSTID_ALGORITHM) -> str:
    """The text of up to 16,777,215 words; raises ``ValueError`` for more."""
    if words.size > _MOST_WORDS:
        raise ValueError(f"a fingerprint holds at most {_MOST_WORDS} words, not {words.size}")
    changes = words.astype("<u4")
    changes[1:] ^= words[:-1]
    bits = np.unpackbits(changes.view(np.uint8).reshape(-1, 4), axis=1, bitorder="little")
    owner, place = np.nonzero(bits)
    first_of_word = np.diff(owner, prepend=-1) != 0
    gaps = np.where(first_of_word, place + 1, np.diff(place, prepend=0))

    # Every word is closed by a 0 behind its last gap.
    row = np.zeros(gaps.size + words.size, dtype=np.uint8)
    row[np.arange(gaps.size) + owner] = gaps
    header = np.array([algorithm, words.size >> 16 & 255, words.size >> 8 & 255, words.size & 255], dtype=np.uint8)
    excess = row[row >= _WIDE_GAP] - np.uint8(_WIDE_GAP)
    packed = (header, _pack(np.minimum(row, _WIDE_GAP), _GAP_BITS), _pack(excess, _EXCESS_BITS))
    return base64.urlsafe_b64encode(np.concatenate(packed).tobytes()).rstrip(b"=").decode("ascii")


def decompress(text: str, *, algorithm: int = ACOUSTID_ALGORITHM) -> Words:
    """The words of a text made by ``compress``, by Chromaprint or by AcoustID.

    Raises ``FingerprintUnreadable`` where it is cut off, damaged, made by another algorithm, or longer than 4,000,000
    characters. What is allocated is in proportion to the text, whatever number of words it claims.
    """
    payload = _payload(text)
    if payload.size < 4:
        raise FingerprintUnreadable("This fingerprint is too short to be one.")
    if payload[0] != algorithm:
        raise FingerprintUnreadable(
            f"This fingerprint was made by algorithm {int(payload[0])}, which cannot be compared with the studio's.",
            hint="Make it again from the audio.",
        )
    count = int(payload[1]) << 16 | int(payload[2]) << 8 | int(payload[3])
    if count == 0:
        return np.zeros(0, dtype=np.uint32)

    row = _unpack(payload[4:], _GAP_BITS)
    closing = np.flatnonzero(row == 0)
    if closing.size < count:
        raise FingerprintUnreadable("This fingerprint is cut off: it holds fewer words than it says.")
    row = row[: closing[count - 1] + 1]
    wide = np.flatnonzero(row == _WIDE_GAP)
    excess = _unpack(payload[4 + -(-row.size * _GAP_BITS // 8) :], _EXCESS_BITS)
    if excess.size < wide.size:
        raise FingerprintUnreadable("This fingerprint is cut off: its last part is missing.")
    row[wide] += excess[: wide.size]
    return _words_of_gaps(row)


def simhash(words: Words) -> int:
    """Each bit as in more than half of the words: near-equal recordings have near-equal ones."""
    bits = np.unpackbits(words.astype("<u4").view(np.uint8).reshape(-1, 4), axis=1, bitorder="little")
    most = (2 * bits.sum(axis=0, dtype=np.int64) > words.size).astype(np.uint8)
    return int.from_bytes(np.packbits(most, bitorder="little").tobytes(), "little")


def _payload(text: str) -> NDArray[np.uint8]:
    text = text.strip()
    if len(text) > _LONGEST_TEXT:
        raise FingerprintUnreadable("This fingerprint is longer than that of any recording.")
    try:
        raw = text.encode("ascii")
        decoded = base64.b64decode(raw + b"=" * (-len(raw) % 4), altchars=b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error):
        raise FingerprintUnreadable("This fingerprint is cut off, or holds characters that do not belong.") from None
    return np.frombuffer(decoded, dtype=np.uint8)


def _words_of_gaps(row: NDArray[np.uint8]) -> Words:
    """``row`` holds every word's gaps, each word closed by a 0."""
    sums = np.cumsum(row, dtype=np.int32)
    closing = row == 0
    before = np.concatenate((np.zeros(1, dtype=np.int32), sums[closing][:-1]))
    owner = np.cumsum(closing, dtype=np.int32) - closing
    places = (sums - before[owner] - 1)[~closing]
    if np.any(places > 31):
        raise FingerprintUnreadable("This fingerprint is damaged: a word of it has more than 32 bits.")
    changes = np.zeros(before.size, dtype=np.uint32)
    # A word's bits are distinct, so that their sum is the word.
    np.add.at(changes, owner[~closing], np.left_shift(np.uint32(1), places.astype(np.uint32)))
    return np.bitwise_xor.accumulate(changes)


def _pack(values: NDArray[np.uint8], width: int) -> NDArray[np.uint8]:
    bits = np.unpackbits(values[:, np.newaxis], axis=1, count=width, bitorder="little")
    return np.packbits(bits.ravel(), bitorder="little")


def _unpack(packed: NDArray[np.uint8], width: int) -> NDArray[np.uint8]:
    bits = np.unpackbits(packed, bitorder="little")
    whole = bits.size // width
    return np.packbits(bits[: whole * width].reshape(whole, width), axis=1, bitorder="little").ravel()
