"""nbgrader's settings for this course: the one place that reads them and sets a course's folder.

All other code asks this module, so that every step agrees on a course in another folder, or on a
gradebook on a server. The settings files import the modules whose classes they name. So they are
read when a function is called, never while a module is imported.
"""

from __future__ import annotations

import copy
import functools
from pathlib import Path
from typing import Any

import nbgrader.api
import sqlalchemy
from alembic.script import ScriptDirectory
from jupyter_core.paths import jupyter_config_path
from nbgrader.coursedir import CourseDirectory
from nbgrader.dbutil import ALEMBIC_DIR
from traitlets.config import Config
from traitlets.config.loader import JSONFileConfigLoader, PyFileConfigLoader

from grading.paths import ROOT

OURS = Path(__file__).parent / "steps"
# Grading depends on these sections: no other settings file may remove them.
FIXED = ("Autograde", "GenerateAssignment", "GenerateFeedback", "HTMLExporter")
LOADERS = {"nbgrader_config.json": JSONFileConfigLoader, "nbgrader_config.py": PyFileConfigLoader}
LOCK_SECONDS = 120.0
"""How long to wait for a gradebook that another program has locked."""


def nbgrader_config(root: Path = ROOT) -> Config:
    """Return nbgrader's settings for a folder, from all places where nbgrader itself looks.

    The course's own settings are read first. Then come the system's, the environment's and the
    user's settings in Jupyter's folders, and last those of the folder. Later ones override earlier
    ones.
    """
    ours = PyFileConfigLoader("nbgrader_config.py", path=str(OURS)).load_config()
    config = Config()
    config.merge(copy.deepcopy(ours))
    for folder in (*map(Path, reversed(jupyter_config_path())), root):
        for name, loader in LOADERS.items():
            if (folder / name).is_file():
                config.merge(loader(name, path=str(folder)).load_config())
    for section in FIXED:
        config[section].update(ours[section])
    return config


def course_config(course: Path, root: Path = ROOT) -> Config:
    """Return the settings for the course in a folder: its own, or those of this repository."""
    has_own = any((course / name).is_file() for name in LOADERS)
    config = nbgrader_config(course if has_own else root)
    config.CourseDirectory.root = str(course.resolve())
    return config


@functools.cache
def adapt_gradebooks() -> None:
    """Make nbgrader wait for a gradebook that another program has locked, and create new ones fast.

    SQLite waits five seconds by default, but formgrader or an export of a large class takes longer.
    To find the version of a new gradebook's tables, nbgrader runs `alembic`, which takes seconds.
    """
    nbgrader.api.get_alembic_version = ScriptDirectory(ALEMBIC_DIR).get_current_head
    create = nbgrader.api.create_engine

    def patient(address: str, **options: Any) -> sqlalchemy.Engine:
        if address.startswith("sqlite"):
            options["connect_args"] = {"timeout": LOCK_SECONDS} | options.get("connect_args", {})
        engine: sqlalchemy.Engine = create(address, **options)
        return engine

    nbgrader.api.create_engine = patient


def course_directory(course: Path) -> CourseDirectory:
    """Return where the course in a folder keeps its submissions, releases and gradebook."""
    return CourseDirectory(config=course_config(course))


@functools.cache
def answer_stubs() -> tuple[str, str]:
    """Return what a release has in place of an answer: in a code cell, and in a text cell."""
    settings = nbgrader_config().ClearSolutions
    return settings.code_stub["python"], settings.text_stub
