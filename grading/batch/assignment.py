"""`course grade` and `course regrade`: grade an assignment and show a teacher the results."""

from __future__ import annotations

import contextlib
from collections.abc import Generator
from pathlib import Path

import nbformat
import pandas as pd
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.coursedir import CourseDirectory
from rich.console import Console
from rich.progress import (
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from grading.batch.pool import autograde
from grading.batch.resume import NEW, reasons_to_grade
from grading.intake.names import assignment_name
from grading.intake.notebooks import notebook_of
from grading.intake.realign import realign
from grading.intake.submissions import Task, submitted
from grading.intake.texts import listed, one_line, shown
from grading.judging.overlay import TESTS, check_overlay, described_overlay, overlay_contents
from grading.judging.session import grade
from grading.judging.verdicts import CANNOT_GRADE, PASSED, STATUSES, Verdict
from grading.paths import ROOT, private_path
from grading.records.changes import changes, new_changes
from grading.records.deadlines import refresh_penalties
from grading.records.gradebook import wait_until_free
from grading.records.handed_in import NOTHING, REFUSED, nothing_from, refused_from
from grading.records.late import put_due_date
from grading.records.receipts import (
    OVERLAY,
    digest,
    environment_lock,
    grader_code,
    read_receipt,
    recorded_verdicts,
    verdicts_of,
)
from grading.sandbox.commands import NO_SANDBOX, find_sandbox
from grading.sandbox.limits import Limits
from grading.settings import course_directory
from grading.steps.outcomes import Outcome
from grading.steps.preprocessors import answer_key, submission_contents, tests_path
from grading.steps.run_nbgrader import GradingError, generate_release, refresh_feedback
from helpers.lessons import lesson_named

NOT_CONFINED = "--trust-submissions: students' code ran without a sandbox, with all your rights."


def must_be_there(name: str, course: Path) -> None:
    """Refuse an assignment that is neither a lesson nor in the course's folder, such as a typo.

    Raises
    ------
    ValueError
        The message lists the lessons and says where an assignment of one's own belongs.
    """
    directory = course_directory(course)
    steps = (directory.source_directory, directory.release_directory)
    own = [Path(directory.format_path(step, ".", name)) for step in steps]
    if not any(folder.is_dir() for folder in own):
        try:
            lesson_named(name)
        except ValueError as error:
            raise ValueError(f"{error}; put an assignment of your own in {own[0]}") from None


def grade_assignment(
    name: str,
    students: list[str],
    course: Path,
    workers: int,
    sandbox: str,
    console: Console,
    again: bool = False,
    scheduler: str = "",
) -> bool:
    """Grade an assignment's submissions, show progress and a table.

    Submissions that are graded and have not changed since are left as they are, unless `again`.
    With the address of a Dask `scheduler`, its workers grade, and this machine records the results.

    Returns
    -------
    bool
        Whether every test of every submission was graded.

    Raises
    ------
    ValueError
        If nothing was handed in, or nothing by one of the named students; or if ``deadlines.toml``
        contains a mistake.
    GradingError
        If the assignment's release cannot be generated, or it has no hidden tests.
    """
    assignment = assignment_name(name)
    tasks = submitted(assignment, course, students)
    missing = set(students) - {student for _, student in tasks}
    if missing or not tasks:
        who = one_line(", ".join(sorted(missing))) or "anyone"
        raise ValueError(f"there is no submission of {assignment} by {who} in {course}/submitted")
    directory = course_directory(course)
    wait_until_free(directory.db_url, lambda text: console.print(shown(text), highlight=False))
    _make_known(assignment, directory)
    _must_have_tests(assignment, directory)
    _show_overlay(assignment, directory, console)
    put_due_date(assignment, course)  # before grading, which checks whether work is late
    names = [student for _, student in tasks]
    reasons = reasons_to_grade(assignment, names, course, sandbox)
    if again:
        reasons = dict.fromkeys(names, "--again asks for it") | reasons
    _show_reasons(reasons, console)
    done = set(names) - reasons.keys()
    if done:
        console.print(f"{len(done)} of {len(tasks)} are graded already; --again repeats them.")
    left = [task for task in tasks if task[1] not in done]
    known = changes(assignment, course)
    if scheduler:
        grading = _on_cluster(scheduler, left, course, sandbox)
    else:
        grading = autograde(left, course, workers, sandbox)
    problems = _shown(grading, len(left), console)
    times: list[str] = []
    penalties = refresh_penalties(assignment, sorted(done), course, times)
    for student, (before, now) in penalties.items():
        taken = f"{now:g} instead of {before:g}"
        console.print(shown(f"{student}: taken off for lateness: {taken}"), highlight=False)
    graded = [student for _, student in left if student not in problems]
    refresh_feedback(assignment, [*graded, *penalties], course)
    ended = {student: recorded_verdicts(course, assignment, student) for _, student in tasks}
    nothing = {} if students else dict.fromkeys(nothing_from(assignment, course), NOTHING)
    if not students:
        refused = refused_from(assignment, course)
        nothing |= {student: REFUSED.format(why) for student, why in refused.items()}
    for problem in times:
        console.print(f"[red]✗[/red] {shown(problem)}", highlight=False, soft_wrap=True)
    _show(assignment, ended, problems, nothing, console)
    moved = new_changes(known, changes(assignment, course))
    if not moved.empty:
        _show_table(moved, "grades that have changed", console)
    if sandbox == NO_SANDBOX:
        console.print(f"[yellow]{shown(NOT_CONFINED)}[/yellow]", soft_wrap=True)
    ungraded = any(v.status == CANNOT_GRADE for found, _ in ended.values() for v in found)
    return not problems and not times and not ungraded


def _on_cluster(
    scheduler: str, tasks: list[Task], course: Path, sandbox: str
) -> Generator[tuple[Task, Outcome]]:
    try:
        from grading.batch.cluster import autograde_on  # late: Dask is an optional dependency
    except ModuleNotFoundError as missing:
        extra = "pip install --constraint constraints.txt --editable '.[instructor,cluster]'"
        raise GradingError(f"a cluster needs {missing.name}: {extra}") from missing
    return autograde_on(scheduler, tasks, course, sandbox)


def _shown(
    grading: Generator[tuple[Task, Outcome]], total: int, console: Console
) -> dict[str, Outcome]:
    """Show progress while submissions are graded; return those that failed, by student."""
    problems: dict[str, Outcome] = {}
    columns = (
        *Progress.get_default_columns()[:2],
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left:"),
        TimeRemainingColumn(),
    )
    # Estimate the time left from the whole batch: one submission takes a minute.
    with (
        Progress(*columns, console=console, speed_estimate_period=3600) as progress,
        contextlib.closing(grading) as graded,
    ):
        bar = progress.add_task("Grade", total=total)
        for (_, student), outcome in graded:
            if not outcome.graded:
                problems[student] = outcome
            progress.update(bar, advance=1, description=shown(f"Graded {student}"))
    return problems


def _make_known(assignment: str, directory: CourseDirectory) -> None:
    """Generate an assignment's release if it is missing or not in the gradebook yet."""
    folder = Path(directory.format_path(directory.release_directory, ".", assignment))
    with Gradebook(directory.db_url, directory.course_id) as gradebook:
        try:
            gradebook.find_assignment(assignment)
            known = any(folder.glob("*.ipynb"))
        except MissingEntry:
            known = False
    if not known:
        generate_release(assignment, Path(directory.root))


def _must_have_tests(assignment: str, directory: CourseDirectory) -> None:
    """Refuse to grade without hidden tests if exercises need them.

    Otherwise every submission would take its time, but no exercise could be graded.
    """
    private = private_path(Path(directory.root)) / assignment / TESTS
    if tests_path(directory, assignment).is_file() or private.is_file():
        return
    with Gradebook(directory.db_url, directory.course_id) as gradebook:
        for notebook in gradebook.find_assignment(assignment).notebooks:
            answers = {cell.name for cell in notebook.solution_cells}
            asked = (cell.name for cell in notebook.grade_cells if cell.cell_type == "code")
            if by_program := sorted(set(asked) - answers):
                own = Path(directory.format_path(directory.source_directory, ".", assignment))
                raise GradingError(
                    f"{own / 'hidden_tests.py'} is missing, which grades {listed(by_program)} of "
                    f"{notebook.name}.ipynb: put it there; that of a lesson is in "
                    f"the course's repository, in solutions/{assignment}"
                )


def _show_overlay(assignment: str, directory: CourseDirectory, console: Console) -> None:
    """Print which parts of the private overlay are used, after checking them before grading.

    Raises
    ------
    ValueError
        If it contains a mistake.
    """
    root = Path(directory.root)
    lessons = {path.parent.name for path in (ROOT / "solutions").glob("*/*.ipynb")}
    source = Path(directory.format_path(directory.source_directory, ".", assignment)).parent
    own = {path.parent.name for path in source.glob("*/*.ipynb")}
    check_overlay(private_path(root), lessons | own | {assignment})
    contents = overlay_contents(private_path(root), assignment)
    if not contents:
        return
    for notebook in sorted((source / assignment).glob("*.ipynb")):
        with_key = {"solution": notebook.read_bytes(), "tests": b"", **contents}
        answer_key(with_key, tests_path(directory, assignment))
    said = f"private overlay: {described_overlay(contents)}"
    console.print(shown(said), highlight=False, soft_wrap=True)


def _show(
    assignment: str,
    ended: dict[str, tuple[list[Verdict], list[str]]],
    problems: dict[str, Outcome],
    nothing: dict[str, str],
    console: Console,
) -> None:
    """Print first what a person must look at, then one row per student, then the notes."""
    for student, outcome in problems.items():
        console.print(f"[red]✗[/red] {shown(student)}: not graded: {shown(outcome.sentence)}")
    for student, (found, _) in ended.items():
        for verdict in found:
            if verdict.status == CANNOT_GRADE:
                console.print(f"[red]✗[/red] {shown(student)}: {shown(verdict.text)}")
    table = Table(title=shown(assignment))
    table.add_column("student")
    table.add_column("points", justify="right")
    table.add_column("what was not right")
    for student, (found, _) in ended.items():
        wrong = sorted(
            (verdict for verdict in found if verdict.status != PASSED),
            key=lambda verdict: list(STATUSES).index(verdict.status),
        )
        why = ", ".join(f"{verdict.exercise} ({verdict.status})" for verdict in wrong)
        points = "–" if student in problems else _points(found)
        table.add_row(shown(student), points, shown(why))
    for student, why in nothing.items():
        table.add_row(shown(student), "–", shown(why))
    console.print(table)
    for student, (_, notes) in ended.items():
        for note in notes:
            console.print(f"  {shown(student)}: {shown(note)}", highlight=False)


def _show_reasons(reasons: dict[str, str], console: Console) -> None:
    """Print whose submissions are graded again, and why."""
    by_reason: dict[str, list[str]] = {}
    for student, reason in reasons.items():
        if reason != NEW:
            by_reason.setdefault(reason, []).append(student)
    for reason, students in by_reason.items():
        said = f"Graded again, because {reason}: {', '.join(students)}"
        console.print(shown(said), highlight=False)


def show_changes(found: pd.DataFrame, console: Console) -> None:
    """Print the grades that have changed, as `grading.records.changes` returns them."""
    if found.empty:
        console.print("no grade has changed")
        return
    _show_table(found, "", console)
    changed = found["student"].nunique()
    console.print(f"{changed} students; --to FILE.csv names the receipts of both grades")


def _show_table(found: pd.DataFrame, title: str, console: Console) -> None:
    table = Table(title=title or None)
    for name in ("student", "when", "before", "after", "exercises", "because"):
        table.add_column(name, justify="right" if name in ("before", "after") else "left")
    for row in found.itertuples():
        points = ("–" if pd.isna(value) else f"{value:g}" for value in (row.before, row.after))
        table.add_row(
            shown(row.student), row.when[:19], *points, shown(row.exercises), shown(row.because)
        )
    console.print(table)


def _points(found: list[Verdict]) -> str:
    """Return the points of a submission, or a dash if a part of it could not be graded."""
    reached = [verdict.points for verdict in found]
    if not found or None in reached:
        return "–"
    return f"{sum(filter(None, reached)):g} / {sum(verdict.max_points for verdict in found):g}"


def regrade_receipt(
    path: Path, course: Path, console: Console, private: Path | None = None
) -> bool:
    """Grade a receipt's submission again, with the seed and limits in the receipt.

    Parameters
    ----------
    path : Path
        The receipt.
    course : Path
    console : Console
    private : Path, optional
        The private overlay that it was graded with, if the course's own overlay has changed since.

    Returns
    -------
    bool
        Whether every test ended as the receipt says.

    Raises
    ------
    ValueError
        If the submission, or anything else that the grade depends on, has changed since.
    """
    receipt = read_receipt(path)
    directory = course_directory(course)
    contents = submission_contents(directory, receipt, private=private)
    now = {name: digest(text) for name, text in contents.items()}
    then = receipt["sha256"]
    changed = [name for name in [*now, *(then.keys() - now)] if now.get(name) != then.get(name)]
    if changed:
        raise ValueError(f"changed since the receipt was written: {_what_changed(changed, then)}")
    if receipt["environment"] != environment_lock():
        console.print("[yellow]note[/yellow] the Python environment differs from the receipt's")
    if receipt.get("grader") != grader_code():
        console.print("[yellow]note[/yellow] the grader's code differs from the receipt's")
    key = answer_key(contents, tests_path(directory, receipt["assignment"]))
    submission = notebook_of(contents["submission"], f"{receipt['notebook']}.ipynb")
    release = nbformat.reads(contents["release"].decode(), as_version=4)
    notebook, _ = realign(submission, release)
    sandbox = find_sandbox(receipt["sandbox"])
    limits = Limits(**receipt["limits"])
    again = {v.exercise: v for v in grade(notebook, key, receipt["seed"], limits, sandbox).verdicts}
    same = True
    for before in verdicts_of(receipt):
        after = again[before.exercise]
        if (before.status, before.points) != (after.status, after.points):
            same = False
            console.print(f"[red]✗[/red] {shown(before.text)}\n  now {shown(after.text)}")
        else:
            console.print(shown(f"✓ {before.exercise}: {after.points} points, {after.status}"))
    return same


def _what_changed(changed: list[str], then: dict[str, str]) -> str:
    """Return what has changed since a receipt; if it is the overlay, say which one was used."""
    told = ", ".join(sorted(changed))
    if not set(OVERLAY) & set(changed):
        return told
    parts = [f"{name} {then[name][:12]}" for name in OVERLAY if name in then]
    was = f"with the overlay {', '.join(parts)} (sha256)" if parts else "without an overlay"
    return f"{told}; it was graded {was}: name that overlay with --private FOLDER"
