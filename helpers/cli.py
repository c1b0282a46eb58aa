"""The students' commands of `course`."""

from pathlib import Path

import typer
from rich.console import Console

from helpers.sources import SourceError

console = Console()
commands = typer.Typer(no_args_is_help=True)


@commands.command()
def mirror(
    folder: Path = typer.Argument(..., help="The classroom's own copy; made where it is missing."),
    names: list[str] = typer.Argument(None, help="Datasets and checkpoints; all without."),
) -> None:
    """Copy the course's datasets and model from the Hub into a folder for COURSE_MIRROR."""
    from helpers.mirror import fill_mirror

    try:
        fill_mirror(folder, names or None)
    except (SourceError, ValueError, OSError) as error:
        console.print(f"[red]✗[/red] {error}", highlight=False, soft_wrap=True)
        raise typer.Exit(1) from error
    console.print(f"Done. Set COURSE_MIRROR={folder} to use it.", highlight=False)
