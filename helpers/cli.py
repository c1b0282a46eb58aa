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


@commands.command()
def serve(
    folder: Path = typer.Argument(None, help="A saved model; the course's own without."),
    port: int = typer.Option(8000, help="Where to listen, on this machine only."),
) -> None:
    """Serve a classifier over HTTP, with a page to try it in a browser."""
    import logging

    from helpers.predictors import course_predictor, load_predictor
    from helpers.serving import run_server

    logging.basicConfig(format="%(asctime)s %(message)s")  # a model's fault, with its trace
    try:
        predict, name = load_predictor(folder) if folder else course_predictor()
        run_server(predict, port, name)
    except (SourceError, OSError, ValueError) as error:
        console.print(f"[red]✗[/red] {error}", highlight=False, soft_wrap=True)
        raise typer.Exit(1) from error
