"""nbgrader's settings for this course: the one place that reads them and sets a course's folder.

Everything else asks here, so that a course in another folder, or a gradebook on a server, is the
same to every step. ``nbgrader_config.py`` imports the rooms whose classes it names, so it is read
when a function is called, never while a module is imported.
"""

from __future__ import annotations

import functools
from pathlib import Path

from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config, PyFileConfigLoader

from grading.paths import ROOT


def nbgrader_config(root: Path = ROOT) -> Config:
    """Return the settings of ``nbgrader_config.py``."""
    return PyFileConfigLoader("nbgrader_config.py", path=str(root)).load_config()


def course_config(course: Path, root: Path = ROOT) -> Config:
    """Return the settings for the course in a folder."""
    config = nbgrader_config(root)
    config.CourseDirectory.root = str(course.resolve())
    return config


def course_directory(course: Path) -> CourseDirectory:
    """Return where the course in a folder has its submissions, releases and gradebook."""
    return CourseDirectory(config=course_config(course))


@functools.cache
def answer_stubs() -> tuple[str, str]:
    """Return what stands in a release in place of an answer: in a code cell, and in a text cell."""
    settings = nbgrader_config().ClearSolutions
    return settings.code_stub["python"], settings.text_stub
