"""The chain as data: its limits, its places, and what is wrong with settings from outside."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sonicforge_studio.domain import ChainSettings, from_plain, to_plain
from sonicforge_studio.domain.chain import (
    STAGES,
    EqBand,
    EqSettings,
    chain_faults,
    changed,
    parameters_of,
    value_at,
)


def test_the_chain_as_it_is_has_no_faults_and_comes_back_from_json() -> None:
    chain = ChainSettings()
    assert not list(chain_faults(chain))
    assert from_plain(ChainSettings, to_plain(chain)) == chain
    assert STAGES == ("repair", "eq", "de_esser", "multiband", "exciter", "stereo", "glue")


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("eq.bands.2.q", 0.0),
        ("eq.bands.7.gain_db", float("nan")),
        ("eq.bands.0.kind", "wall"),
        ("eq.phase", "none"),
        ("eq.tilt_db", True),
        ("glue.ratio", "2"),
        ("glue.on", 1),
        ("multiband.crossovers_hz", (120.0, 150.0, 5000.0)),
        ("multiband.crossovers_hz", (1.0, 500.0, 5000.0)),
        ("multiband.bands", ()),
        ("eq.bands", (EqBand(),) * 9),
        ("stereo.widths", (1.0, 1.0, 3.0)),
        ("stereo.crossovers_hz", (300.0, 300.0)),
    ],
)
def test_what_is_wrong_is_named_by_its_place(place: str, value: Any) -> None:
    assert list(chain_faults(changed(ChainSettings(), place, value))) == [place]


def test_a_place_can_be_read_and_changed_and_the_rest_stays() -> None:
    chain = changed(ChainSettings(), "eq.bands.2.gain_db", -3.0)
    assert value_at(chain, "eq.bands.2.gain_db") == -3.0
    assert changed(chain, "eq.bands.2.gain_db", 0.0) == ChainSettings()
    for nowhere in ("eq.bands.8.q", "eq.bands.x.q", "eq.colour", "reverb.on", "eq.on.really"):
        with pytest.raises(LookupError):
            value_at(chain, nowhere)
        with pytest.raises(LookupError):
            changed(chain, nowhere, 1.0)


def test_each_figure_has_its_limits_and_its_default_lies_within() -> None:
    parameters = parameters_of(EqBand)
    assert parameters["gain_db"].unit == "dB"
    assert parameters["gain_db"].low == -parameters["gain_db"].high
    assert parameters_of(EqSettings()).keys() == {"tilt_db"}
    assert not list(chain_faults(replace(EqBand(), gain_db=15.0)))
