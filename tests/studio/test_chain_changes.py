from __future__ import annotations

import pytest

from sonicforge_studio.domain import ChainSettings
from sonicforge_studio.domain.errors import BadSetting
from sonicforge_studio.studio.chain_changes import chain_with


def test_figures_switches_options_and_crossovers_are_set_by_their_places() -> None:
    changes = ("eq.bands.5.gain_db=-2", "de_esser.on=on", "eq.phase=linear", "multiband.crossovers_hz=100,800,6000")
    chain = chain_with(ChainSettings(), changes)
    assert chain.eq.bands[5].gain_db == -2.0
    assert chain.de_esser.on is True
    assert chain.eq.phase == "linear"
    assert chain.multiband.crossovers_hz == (100.0, 800.0, 6000.0)


@pytest.mark.parametrize(
    "change",
    ["eq.bands.9.q=1", "nothing=1", "glue=1", "glue.ratio",
     "glue.ratio=nan", "glue.ratio=99", "glue.on=maybe", "eq.phase=odd"],
)  # fmt: skip
def test_what_cannot_be_set_is_told(change: str) -> None:
    with pytest.raises(BadSetting):
        chain_with(ChainSettings(), (change,))
