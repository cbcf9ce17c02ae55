"""The command line: Typer commands, a thin face over the studio."""
