from __future__ import annotations

import pytest

from sonicforge_studio.domain.licence import is_non_commercial, licence_warning


@pytest.mark.parametrize(
    "licence", ["CC-BY-NC-4.0", "cc-by-nc-sa-3.0", "CC BY NC 4.0", "CC-BY-NC-4.0 except for the samples in it"]
)
def test_what_must_not_be_sold_is_said(licence: str) -> None:
    assert is_non_commercial(licence)
    assert licence in licence_warning(licence)
    assert "must not be sold" in licence_warning(licence)


@pytest.mark.parametrize("licence", ["", "CC0-1.0", "CC-BY-4.0", "MIT", "GPL-3.0-or-later", "Encore", "INC-1.0"])
def test_what_may_be_sold_needs_no_word(licence: str) -> None:
    assert not is_non_commercial(licence)
    assert licence_warning(licence) == ""
