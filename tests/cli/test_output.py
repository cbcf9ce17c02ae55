"""What is said of a failure."""

from __future__ import annotations

import pytest

from sonicforge_studio.cli.output import CANCELLED, Output
from sonicforge_studio.domain import Cancelled


def test_a_cancel_says_where_to_find_what_there_was(capsys: pytest.CaptureFixture[str]) -> None:
    output = Output(as_json=False)
    output.failure("", Cancelled())
    assert capsys.readouterr().err.split() == ["Cancelled."]
    output.failure("", Cancelled(hint="What there was by then is kept: a.wav"))
    assert "kept: a.wav" in capsys.readouterr().err
    assert output.exit_code == CANCELLED
