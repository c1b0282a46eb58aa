"""The demo: a small class from release to report."""

from __future__ import annotations

import shutil
from pathlib import Path

import matplotlib.pyplot as plt
import nbformat
from rich import box
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TimeElapsedColumn
from rich.table import Table

from grading.batch.made_up_class import CLASS, submit
from grading.batch.pool import autograde
from grading.intake.texts import listed, shown
from grading.paths import release_path, solution_path
from grading.records.class_report import gradebook_table, plot_exercises, write_report
from grading.records.gradebook import nothing_by_lesson, scores
from grading.records.handed_in import NOTHING
from grading.release.build import check_build
from grading.sandbox.commands import NO_SANDBOX, SandboxMissing, find_sandbox
from grading.steps.run_nbgrader import generate_feedback, release
from helpers.lessons import LESSONS


def run_demo(folder: Path, workers: int, console: Console) -> None:
    """Release the lessons into a course folder, hand in, grade, print and report.

    Parameters
    ----------
    folder : Path
        Made anew; what a former demo left there is removed.
    workers : int
    console : Console
    """
    sandbox = _sandbox(console)
    if folder.exists():
        _remove_former(folder)
    console.print("[bold]Release[/bold]: nbgrader strips the solution notebooks")
    for lesson in LESSONS:
        for problem in check_build(lesson):
            console.print(f"[yellow]note[/yellow] {shown(problem)}", soft_wrap=True)
    release(list(LESSONS), folder)
    console.print(f"[bold]Hand in[/bold]: {shown(', '.join(CLASS))}")
    tasks = []
    # Answers that train take longest, so they come first.
    for lesson in sorted(LESSONS, key=lambda lesson: not lesson.answer_trains):
        released = nbformat.read(release_path(lesson, folder), as_version=4)
        solved = nbformat.read(solution_path(lesson, folder), as_version=4)
        for student, hand_in in CLASS.items():
            submit(hand_in(lesson, released, solved), lesson, student, folder)
            tasks.append((lesson.name, student))
    columns = (*Progress.get_default_columns()[:2], MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        bar = progress.add_task("Grade", total=len(tasks))
        for (lesson_name, student), outcome in autograde(tasks, folder, workers, sandbox):
            what = shown(f"{lesson_name} of {student}")
            if not outcome.graded:
                console.print(f"[red]✗[/red] {what}: {shown(outcome.sentence)}")
            progress.update(bar, advance=1, description=f"Grade {what}")
    for lesson in LESSONS:
        generate_feedback(lesson.name, folder)
    _show(folder, console)


def _sandbox(console: Console) -> str:
    """Return the sandbox at hand, or none: the class is made up, and can be trusted."""
    try:
        return find_sandbox()
    except SandboxMissing as missing:
        why = shown(missing)
        console.print(f"[yellow]note[/yellow] graded without a sandbox. {why}", soft_wrap=True)
        return find_sandbox(NO_SANDBOX)


def _remove_former(folder: Path) -> None:
    """Remove the folder of an earlier demo, and only such a folder."""
    if not (folder / "gradebook.db").is_file():
        raise FileExistsError(f"{folder} is there and is no demo of ours; name another folder")
    # nbgrader writes graded notebooks read-only.
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    shutil.rmtree(folder)


def _show(folder: Path, console: Console) -> None:
    graded = scores(folder).sort_values("lesson", kind="stable")
    # Seven lessons fit into eighty columns where no lines stand between them.
    table = Table(
        title="Gradebook: points of the exercises that a program grades, lesson by lesson",
        box=box.SIMPLE_HEAD,
        collapse_padding=True,
    )
    nothing = nothing_by_lesson(graded, folder)
    rows = gradebook_table(graded, nothing)
    table.add_column("student", no_wrap=True)
    for name in rows.columns:
        table.add_column(f"{int(name[:2])}" if name[:2].isdigit() else name, justify="right")
    for student, row in rows.iterrows():
        table.add_row(shown(student), *(str(cell).replace(" ", "") for cell in row))
    console.print(table)
    for lesson, students in nothing.items():
        said = f"{lesson}: {len(students)} {NOTHING}: {listed(students)}"
        console.print(shown(said), highlight=False)
    write_report(graded, "Class report of the demo", folder / "report.html", nothing)
    figure = plot_exercises(graded)
    figure.savefig(folder / "exercises.png", dpi=110, bbox_inches="tight")
    plt.close(figure)
    _show_bars(graded, console)
    for name in ("report.html", "exercises.png", "gradebook.db", "feedback"):
        console.print(f"  {shown(folder / name)}", highlight=False)


def _show_bars(graded, console: Console) -> None:
    """Show the report's figure in the terminal as well: the share of points per exercise."""
    by_program = graded[~graded["exercise"].str.startswith("written_")]
    sums = by_program.groupby("exercise", sort=False)[["score", "points"]].sum()
    console.print("\n[bold]Points reached by the class[/bold]")
    for exercise, row in sums.iterrows():
        share = row["score"] / row["points"]
        bar = "█" * round(24 * share)
        console.print(f"{exercise:>26} {bar:<24} {share:4.0%}", highlight=False, markup=False)
