"""The text form, held against vectors of the Chromaprint project."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sonicforge_studio.domain.errors import FingerprintUnreadable
from sonicforge_studio.fingerprints import compress, decompress, simhash


@pytest.fixture(scope="module")
def expected(test_data: Path) -> Any:
    return json.loads((test_data / "fingerprints" / "expected.json").read_text())


def test_published_vectors(expected: Any) -> None:
    for vector in expected["codec"]:
        if "raw" in vector:
            words = np.array(vector["raw"], dtype=np.uint32)
            text = compress(words, algorithm=vector["algorithm"])
            assert text == vector["base64"]
            assert list(base64.urlsafe_b64decode(text)) == vector["binary"]
            assert decompress(text, algorithm=vector["algorithm"]).tolist() == vector["raw"]
        elif "base64" in vector:
            words = decompress(vector["base64"])
            assert words.size == vector["size"]
            assert words[:2].astype(np.int32).tolist() == vector.get("first_two_signed", [])
            assert compress(words) == vector["base64"]
        else:
            assert simhash(np.array(vector["hash_of"], dtype=np.uint32)) == vector["simhash"]


def test_what_was_compressed_comes_back() -> None:
    random = np.random.default_rng(5)
    for words in (
        random.integers(0, 2**32, 3000, dtype=np.uint32),
        np.array([0, 2**32 - 1, 0, 2**31, 1], dtype=np.uint32),
        np.zeros(7, dtype=np.uint32),
    ):
        np.testing.assert_array_equal(decompress(compress(words)), words)


def test_no_words_have_a_text_of_their_own() -> None:
    assert compress(np.zeros(0, dtype=np.uint32)) == "AQAAAA"
    assert decompress("AQAAAA").size == 0
    assert simhash(np.zeros(0, dtype=np.uint32)) == 0


def test_a_text_cut_off_anywhere_is_a_plain_error() -> None:
    text = compress(np.random.default_rng(6).integers(0, 2**32, 60, dtype=np.uint32))
    for length in range(len(text) - 1):
        with pytest.raises(FingerprintUnreadable):
            decompress(text[:length])


@pytest.mark.parametrize(
    "text",
    ["", "AQ", "not a fingerprint!", "żółć", "AQ==AAAA", "A" * 5_000_000, "AgAAAA", "AQAAEwkj\x00rUmS"],
)
def test_what_is_no_fingerprint_is_a_plain_error(text: str) -> None:
    with pytest.raises(FingerprintUnreadable) as caught:
        decompress(text)
    assert caught.value.message.endswith(".")


def test_a_claim_of_millions_of_words_allocates_nothing() -> None:
    claim = base64.urlsafe_b64encode(bytes([1, 255, 255, 255, 1, 2, 3])).decode()
    with pytest.raises(FingerprintUnreadable, match="fewer words"):
        decompress(claim)


def test_a_word_of_more_than_32_bits_is_refused() -> None:
    # Six gaps of 7 and an end, then the excesses: the bits would lie at 7, 14, … 42.
    fields = sum(7 << 3 * place for place in range(6)) | 0 << 18
    body = fields.to_bytes(3, "little") + bytes(4)
    with pytest.raises(FingerprintUnreadable, match="32 bits"):
        decompress(base64.urlsafe_b64encode(bytes([1, 0, 0, 1]) + body).decode())


def test_damaged_texts_never_crash() -> None:
    random = np.random.default_rng(7)
    payload = bytearray(base64.urlsafe_b64decode(compress(random.integers(0, 2**32, 40, dtype=np.uint32)) + "=="))
    refused = 0
    for _ in range(300):
        damaged = bytearray(payload)
        for place in random.integers(0, len(payload), 4):
            damaged[place] = random.integers(0, 256)
        try:
            decompress(base64.urlsafe_b64encode(damaged).decode())
        except FingerprintUnreadable:
            refused += 1
    assert refused > 0
