"""Weighting curves beside the tables of their standards."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.signal

from sonicforge_studio.kernels.loudness import k_weighting
from sonicforge_studio.kernels.weighting import WEIGHTINGS, weighting_db

# IEC 61672-1:2013, table 3: design goals at 10^(n/10) Hz, from 10 Hz to 20 kHz, rounded to a tenth.
_A_DB = (
    -70.4, -63.4, -56.7, -50.5, -44.7, -39.4, -34.6, -30.2, -26.2, -22.5, -19.1, -16.1, -13.4, -10.9, -8.6, -6.6, -4.8,
    -3.2, -1.9, -0.8, 0.0, 0.6, 1.0, 1.2, 1.3, 1.2, 1.0, 0.5, -0.1, -1.1, -2.5, -4.3, -6.6, -9.3,
)  # fmt: skip
_C_DB = (
    -14.3, -11.2, -8.5, -6.2, -4.4, -3.0, -2.0, -1.3, -0.8, -0.5, -0.3, -0.2, -0.1, 0.0, 0.0, 0.0, 0.0,
    0.0, 0.0, 0.0, 0.0, 0.0, -0.1, -0.2, -0.3, -0.5, -0.8, -1.3, -2.0, -3.0, -4.4, -6.2, -8.5, -11.2,
)  # fmt: skip
_TABLE_HZ = 10.0 ** (np.arange(10, 44) / 10.0)


@pytest.mark.parametrize(("name", "table_db"), [("A", _A_DB), ("C", _C_DB)])
def test_a_and_c_are_the_tables(name: str, table_db: tuple[float, ...]) -> None:
    np.testing.assert_allclose(weighting_db(name, _TABLE_HZ), table_db, atol=0.0501)
    assert weighting_db(name, np.array([1000.0]))[0] == pytest.approx(0.0, abs=1e-12)


def test_k_is_what_the_filters_of_loudness_do() -> None:
    hz = np.geomspace(10.0, 23_000.0, 200)
    expected_db = np.zeros(200)
    for b0, b1, b2, a1, a2 in k_weighting(48_000):
        expected_db += 20 * np.log10(np.abs(scipy.signal.freqz([b0, b1, b2], [1.0, a1, a2], hz, fs=48_000)[1]))
    np.testing.assert_allclose(weighting_db("K", hz), expected_db, atol=1e-9)
    # BS.1770-5: −0.691 makes up for what the filters add at 997 Hz.
    assert weighting_db("K", np.array([997.0]))[0] == pytest.approx(0.691, abs=0.01)
    assert weighting_db("K", np.array([90_000.0]))[0] == weighting_db("K", np.array([24_000.0]))[0]


@pytest.mark.parametrize("name", WEIGHTINGS)
def test_no_frequency_is_too_low_or_too_high(name: str) -> None:
    curve_db = weighting_db(name, np.array([0.0, 1e-3, 96_000.0]))
    assert curve_db.max() < 10.0
    assert np.isfinite(curve_db[1:]).all()
    assert curve_db[0] == (0.0 if name == "none" else -np.inf)


def test_an_unknown_curve_is_refused() -> None:
    with pytest.raises(ValueError, match="none, A, C, K"):
        weighting_db("B", _TABLE_HZ)
