"""Every command, option and setting has its line in the docs, and the README's commands are there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import typer.main

from sonicforge_studio.cli.main import app
from sonicforge_studio.domain.chain import STAGES, ChainSettings
from sonicforge_studio.host import Settings

ROOT = Path(__file__).parents[2]
SHARED_OPTIONS = {"--json", "--home", "--workers", "--force", "--help"}


def commands() -> dict[str, set[str]]:
    """Each command as it is typed, with its long options."""
    found: dict[str, set[str]] = {}

    def visit(command: object, name: str) -> None:
        inner = getattr(command, "commands", None)
        if inner is not None:
            for inner_name, inner_command in inner.items():
                visit(inner_command, f"{name} {inner_name}".strip())
            return
        options = {option for parameter in command.params for option in parameter.opts}  # type: ignore[attr-defined]
        found[name] = {option for option in options if option.startswith("--")}

    visit(typer.main.get_command(app), "")
    return found


def test_every_command_and_option_is_described() -> None:
    text = (ROOT / "docs" / "command-line.md").read_text()
    assert len(commands()) >= 10
    for command, options in commands().items():
        assert f"`{command}" in text, f"`{command}` has no line in docs/command-line.md"
        for option in options:
            assert re.search(rf"{re.escape(option)}\b", text), f"{command} {option} is not in docs/command-line.md"


def test_every_command_takes_the_shared_options() -> None:
    for command, options in commands().items():
        assert SHARED_OPTIONS - {"--help"} <= options, command


def test_every_setting_is_described() -> None:
    text = (ROOT / "docs" / "settings.md").read_text()
    for setting in fields(Settings):
        assert f"| `{setting.name}` |" in text, setting.name
        assert setting.metadata["help"] in text, f"the help of {setting.name} reads otherwise in docs/settings.md"


def places_of(settings: Any, prefix: str) -> Iterator[tuple[str, str]]:
    """Each figure, choice and switch of a stage by its place, with its help."""
    for entry in fields(settings):
        here, value = f"{prefix}{entry.name}", getattr(settings, entry.name)
        if entry.name == "bands":
            yield from places_of(value[0], f"{here}.N.")
        else:
            parameter = entry.metadata.get("parameter")
            yield here, entry.metadata.get("help", "") if parameter is None else parameter.help


def test_every_figure_of_the_mastering_chain_is_described() -> None:
    rows = [line for line in (ROOT / "docs" / "mastering.md").read_text().splitlines() if line.startswith("| `")]
    places = [place for stage in STAGES for place in places_of(getattr(ChainSettings(), stage), f"{stage}.")]
    assert len(places) == len(rows) > 40
    for (place, help), row in zip(places, rows, strict=True):
        assert row.startswith(f"| `{place}` |"), row
        assert help in row, f"the help of {place} reads otherwise in docs/mastering.md"


def test_the_readme_shows_the_two_commands_first() -> None:
    readme = (ROOT / "README.md").read_text()
    first_block = readme.split("```")[1]
    assert [line.split("#")[0].strip() for line in first_block.splitlines()[1:] if line] == ["make run", "make test"]
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"(?:^|`)make ([a-z]+)", readme, re.MULTILINE)) <= targets


def test_links_and_pictures_of_the_readme_are_there() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", (ROOT / "README.md").read_text()):
        assert (ROOT / target).is_file(), target


def test_the_set_up_runs_what_continuous_integration_runs() -> None:
    assert (ROOT / ".ci" / "run").read_text().rstrip().endswith("make test")
