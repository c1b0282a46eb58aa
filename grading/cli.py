"""The instructors' commands of `course`."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import NoReturn

import typer
from rich.console import Console

from grading.intake.texts import listed, one_line, shown, shown_lines
from helpers.lessons import LESSONS, Lesson, lesson_named

console = Console(emoji=False)  # a file may be named :x:


def complain(problem: object) -> None:
    """Print a problem exactly as it is: brackets are not markup, and nothing is a command."""
    console.print(f"[red]✗[/red] {shown_lines(problem)}", highlight=False, soft_wrap=True)


def fail(error: object) -> NoReturn:
    """Print what went wrong and end the command with status 2."""
    complain(error)
    raise typer.Exit(2) from (error if isinstance(error, Exception) else None)


@contextlib.contextmanager
def gradebook_of(course: Path) -> Iterator[None]:
    """Wait for a course's gradebook; if the block fails, end the command with a sentence."""
    import sqlite3

    from sqlalchemy.exc import DBAPIError

    from grading.records.gradebook import wait_until_free
    from grading.settings import course_directory
    from grading.steps.run_nbgrader import GradingError

    try:
        address = course_directory(course).db_url
        wait_until_free(address, lambda text: console.print(shown(text), highlight=False))
        yield
    except (DBAPIError, sqlite3.Error) as error:
        fail(
            f"the gradebook cannot be used ({one_line(getattr(error, 'orig', error))}): close the "
            "other programs that use it and repeat the command; if nbgrader is newer than the "
            "gradebook, copy the gradebook and run `nbgrader db upgrade`"
        )
    except (GradingError, OSError, ValueError) as error:
        fail(error)


@contextlib.contextmanager
def stoppable() -> Iterator[None]:
    """End the command with a sentence if Ctrl-C stops work that can be repeated."""
    try:
        yield
    except KeyboardInterrupt:
        console.print("Stopped before the end. Repeat the command to do all of it again.")
        raise typer.Exit(130) from None


class Platform(StrEnum):
    """The platform that grades are exported to."""

    CANVAS = "canvas"
    MOODLE = "moodle"
    GRADESCOPE = "gradescope"
    CSV = "csv"


commands = typer.Typer(no_args_is_help=True)


def chosen(names: list[str] | None) -> list[Lesson]:
    """Return the lessons named on the command line, or all of them."""
    try:
        return [lesson_named(name) for name in names] if names else list(LESSONS)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


@commands.command()
def build(
    lessons: list[str] = typer.Argument(None, help="Lessons by name or number; default: all."),
    check: bool = typer.Option(False, help="Only compare with what is committed; write nothing."),
    force: bool = typer.Option(False, help="Execute even if the source has not changed."),
) -> None:
    """Build solution notebooks and releases from their sources."""
    from grading.release.build import build as build_lesson
    from grading.release.build import build_messages, check_build, check_messages_build
    from grading.release.claims import claim_problems
    from grading.release.readme import update_readme
    from grading.release.source import BuildError

    problems = check_messages_build() if check else []
    if not check:
        build_messages()  # first, because the checks of lessons that run use them
    for lesson in chosen(lessons):
        try:
            if check:
                found = check_build(lesson)
                problems += found
                said = "differs from its source" if found else "agrees with its source"
                console.print(f"{lesson.name}: {said}", markup=False)
            else:
                executed = build_lesson(lesson, force=force)
                said = "executed and released" if executed else "released"
                console.print(f"{lesson.name}: {said}", markup=False)
                problems += claim_problems(lesson)
        except BuildError as error:
            problems.append(str(error))
    if not check and not problems:
        update_readme()
    for problem in problems:
        complain(problem)
    if problems:
        raise typer.Exit(1)


@commands.command()
def publish(
    to: str = typer.Argument(
        ..., metavar="FOLDER|BRANCH", help="A folder, or with --branch a branch."
    ),
    branch: bool = typer.Option(False, "--branch", help="Commit to a branch of this repository."),
) -> None:
    """Write the students' edition: without answers, tests, variants, keys or history."""
    from grading.release.edition import unknown_to_git
    from grading.release.publish import NotPublished, publish_branch, publish_folder

    try:
        published = publish_branch(to) if branch else publish_folder(Path(to))
    except NotPublished as refused:
        for finding in refused.findings:
            complain(finding)
        fail("not published: students would get the answers or tests listed above")
    except (OSError, RuntimeError) as error:
        fail(error)
    done = published.what or "nothing has changed"
    console.print(f"  {shown(to)}: {shown(done)}", highlight=False, soft_wrap=True)
    said = f"its notebooks install {published.installs}"
    console.print(f"  {shown(said)}", highlight=False, soft_wrap=True)
    if unknown := unknown_to_git():
        said = f"left out, because they are not in git: {listed(unknown)}"
        console.print(f"[yellow]note[/yellow] {shown(said)}", highlight=False, soft_wrap=True)
    if published.leading:
        said = "these lead students to the whole course, including the answers: "
        said += listed(published.leading)
        if not branch:
            said += "; with --branch, notebooks install the edition itself"
        console.print(f"[yellow]note[/yellow] {shown(said)}", highlight=False, soft_wrap=True)


@commands.command()
def scan(
    paths: list[Path] = typer.Argument(
        ..., help="Folders, repositories, archives, wheels, pages: anything that students may get."
    ),
) -> None:
    """Look for answers, tests, variants and keys in files, archives and git histories."""
    from grading.release.scan import MOST_FINDINGS, Scan

    try:
        search = Scan()
        found = [finding for path in paths for finding in search.path(path)]
    except (OSError, RuntimeError) as error:
        fail(error)
    for finding in found:
        complain(finding)
    if len(found) >= MOST_FINDINGS:
        console.print(f"the search stopped after {MOST_FINDINGS:d} findings: there may be more")
    console.print("nothing was found" if not found else f"{len(found)} findings", highlight=False)
    raise typer.Exit(1 if found else 0)


@commands.command()
def pin(
    check: bool = typer.Option(False, help="Only say whether notebooks install this code."),
) -> None:
    """Make notebooks install the current commit; afterwards run `course build`, and push both."""
    from grading.release.pin import pin as pin_commit
    from grading.release.pin import pin_problem

    try:
        problem = pin_problem() if check else ""
        commit = "" if check else pin_commit()
    except RuntimeError as error:
        fail(error)
    if commit:
        console.print(f"notebooks install commit {commit}", markup=False, highlight=False)
    if problem:
        complain(problem)
        raise typer.Exit(1)


@commands.command()
def demo(
    folder: Path = typer.Argument(Path("build/demo"), help="A course folder; it is replaced."),
    workers: int = typer.Option(2, min=1, help="Submissions graded at the same time."),
) -> None:
    """Grade a small made-up class: release, hand in, grade, and report."""
    from grading.batch.demo import run_demo
    from grading.sandbox.commands import SandboxMissing
    from grading.steps.run_nbgrader import GradingError

    try:
        run_demo(folder, workers, console)
    except (GradingError, OSError, SandboxMissing) as error:
        fail(error)


@commands.command()
def grade(
    assignment: str = typer.Argument(..., help="A lesson by name or number, or your own."),
    student: list[str] = typer.Option([], help="Only this student's; may be given again."),
    course: Path = typer.Option(
        Path(), exists=True, help="The course's folder, with submitted/ in it."
    ),
    workers: int = typer.Option(
        None, min=1, help="Submissions graded at the same time; default: what the machine allows."
    ),
    scheduler: str = typer.Option("", help="A Dask scheduler's address: its workers grade."),
    again: bool = typer.Option(False, "--again", help="Also grade what has not changed since."),
    trust_submissions: bool = typer.Option(
        False, help="Run students' code without a sandbox. Only for work that you trust."
    ),
) -> None:
    """Grade the submissions of an assignment into nbgrader's gradebook."""
    from grading.batch.assignment import grade_assignment
    from grading.batch.pool import workers_here
    from grading.sandbox.commands import NO_SANDBOX, SandboxMissing, find_sandbox
    from grading.sandbox.limits import Limits

    try:
        wanted = NO_SANDBOX if trust_submissions else ""
        # A cluster's workers find their own sandbox.
        sandbox = wanted if scheduler else find_sandbox(wanted)
        workers = workers or workers_here(Limits())
        with gradebook_of(course):
            complete = grade_assignment(
                assignment, student, course, workers, sandbox, console, again, scheduler
            )
    except KeyboardInterrupt:
        console.print("Stopped. Finished grades are kept; repeat the command to grade the rest.")
        raise typer.Exit(130) from None
    except SandboxMissing as error:
        fail(error)
    raise typer.Exit(0 if complete else 1)


@commands.command()
def regrade(
    receipt: Path = typer.Argument(..., help="A file that `course grade` wrote to receipts/."),
    course: Path = typer.Option(Path(), exists=True, help="The course's folder."),
    private: Path = typer.Option(
        None, exists=True, file_okay=False, help="The overlay used then, if private/ has changed."
    ),
) -> None:
    """Grade a receipt's submission again, and compare; the gradebook is not changed."""
    from grading.batch.assignment import regrade_receipt
    from grading.sandbox.commands import SandboxMissing

    try:
        same = regrade_receipt(receipt, course, console, private)
    except (OSError, SandboxMissing, ValueError) as error:
        fail(error)
    raise typer.Exit(0 if same else 1)


@commands.command()
def private(
    course: Path = typer.Option(Path(), exists=True, file_okay=False, help="The course's folder."),
) -> None:
    """Create private/ with a secret: then nobody can predict what public tests will ask."""
    from grading.judging.overlay import write_secret
    from grading.paths import private_path

    folder = private_path(course)
    try:
        path = write_secret(folder)
    except FileExistsError as error:
        fail(
            f"{error.filename} exists already: with a new secret, everybody would be graded again "
            "with other questions"
        )
    except OSError as error:
        fail(error)
    console.print(f"  {shown(path)}: never publish it; `course backup` keeps it", highlight=False)


@commands.command()
def collect(
    assignment: str = typer.Argument(..., help="A lesson by name or number, or your own."),
    source: Path = typer.Argument(..., exists=True, help="Canvas's or Moodle's ZIP, or a folder."),
    roster: Path = typer.Option(None, exists=True, help="The platform's table of the class."),
    course: Path = typer.Option(Path(), help="The course's folder."),
) -> None:
    """Copy what was handed in on a learning platform into submitted/."""
    from grading.batch.assignment import must_be_there
    from grading.intake.collect import collect as collect_work
    from grading.intake.collect import marked_late
    from grading.intake.names import assignment_name
    from grading.intake.rosters import read_roster
    from grading.records.collected import write_names, write_refused

    try:
        known = read_roster(roster) if roster else None
        name = assignment_name(assignment)
        must_be_there(name, course)
        if not course.is_dir():
            raise ValueError(f"there is no folder {course}: correct --course, or create it")
        refused: dict[str, str] = {}
        with stoppable():
            taken, problems = collect_work(source, name, course, known, refused)
            if taken:
                write_names(course, name, taken)
            write_refused(course, name, refused, taken)
    except (OSError, ValueError) as error:
        fail(error)
    for problem in problems:
        complain(one_line(problem))
    place = shown(course / "submitted")
    console.print(f"{len(taken)} notebooks were copied to {place}")
    if late := [student for student, given in taken.items() if marked_late(given)]:
        said = f"marked late by Canvas, which does not say how late: {listed(late)}"
        console.print(f"[yellow]note[/yellow] {shown(said)}", highlight=False, soft_wrap=True)
    raise typer.Exit(1 if problems or not taken else 0)


@commands.command()
def export(
    assignment: str = typer.Argument(..., help="A lesson by name or number, or your own."),
    platform: Platform = typer.Argument(..., help="The platform that reads the file."),
    to: Path = typer.Argument(..., help="A file to write; for Gradescope a folder."),
    roster: Path = typer.Option(
        None, exists=True, help="The table from Canvas (gradebook) or Moodle (grading worksheet)."
    ),
    scale: bool = typer.Option(
        False, "--scale", help="Scale points to the platform's maximum, if it differs from ours."
    ),
    course: Path = typer.Option(Path(), exists=True, help="The course's folder."),
) -> None:
    """Write an assignment's grades for a learning platform."""
    from grading.batch.resume import out_of_date
    from grading.intake.names import assignment_name
    from grading.records.deadlines import refresh_everyone
    from grading.records.export import export_grades
    from grading.records.handed_in import NOTHING, REFUSED

    name = assignment_name(assignment)
    times: list[str] = []
    with gradebook_of(course):
        refresh_everyone(name, course, times)
        exported = export_grades(name, platform.value, to, roster, course, scale)
        old = out_of_date(name, course)
    for problem in times:
        complain(one_line(problem))
    if old:
        why = "; ".join(sorted(set(old.values())))
        said = f"out of date ({why}) until `course grade`: the grades of {listed([*old])}"
        complain(one_line(said))
    for grade in exported.grades:
        if grade.score is None:
            why = REFUSED.format(grade.refused) if grade.refused else "not graded"
            complain(f"{one_line(grade.student)}: {one_line(why)}, and no score was written")
    for problem in exported.unreadable:
        complain(one_line(problem))
    for student in exported.missing:
        complain(f"{one_line(student)}: has no unique row in the roster, and was left out")
    for students, what in (
        (
            exported.not_assigned,
            "not accepted by Canvas (N/A) until the work is assigned to them there, or its grades "
            "are posted if it is anonymous",
        ),
        (exported.above, "above the maximum, which Moodle ignores"),
    ):
        if students:
            complain(one_line(f"{what}: the grades of {listed(students)}"))
    for students, what in (
        (exported.unknown, "in the roster are not in our gradebook, and keep their old entries"),
        (exported.nothing, NOTHING),
        (exported.excused, "are excused in Canvas, and stay so"),
    ):
        if students:
            said = f"{len(students)} {what}: {listed(students)}"
            console.print(shown(said), highlight=False, soft_wrap=True)
    if exported.scaled_to:
        console.print(f"[yellow]note[/yellow] scores were scaled to {exported.scaled_to:g}")
    if exported.points_of:
        said = f"the roster does not say its maximum: these points are of {exported.points_of:g}"
        console.print(f"[yellow]note[/yellow] {said}", highlight=False, soft_wrap=True)
    if waiting := [grade for grade in exported.grades if grade.waiting]:
        count = sum(grade.waiting for grade in waiting)
        said = f"{count} answers wait for a person: 0 so far, or what an earlier answer was given: "
        said += listed([grade.student for grade in waiting])
        console.print(f"[yellow]note[/yellow] {shown(said)}", highlight=False, soft_wrap=True)
    console.print(f"  {shown(to)}", highlight=False)
    ungraded = any(grade.score is None for grade in exported.grades)
    left_out = exported.missing or exported.not_assigned or exported.above or exported.unreadable
    raise typer.Exit(1 if ungraded or left_out or old or times else 0)


@commands.command()
def feedback(
    assignment: str = typer.Argument(..., help="A lesson by name or number, or your own."),
    zip_file: Path = typer.Option(
        None, "--zip", help="A file to write, for Canvas's or Moodle's bulk upload."
    ),
    course: Path = typer.Option(Path(), exists=True, help="The course's folder."),
) -> None:
    """Write everyone's feedback; with --zip also one file from which the platform hands it out."""
    from grading.intake.names import assignment_name
    from grading.records.collected import zip_feedback
    from grading.records.deadlines import refresh_everyone
    from grading.steps.run_nbgrader import generate_feedback

    name = assignment_name(assignment)
    times: list[str] = []
    with stoppable(), gradebook_of(course):
        refresh_everyone(name, course, times)
        generate_feedback(name, course)
        given, missing = zip_feedback(name, course, zip_file) if zip_file else ([], [])
    for problem in times:
        complain(one_line(problem))
    for student in missing:
        complain(f"{one_line(student)}: not from a platform's download, so it was left out")
    if zip_file:
        console.print(f"  {shown(zip_file)}: {len(given)} students", highlight=False)
    raise typer.Exit(1 if missing or times else 0)


@commands.command()
def forget(
    student: str = typer.Argument(..., help="The student's name in the gradebook."),
    yes: bool = typer.Option(False, "--yes", help="Do not ask first."),
    course: Path = typer.Option(Path(), exists=True, help="The course's folder."),
) -> None:
    """Remove every record of one student: gradebook, work, feedback, receipts, exchange."""
    from grading.records.forgetting import forget_student

    if not yes:
        typer.confirm(f"Remove all records of {one_line(student)} permanently?", abort=True)
    with gradebook_of(course):
        removed = forget_student(student, course)
    for what in removed:
        console.print(shown(f"removed: {what}"), highlight=False)
    console.print(
        "These were not touched, and may name the student: backups, reports (ASSIGNMENT.html), "
        "exported tables and ZIP files, downloaded/, and the learning platform. If work is "
        "collected from one of them again, it is back.",
        highlight=False,
    )


@commands.command()
def backup(
    to: Path = typer.Argument(..., help="A ZIP file to write."),
    course: Path = typer.Option(Path(), exists=True, help="The course's folder."),
) -> None:
    """Write a course's files and gradebook into one file; this also works during grading."""
    from grading.records.backup import back_up

    with gradebook_of(course):
        count = back_up(course, to)
    console.print(f"  {shown(to)}: {count} files", highlight=False)


@commands.command()
def restore(
    source: Path = typer.Argument(..., exists=True, help="A file that `course backup` wrote."),
    course: Path = typer.Option(Path(), help="A folder without a course in it."),
) -> None:
    """Restore a backup, after checking that it is complete and unchanged."""
    from grading.records.backup import restore as put_back

    with gradebook_of(course):
        count = put_back(source, course)
    console.print(f"{count} files were restored to {shown(course)}", highlight=False)


@commands.command()
def extend(
    student: str = typer.Argument(..., help="The student's name in the gradebook."),
    assignment: str = typer.Argument(..., help="A lesson by name or number, or your own."),
    until: str = typer.Argument(
        ..., help="A day (until its end) or a time, in this machine's time zone."
    ),
    course: Path = typer.Option(Path(), exists=True, help="The course's folder."),
) -> None:
    """Let one student hand in later; penalties for lateness are computed again."""
    from grading.intake.names import assignment_name
    from grading.records.deadlines import extend as grant
    from grading.records.deadlines import last_moment, refresh_penalties

    name = assignment_name(assignment)
    unknown: list[str] = []
    with gradebook_of(course):
        end = last_moment(until)
        due = grant(name, student, end, course)
        changed = refresh_penalties(name, [student], course, unknown)
    times = f"until {end:%Y-%m-%d %H:%M}; the others had {due.astimezone():%Y-%m-%d %H:%M}"
    console.print(shown(f"{student} may hand in {name} {times}"), highlight=False)
    for before, now in changed.values():
        console.print(f"taken off for lateness: {now:g} instead of {before:g}", highlight=False)
    for problem in unknown:
        complain(one_line(problem))
    raise typer.Exit(1 if unknown else 0)


@commands.command()
def changes(
    assignment: str = typer.Argument(..., help="A lesson by name or number, or your own."),
    since: datetime = typer.Option(None, help="Leave out what changed before this day or time."),
    to: Path = typer.Option(None, help="A CSV file to write, with the receipts of both grades."),
    course: Path = typer.Option(Path(), exists=True, help="The course's folder."),
) -> None:
    """List whose grade has changed when it was graded again, by how much and why."""
    from grading.batch.assignment import show_changes
    from grading.intake.names import assignment_name
    from grading.records.changes import changes as changes_of
    from grading.records.changes import unreadable, who_has_receipts
    from grading.records.nbgrader_csv import write_csv

    try:
        name = assignment_name(assignment)
        if not who_has_receipts(name, course):
            raise ValueError(
                f"there are no receipts of {name} in {course / 'receipts'}: correct the name, or "
                "grade it first"
            )
        found = changes_of(name, course, since and since.astimezone())
        if to:
            write_csv(found, to)
    except (OSError, ValueError) as error:
        fail(error)
    for path in unreadable(name, course):
        said = f"{path} cannot be read, so its change is not listed"
        console.print(f"[yellow]note[/yellow] {shown(said)}", highlight=False, soft_wrap=True)
    show_changes(found, console)
    if to:
        console.print(f"  {shown(to)}", highlight=False)


@commands.command()
def report(
    assignment: str = typer.Argument(..., help="A lesson by name or number, or your own."),
    to: Path = typer.Option(None, help="The page; default: ASSIGNMENT.html in the course folder."),
    course: Path = typer.Option(Path(), exists=True, help="The course's folder."),
) -> None:
    """Write a page that shows how a class did in an assignment."""
    from grading.intake.names import assignment_name
    from grading.records.assignment_report import write_assignment_report

    name = assignment_name(assignment)
    path = to or course / f"{name}.html"
    with gradebook_of(course):
        write_assignment_report(name, course, path)
    console.print(f"  {shown(path)}", highlight=False)


@commands.command()
def prove(
    lessons: list[str] = typer.Argument(None, help="Lessons by name or number; default: all."),
    runs: int = typer.Option(1, min=1, help="How often each answer is graded, with new seeds."),
    workers: int = typer.Option(2, min=1, help="Lessons graded at the same time."),
    mutants: bool = typer.Option(
        False, "--mutants", help="Instead: reference answers with small automatic mistakes."
    ),
    seeds: int = typer.Option(
        0,
        min=0,
        help="Instead: only the right answers, each with this many seeds (200 seeds find a test "
        "that wrongly fails one time in a hundred). The course's own run without a sandbox.",
    ),
    folder: Path | None = typer.Option(
        None,
        "--from",
        exists=True,
        file_okay=False,
        metavar="FOLDER",
        help="Use the answers in FOLDER instead of the course's own: right_….py and wrong_….py in "
        "LESSON/EXERCISE, LESSON/variants/EXERCISE or EXERCISE.",
    ),
    trust_submissions: bool = typer.Option(
        False, help="Run without a sandbox if there is none: only for answers that you trust."
    ),
) -> None:
    """Grade answers that are known to be right or wrong, and say where the grader is mistaken."""
    from grading.batch.pool import costly_libraries, warm_batch
    from grading.paths import ROOT
    from grading.proof.prove import lessons_in, overlays_of, show_mutants, show_proof
    from grading.sandbox.commands import NO_SANDBOX, SandboxMissing, find_sandbox

    if mutants and (seeds or folder):
        fail("--mutants uses the course's own answers: leave out --from and --seeds")
    chosen_lessons = chosen(lessons)
    try:
        if folder:
            folder = folder.resolve()
            chosen_lessons = lessons_in(folder, chosen_lessons)
        overlays = overlays_of(chosen_lessons)
        own = seeds and not folder  # they need no sandbox
        sandbox = find_sandbox(NO_SANDBOX if trust_submissions or own else "")
    except (SandboxMissing, ValueError) as error:
        fail(error)
    for name, what in overlays.items():
        console.print(f"{shown(name)}, private overlay: {shown(what)}", highlight=False)
    costly = costly_libraries([(lesson.name, "") for lesson in chosen_lessons], ROOT)
    with warm_batch(sandbox, workers, costly):
        if mutants:
            proven = show_mutants(chosen_lessons, sandbox, workers, console)
        else:
            proof, times = ("seeds", seeds) if seeds else ("variants", runs)
            proven = show_proof(chosen_lessons, sandbox, times, workers, console, folder, proof)
    raise typer.Exit(0 if proven else 1)


@commands.command()
def translate(
    language: str = typer.Argument(..., help="es"),
    lessons: list[str] = typer.Argument(None, help="Lessons by name or number; default: all."),
) -> None:
    """Update the catalogues of a language, and list what must be translated.

    Without lessons, the messages of the visible checks are included.
    """
    from grading.release.languages import LANGUAGES, faults, update_catalog

    if language not in LANGUAGES:
        fail(f"there is no language {language!r}; choose from {', '.join(LANGUAGES)}")
    missing = 0
    for lesson in [*chosen(lessons), *([] if lessons else [None])]:
        update_catalog(lesson, language)
        name = lesson.name if lesson else "checks"
        for fault in faults(lesson, language):
            missing += 1
            console.print(f"{shown(name)}: {shown(fault)}", highlight=False, soft_wrap=True)
    raise typer.Exit(1 if missing else 0)


@commands.command()
def doctor() -> None:
    """Say which sandbox is used, and try to break out of it."""
    from grading.sandbox.doctor import examine

    raise typer.Exit(0 if examine(console) else 1)
