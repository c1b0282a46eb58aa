"""The one console command, `course`: students' commands, and instructors' if they are installed."""

import importlib.util

import typer

from helpers.cli import commands as student_commands

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Transformers for Text Classification."
)
app.add_typer(student_commands)
if importlib.util.find_spec("grading"):
    from grading.cli import commands as instructor_commands

    app.add_typer(instructor_commands)
