"""nbgrader's settings for this course: the one place that reads them and sets a course's folder.

Everything else asks here, so that a course in another folder, or a gradebook on a server, is the
same to every step. The settings' files import the rooms whose classes they name, so they are read
when a function is called, never while a module is imported.
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
# What grading rests on: nobody's other settings may take it out.
FIXED = ("Autograde", "GenerateAssignment", "GenerateFeedback", "HTMLExporter")
LOADERS = {"nbgrader_config.json": JSONFileConfigLoader, "nbgrader_config.py": PyFileConfigLoader}
LOCK_SECONDS = 120.0
"""How long to wait for a gradebook that another program holds."""


def nbgrader_config(root: Path = ROOT) -> Config:
    """Return nbgrader's settings for a folder, from where nbgrader itself looks for them.

    The course's own come first; above them, each over those before, the system's, the environment's
    and the user's in Jupyter's folders, and those of the folder.
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
    """Have nbgrader wait for a gradebook that another program holds, and make new ones quickly.

    SQLite's own five seconds are less than formgrader or an export of a large class takes. To learn
    which version of its tables a new gradebook has, nbgrader starts `alembic`, for seconds.
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
    """Return where the course in a folder has its submissions, releases and gradebook."""
    return CourseDirectory(config=course_config(course))


@functools.cache
def answer_stubs() -> tuple[str, str]:
    """Return what stands in a release in place of an answer: in a code cell, and in a text cell."""
    settings = nbgrader_config().ClearSolutions
    return settings.code_stub["python"], settings.text_stub
