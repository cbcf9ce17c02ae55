"""A licence goes from file to file, and is told where the music must not be sold."""

from __future__ import annotations

from pathlib import Path

import pytest

from sonicforge_studio.audio import Tags, read_tags, write_tags
from sonicforge_studio.domain import SilentProgress
from sonicforge_studio.studio.exporting import export
from tests.cli.conftest import Sonicforge
from tests.sounds import tone, write


@pytest.mark.parametrize(("licence", "told"), [("CC-BY-NC-4.0", True), ("CC-BY-4.0", False), (None, False)])
def test_masters_and_exports_keep_a_licence_and_say_what_it_means(
    sonicforge: Sonicforge, tmp_path: Path, licence: str | None, told: bool
) -> None:
    original = write(tmp_path / "song.wav", tone())
    write_tags(original, Tags(title="Song", licence=licence))
    master = tmp_path / "master.flac"
    fields = sonicforge("master", original, "-o", master, "--json").only
    assert fields["licence"] == licence
    assert (fields["licence_warning"] is not None) == told
    assert ("must not be sold" in (fields["licence_warning"] or "")) == told
    assert read_tags(master).licence == licence
    spoken = sonicforge("master", original, "-o", tmp_path / "again.flac").out
    assert ("Not for commercial use" in spoken) == told
    exported = tmp_path / "song.mp3"
    assert export(master, exported, "mp3", SilentProgress()) == (licence or "")
    assert read_tags(exported).licence == licence


def test_what_the_built_in_engine_makes_has_no_warning(sonicforge: Sonicforge, tmp_path: Path) -> None:
    made = sonicforge("generate", "house", "--seconds", 2, "-o", tmp_path, "--json").only
    assert made["licence"] == made["recipe"]["licence"]
    assert made["licence_warning"] is None
    again = sonicforge("generate", "--recipe", made["path"], "-o", tmp_path / "again", "--json").only
    assert (again["licence"], again["licence_warning"]) == (made["licence"], None)
