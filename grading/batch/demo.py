"""The demo: grade made-up classes, from release to report."""

from __future__ import annotations

import shutil
from pathlib import Path

import nbformat
import pandas as pd
from nbformat import NotebookNode
from rich import box
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TimeElapsedColumn
from rich.table import Table

from grading.batch.assignment import grade_assignment
from grading.batch.made_up_class import (
    ABSENT,
    CLASS,
    CUT_OFF,
    LARGE_CLASS,
    enrol,
    submit,
    submit_cut_off,
)
from grading.batch.pool import autograde
from grading.intake.texts import listed, shown
from grading.paths import release_path, solution_path
from grading.records.assignment_report import write_assignment_report
from grading.records.class_report import gradebook_table, write_report
from grading.records.gradebook import nothing_by_lesson, scores
from grading.records.handed_in import NOTHING
from grading.release.build import check_build
from grading.sandbox.commands import NO_SANDBOX, SandboxMissing, find_sandbox
from grading.steps.run_nbgrader import generate_feedback, release
from helpers.lessons import LESSONS, Lesson

QUICK_LESSONS = LESSONS[:2]
"""Lessons that a class of twenty hands in. Their answers take about a second per student."""


def run_demo(folder: Path, workers: int, console: Console) -> None:
    """Release, hand in, grade, print and report: twenty students in two lessons, four in the rest.

    Parameters
    ----------
    folder : Path
        Created again; the files of an earlier demo there are removed.
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
    _large_class(folder, workers, sandbox, console)
    _whole_course(folder, workers, sandbox, console)


def _large_class(folder: Path, workers: int, sandbox: str, console: Console) -> None:
    """Grade a class of twenty in the lessons that take a second per student, like a teacher."""
    students = [*LARGE_CLASS, CUT_OFF, ABSENT]
    enrol(students, folder)
    count = f"a class of {len(students)}, with known right and wrong answers"
    console.print(f"[bold]Hand in[/bold]: {count}")
    for lesson in QUICK_LESSONS:
        released, solved = _notebooks(lesson, folder)
        for student, hand_in in LARGE_CLASS.items():
            submit(hand_in(lesson, released, solved), lesson, student, folder)
        submit_cut_off(released, lesson, folder)
    for lesson in QUICK_LESSONS:
        grade_assignment(lesson.name, [], folder, workers, sandbox, console)
        write_assignment_report(lesson.name, folder, folder / f"{lesson.name}.html")
        console.print(f"  {shown(folder / f'{lesson.name}.html')}", highlight=False)
    graded = scores(folder)
    nothing = nothing_by_lesson(graded, folder)
    write_report(graded, "A class of twenty in two lessons", folder / "report.html", nothing)
    show_bars(graded, console)
    console.print(f"  {shown(folder / 'report.html')}", highlight=False)


def _whole_course(folder: Path, workers: int, sandbox: str, console: Console) -> None:
    """Grade four students of the class in all other lessons; one lesson trains a model."""
    console.print(f"\n[bold]All lessons[/bold], by four of the class: {shown(', '.join(CLASS))}")
    tasks = []
    others = [lesson for lesson in LESSONS if lesson not in QUICK_LESSONS]
    # The answer that trains a model takes longest, so its lesson comes first.
    for lesson in sorted(others, key=lambda lesson: not lesson.answer_trains):
        released, solved = _notebooks(lesson, folder)
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
    _show(folder, console, list(CLASS))


def _notebooks(lesson: Lesson, folder: Path) -> tuple[NotebookNode, NotebookNode]:
    """Return a lesson's release and its solution."""
    paths = (release_path(lesson, folder), solution_path(lesson, folder))
    released, solved = (nbformat.read(path, as_version=4) for path in paths)
    return released, solved


def _sandbox(console: Console) -> str:
    """Return the sandbox of this machine, or none: the class is made up, so it can be trusted."""
    try:
        return find_sandbox()
    except SandboxMissing as missing:
        why = shown(missing)
        console.print(f"[yellow]note[/yellow] graded without a sandbox. {why}", soft_wrap=True)
        return find_sandbox(NO_SANDBOX)


def _remove_former(folder: Path) -> None:
    """Remove the folder of an earlier demo, and only such a folder."""
    if not (folder / "gradebook.db").is_file():
        raise FileExistsError(f"{folder} exists but is not a demo's folder; choose another one")
    # nbgrader writes graded notebooks read-only.
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    shutil.rmtree(folder)


def _show(folder: Path, console: Console, students: list[str] | None = None) -> None:
    """Print the gradebook of some students, or of everyone, and write its report."""
    graded = scores(folder).sort_values("lesson", kind="stable")
    nothing = nothing_by_lesson(graded, folder)
    if students is not None:
        graded = graded[graded["student"].isin(students)]
        nothing = {}
    # Without lines between them, seven lessons fit into eighty columns.
    table = Table(
        title="Gradebook: points of the exercises that a program grades, lesson by lesson",
        box=box.SIMPLE_HEAD,
        collapse_padding=True,
    )
    rows = gradebook_table(graded, nothing)
    table.add_column("student", no_wrap=True)
    for name in rows.columns:
        table.add_column(f"{int(name[:2])}" if name[:2].isdigit() else name, justify="right")
    for student, row in rows.iterrows():
        table.add_row(shown(student), *(str(cell).replace(" ", "") for cell in row))
    console.print(table)
    for lesson, absent in nothing.items():
        said = f"{lesson}: {len(absent)} {NOTHING}: {listed(absent)}"
        console.print(shown(said), highlight=False)
    write_report(graded, "All lessons", folder / "all_lessons.html", nothing)
    for name in ("report.html", "all_lessons.html", "gradebook.db", "feedback"):
        console.print(f"  {shown(folder / name)}", highlight=False)


def show_bars(graded: pd.DataFrame, console: Console) -> None:
    """Show in the terminal which exercises were hard: the share of points of each.

    As in the heat map, work that could not be graded is left out; it does not count as zero.
    """
    by_program = graded[~graded["exercise"].str.startswith("written_")].dropna(subset="score")
    sums = by_program.groupby("exercise", sort=False)[["score", "points"]].sum()
    shares = (sums["score"] / sums["points"]).sort_values(kind="stable")
    console.print("\n[bold]Points reached by the class[/bold], hardest exercise first")
    for exercise, share in shares.items():
        bar = "█" * round(24 * share)
        console.print(f"{exercise:>26} {bar:<24} {share:4.0%}", highlight=False, markup=False)
