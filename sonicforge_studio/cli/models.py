"""`models`: what neural engines play: listed, downloaded, pointed at, removed."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from sonicforge_studio.cli import engines
from sonicforge_studio.cli.options import Force, Home, Json, Workers
from sonicforge_studio.cli.output import Output, one_bar, printable
from sonicforge_studio.cli.session import studio_session
from sonicforge_studio.cli.tables import facts, grid
from sonicforge_studio.domain.errors import ConsentNeeded

if TYPE_CHECKING:
    from sonicforge_studio.studio.models import ModelCard, Offer

Name = Annotated[str, typer.Argument(metavar="NAME", help="A model, as `models list` names it.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]

models = typer.Typer(name="models", help="The models that neural engines play.", rich_markup_mode=None)


def register(app: typer.Typer) -> None:
    engines.register(models)
    app.add_typer(models)


@models.callback(invoke_without_command=True)
def _models(
    context: typer.Context,
    json: Json = False,
    home: Home = None,
    workers: Workers = None,
    force: Force = False,
) -> int:
    """The models that neural engines play; without a command, lists them."""
    return 0 if context.invoked_subcommand else list_models(json, home)


@models.command("list")
def list_models(json: Json = False, home: Home = None, workers: Workers = None, force: Force = False) -> int:
    """What there is, what is here, what it needs, and whether this machine has that free. Calls nobody."""
    from sonicforge_studio.studio.report import model_fields

    output = Output(json)
    began = time.perf_counter()
    with studio_session(home) as studio:
        cards = studio.models.cards()
    for card in cards if json else ():
        output.item({**model_fields(card), "elapsed_seconds": time.perf_counter() - began}, str)
    if not json:
        output.table(_table(cards))
        for card in cards:
            output.warn(card.name, card.problem or None)
    return output.exit_code


@models.command()
def download(
    name: Name, yes: Yes = False, json: Json = False, home: Home = None, workers: Workers = None, force: Force = False
) -> int:
    """Get a model from the hub, after a yes; one that was broken off goes on where it was."""
    from sonicforge_studio.studio.report import model_fields

    output = Output(json)
    began = time.perf_counter()
    with studio_session(home) as studio, output.about(name):
        here = studio.models.card(name)
        if force or here.path is None or here.problem:
            with one_bar(output, "Asking the hub") as progress:
                offer = studio.models.offer(name, progress)
            _consent(output, yes, f'Download "{name}"?', _offered(offer, here))
            with one_bar(output, f"Downloading {name}") as progress:
                here = studio.models.download(offer, progress)
        fields = {**model_fields(here), "elapsed_seconds": time.perf_counter() - began}
        output.item(fields, lambda: f"{here.title} is here: {printable(str(here.path))}")
    return output.exit_code


@models.command()
def add(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder as transformers saves one.")],
    json: Json = False,
    home: Home = None,
    workers: Workers = None,
    force: Force = False,
) -> int:
    """Point at a model's folder of your own; nothing of it is copied or changed."""
    from sonicforge_studio.studio.report import model_fields

    output = Output(json)
    began = time.perf_counter()
    with studio_session(home) as studio, output.about(str(folder)):
        card = studio.models.add(folder)
        fields = {**model_fields(card), "path": str(folder), "elapsed_seconds": time.perf_counter() - began}
        output.item(fields, lambda: f'It is known as "{printable(card.name)}".')
    return output.exit_code


@models.command()
def remove(
    name: Name, yes: Yes = False, json: Json = False, home: Home = None, workers: Workers = None, force: Force = False
) -> int:
    """Delete a downloaded model, or what came of one; a folder of your own is only forgotten."""
    from sonicforge_studio.studio.models import spoken_bytes

    output = Output(json)
    began = time.perf_counter()
    with studio_session(home) as studio, output.about(name):
        card = studio.models.card(name)
        freed = 0 if card.local else card.disk_bytes + card.partial_bytes
        deletes = not card.local and (card.path is not None or card.partial_bytes > 0)
        if deletes:
            _consent(output, yes, f'Delete "{printable(name)}"?', [("Frees", spoken_bytes(freed))])
        studio.models.remove(name)
        fields = {"path": str(card.path) if card.path else None, "name": name, "freed_bytes": freed}
        output.item(
            {**fields, "elapsed_seconds": time.perf_counter() - began},
            lambda: "Deleted." if deletes else "Forgotten; its files stay where they are.",
        )
    return output.exit_code


def _consent(output: Output, yes: bool, question: str, told: Sequence[tuple[str, str]]) -> None:
    """Goes on after a yes. Raises ``ConsentNeeded`` where there is nobody to ask."""
    if not output.as_json:
        output.errors.print(facts(told))
    if yes:
        return
    if output.as_json or not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise ConsentNeeded()
    typer.confirm(question, err=True, abort=True)


def _offered(offer: Offer, card: ModelCard) -> list[tuple[str, str]]:
    from sonicforge_studio.studio.models import spoken_bytes

    return [
        ("Model", card.title),
        ("From", f"{offer.hub}, revision {offer.revision[:12]}"),
        ("To come", spoken_bytes(offer.download_bytes)),
        ("Free", spoken_bytes(offer.free_bytes)),
        ("Needs", f"{spoken_bytes(card.memory_bytes)} of memory{'' if card.fits else ', which are not free now'}"),
        ("Licence", offer.licence),
        *([("", _WHAT_NON_COMMERCIAL_MEANS)] if card.non_commercial else []),
    ]


_WHAT_NON_COMMERCIAL_MEANS = "Non-commercial: music that it makes must not be sold."


def _table(cards: Sequence[ModelCard]) -> Table:
    from sonicforge_studio.studio.models import spoken_bytes

    return grid(
        ["Name", "Kind", "Size", "Needs", "Fits", "Licence", "Where"],
        [],
        [
            [
                printable(card.name),
                f"{card.kind}, {'stereo' if card.channels == 2 else 'mono'}",
                spoken_bytes(card.disk_bytes) if card.path else f"about {spoken_bytes(card.download_bytes)}",
                spoken_bytes(card.memory_bytes) if card.memory_bytes else "–",
                "yes" if card.fits else "no",
                card.licence,
                _where(card),
            ]
            for card in cards
        ],
    )


def _where(card: ModelCard) -> str:
    from sonicforge_studio.studio.models import spoken_bytes

    if card.path is not None:
        return f"{printable(str(card.path))}{' (cannot be used)' if card.problem else ''}"
    return f"{spoken_bytes(card.partial_bytes)} of it" if card.partial_bytes else "not here"
