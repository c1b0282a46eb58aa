"""Records of what `course collect` has taken and refused.

To hand out feedback, a platform needs the names of the files that it gave us. A student whose work
was refused must not be listed as one who handed in nothing.
"""

from __future__ import annotations

import glob
import json
import zipfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from nbgrader.coursedir import CourseDirectory

from grading.intake.collect import MOODLE_FILE
from grading.intake.texts import clean
from grading.records.whole import write_whole
from grading.settings import course_config


def names_path(course: Path, assignment: str) -> Path:
    return course / "collected" / f"{assignment}.json"


def refused_path(course: Path, assignment: str) -> Path:
    return course / "collected" / f"{assignment}.refused.json"


def read_names(course: Path, assignment: str) -> dict[str, str]:
    """Return the name of the file that was taken, by student; empty if nothing was collected.

    Raises
    ------
    ValueError
        If the file is damaged; the message names it.
    """
    return _read(names_path(course, assignment))


def write_names(course: Path, assignment: str, names: dict[str, str]) -> None:
    """Add names to those that are stored; the file is written completely or not at all."""
    _write(names_path(course, assignment), read_names(course, assignment) | names)


def read_refused(course: Path, assignment: str) -> dict[str, str]:
    """Return why a student's work was refused, by student; see `read_names`."""
    return _read(refused_path(course, assignment))


def write_refused(
    course: Path, assignment: str, refused: dict[str, str], taken: Iterable[str]
) -> None:
    """Store whose work was refused, until other work of the same student is taken."""
    known = read_refused(course, assignment) | refused
    left = {student: why for student, why in known.items() if student not in set(taken)}
    if left or refused_path(course, assignment).is_file():
        _write(refused_path(course, assignment), left)


def _read(path: Path) -> dict[str, str]:
    try:
        found = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or not all(isinstance(one, str) for one in found.values()):
        raise ValueError(f"{path} is damaged: delete it, and collect again")
    return found


def _write(path: Path, texts: dict[str, str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    known = dict(sorted(texts.items()))
    write_whole(path, clean(json.dumps(known, indent=1, ensure_ascii=False)) + "\n")


def forget_name(student: str, course: Path) -> bool:
    """Remove a student's names; return whether there were any."""
    found = False
    for path in (course / "collected").glob("*.json"):
        names = _read(path)
        if names.pop(student, None) is not None:
            _write(path, names)
            found = True
    return found


def zip_feedback(assignment: str, course: Path, to: Path) -> tuple[list[str], list[str]]:
    """Write everyone's feedback into a ZIP file, with the names that the platform expects.

    Canvas expects the name of the submission's file that it gave us. Moodle expects the part of
    that name before the student's own file name. Both find the student by it.

    Returns
    -------
    given, missing : list of str
        Students whose feedback is in the file, and those who have feedback but whose work did not
        come from a platform's download.

    Raises
    ------
    FileExistsError
        If the file exists already.
    ValueError
        If nobody has feedback.
    """
    if to.exists():
        raise FileExistsError(f"{to} exists already: choose another name")
    directory = CourseDirectory(config=course_config(course))
    folder = Path(directory.root) / directory.feedback_directory
    graded = Path(directory.root) / directory.autograded_directory
    pages = [
        page
        for page in sorted(folder.glob(f"*/{glob.escape(assignment)}/*.html"))
        # If work could not be graded, formgrader leaves an old page, with an old grade.
        if (graded / page.relative_to(folder)).with_suffix(".ipynb").is_file()
    ]
    if not pages:
        raise ValueError(f"nobody has feedback on {assignment}: write it with `course feedback`")
    names, given, missing = read_names(course, assignment), [], []
    part = to.with_name(f".{to.name}.part")
    try:
        # If a machine's clock is wrong, a page may be from before 1980, which ZIP does not support.
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as archive:
            for page in pages:
                student = page.parent.parent.name
                if student in names:
                    archive.write(page, feedback_name(names[student], assignment))
                    given.append(student)
                else:
                    missing.append(student)
        part.replace(to)
    finally:
        part.unlink(missing_ok=True)
    return given, missing


def feedback_name(name: str, assignment: str) -> str:
    """Return the name of a student's page in the file for a platform."""
    moodle = MOODLE_FILE.fullmatch(name)
    if moodle:
        who = moodle["who"].rpartition("/")[2]  # it may have been packed in another folder
        return f"{who}_{moodle['number']}_assignsubmission_file_/{assignment}.html"
    return f"{PurePosixPath(name).with_suffix('')}.html"
