"""The options that every command shares, declared once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print JSON objects, one a line, and nothing else on stdout.")]
Home = Annotated[
    Path | None, typer.Option("--home", help="Data folder; else SONICFORGE_HOME, else your own.", show_default=False)
]
Workers = Annotated[
    int | None, typer.Option("--workers", min=1, max=256, help="Files worked on at once.", show_default="one a core")
]
Force = Annotated[bool, typer.Option("--force", help="Replace files that exist; measure anew what is cached.")]
Paths = Annotated[list[str], typer.Argument(help="Files, folders or patterns.", show_default=False)]
