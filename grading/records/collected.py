"""Under which names a platform has given out students' files, which it asks for with feedback."""

from __future__ import annotations

import glob
import json
import zipfile
from pathlib import Path, PurePosixPath

from nbgrader.coursedir import CourseDirectory

from grading.intake.collect import MOODLE_FILE
from grading.records.whole import write_whole
from grading.settings import course_config


def names_path(course: Path, assignment: str) -> Path:
    return course / "collected" / f"{assignment}.json"


def read_names(course: Path, assignment: str) -> dict[str, str]:
    """Return the name of the file that was taken, by student; empty if nothing was collected."""
    path = names_path(course, assignment)
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def write_names(course: Path, assignment: str, names: dict[str, str]) -> None:
    """Keep names beside those that were kept before, whole or not at all."""
    path = names_path(course, assignment)
    path.parent.mkdir(parents=True, exist_ok=True)
    known = dict(sorted((read_names(course, assignment) | names).items()))
    write_whole(path, json.dumps(known, indent=1, ensure_ascii=False) + "\n")


def forget_name(student: str, course: Path) -> bool:
    """Remove a student's names; return whether there were any."""
    found = False
    for path in (course / "collected").glob("*.json"):
        names = read_names(course, path.stem)
        if names.pop(student, None) is not None:
            path.unlink()
            write_names(course, path.stem, names)
            found = True
    return found


def zip_feedback(assignment: str, course: Path, to: Path) -> tuple[list[str], list[str]]:
    """Write everyone's feedback into a ZIP file, named as the platform's bulk upload wants it.

    Canvas takes the name under which it gave out the submission, Moodle what of that name stands
    before the student's own: both find the student by it.

    Returns
    -------
    given, missing : list of str
        Students whose feedback is in the file, and those who have feedback but whose work did not
        come from a platform's download.

    Raises
    ------
    FileExistsError
        If there is such a file.
    ValueError
        If nobody has feedback.
    """
    if to.exists():
        raise FileExistsError(f"{to} is there already: choose another name")
    directory = CourseDirectory(config=course_config(course))
    folder = Path(directory.root) / directory.feedback_directory
    graded = Path(directory.root) / directory.autograded_directory
    pages = [
        page
        for page in sorted(folder.glob(f"*/{glob.escape(assignment)}/*.html"))
        # formgrader leaves the page of work that it could not grade, which tells of an old grade.
        if (graded / page.relative_to(folder)).with_suffix(".ipynb").is_file()
    ]
    if not pages:
        raise ValueError(f"nobody has feedback on {assignment}: write it with `course feedback`")
    names, given, missing = read_names(course, assignment), [], []
    part = to.with_name(f".{to.name}.part")
    try:
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
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
    """Return what a student's page is called in the file that a platform takes."""
    moodle = MOODLE_FILE.fullmatch(name)
    if moodle:
        return f"{moodle['who']}_{moodle['number']}_assignsubmission_file_/{assignment}.html"
    return f"{PurePosixPath(name).with_suffix('')}.html"
