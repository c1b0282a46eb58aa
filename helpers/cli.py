"""The students' commands of `course`."""

import io
from pathlib import Path
from typing import NoReturn

import typer
from rich.console import Console
from rich.text import Text

from helpers.sources import SourceError

# Errors and paths are printed as they are: the brackets of `weights[mask]` are not markup.
console = Console(markup=False, emoji=False, highlight=False)
commands = typer.Typer(no_args_is_help=True)


def fail(error: object) -> NoReturn:
    """Print what went wrong behind a red cross, and exit with status 1."""
    console.print(Text.assemble(("✗", "red"), f" {error}"), soft_wrap=True)
    raise typer.Exit(1)


@commands.command()
def mirror(
    folder: Path = typer.Argument(..., help="The classroom's own copy; created if missing."),
    names: list[str] = typer.Argument(None, help="Datasets and checkpoints; all by default."),
) -> None:
    """Copy the course's datasets and model from the Hub into a folder, to use as COURSE_MIRROR."""
    from helpers.mirror import fill_mirror

    try:
        fill_mirror(folder, names or None)
    except (SourceError, ValueError, OSError) as error:
        fail(error)
    console.print(f"Done. Set COURSE_MIRROR={folder} to use it.", soft_wrap=True)


@commands.command()
def train(
    data: str = typer.Argument(..., help="A dataset of the course, or a folder with train.csv."),
    output: Path = typer.Argument(..., help="A new folder for the model."),
    epochs: int = typer.Option(2, min=1, help="How often each text is seen."),
    processes: int = typer.Option(1, min=1, help="One per GPU; on a CPU one is enough."),
    seed: int = typer.Option(0, help="Decides the new head, the order of texts and the dropout."),
) -> None:
    """Fine-tune the course's checkpoint by lesson 4's recipe, and save it for `course serve`."""
    import subprocess
    from contextlib import redirect_stdout

    from helpers.train_script import check_output, dataset_named, launcher

    try:
        check_output(output)
        with redirect_stdout(io.StringIO()):  # the script will say the same
            dataset_named(data)  # downloads once, and reports errors before any process starts
    except (SourceError, OSError, ValueError) as error:
        fail(error)
    command = [*launcher(processes), "-m", "helpers.train_script", data, str(output)]
    options = ["--epochs", str(epochs), "--seed", str(seed)]
    if subprocess.run([*command, *options], check=False).returncode:
        fail("The training failed; the lines above say why.")
    console.print(f"Saved. `course serve {output}` serves it.", soft_wrap=True)


@commands.command()
def serve(
    folder: Path = typer.Argument(None, help="A saved model; the course's own by default."),
    port: int = typer.Option(8000, help="The port to listen on, for this machine only."),
) -> None:
    """Serve a classifier over HTTP, with a page to try it in a browser.

    If the environment variable SERVICE_TOKEN is set, callers must send that token.
    """
    import logging
    import os

    from helpers.operations import log_requests
    from helpers.predictors import course_predictor, load_predictor
    from helpers.serving import run_server

    logging.basicConfig(format="%(asctime)s %(message)s")  # errors of the model, with traceback
    log_requests()
    try:
        predict, name = load_predictor(folder) if folder else course_predictor()
        run_server(predict, port, name, os.environ.get("SERVICE_TOKEN"))
    except (SourceError, OSError, ValueError) as error:
        fail(error)


@commands.command()
def status(
    folder: Path = typer.Argument(Path("notebooks"), help="The folder of your notebooks."),
    page: Path = typer.Option(None, help="Also write a web page to this file."),
) -> None:
    """Show how far you have come, according to the notebooks that you saved on this machine."""
    from datetime import UTC, datetime

    from rich.table import Table

    from helpers.status import course_status, deadlines, next_exercise, status_page, summary

    try:
        found = course_status(folder)
        if page:
            page.write_text(status_page(found), encoding="utf-8")
    except OSError as error:
        fail(error)
    table = Table("lesson", "exercises done", "points", "minutes left")
    for column in table.columns[1:]:
        column.justify = "right"
    for lesson in found:
        table.add_row(
            lesson.lesson.name,
            f"{len(lesson.done)} of {len(lesson.exercises)}" if lesson.path else "no notebook",
            f"{lesson.points} of {lesson.lesson.points}",
            str(lesson.minutes_left),
        )
    table.caption = summary(found)
    console.print(table)
    for line in [*deadlines(found, datetime.now(UTC)), next_exercise(found)]:
        console.print(line, soft_wrap=True)
    if page:
        console.print(f"The page is {page}.", soft_wrap=True)
