"""What code in a box can read, and its variables."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import helpers
from grading.paths import ROOT
from grading.sandbox.limits import THREAD_VARIABLES
from grading.sandbox.unlabelled import unlabelled_splits

HOME = "/student"
# Settings of the processor's libraries, not of the instructor's.
PASSED_ON = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")


def python_folders() -> list[str]:
    """Return the folders of the Python environment that are not part of the system's."""
    folders = dict.fromkeys([sys.prefix, sys.base_prefix])
    return [folder for folder in folders if not Path(folder).is_relative_to("/usr")]


def shared_paths() -> dict[str, str]:
    """Return what a student's code may read: for each path outside, its path in the box."""
    package = Path(helpers.__file__).parent
    paths = {package: "/course/helpers"}
    # Only the corpora of data/: from the generators the labels of test could be made again.
    for corpus in sorted((package.parent / "data").glob("*/train.parquet")):
        paths[corpus.parent] = f"/course/data/{corpus.parent.name}"
    # The only part of this package in the box; there, `grading` is a namespace package.
    paths[ROOT / "grading" / "inside"] = "/course/grading/inside"
    if os.environ.get("COURSE_MIRROR"):
        paths[Path(os.environ["COURSE_MIRROR"]).resolve()] = "/course/mirror"
    if hub_cache().is_dir():
        paths[hub_cache()] = "/course/hub"
    shared = {str(path): inside for path, inside in paths.items()}
    return shared | unlabelled_splits(
        {path: shared[path] for path in shared if Path(path).is_dir()}
    )


def hub_cache() -> Path:
    """Return the Hub's cache of models and datasets; the user's token is not in that folder."""
    home = os.environ.get("HF_HOME") or Path.home() / ".cache" / "huggingface"
    return Path(os.environ.get("HF_HUB_CACHE") or Path(home) / "hub").resolve()


def environment() -> dict[str, str]:
    """Return the variables of the box, all of them."""
    threads = os.environ.get("OMP_NUM_THREADS") or str(os.cpu_count() or 1)
    variables = {
        "PATH": f"{sys.prefix}/bin:/usr/bin:/bin",
        "HOME": HOME,
        "USER": "student",
        "LOGNAME": "student",
        "LANG": "C.UTF-8",
        "TMPDIR": "/tmp",
        "PYTHONPATH": "/course",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONNOUSERSITE": "1",
        "PYTHONHASHSEED": "0",
        "HF_HUB_OFFLINE": "1",
        **dict.fromkeys(THREAD_VARIABLES, threads),
        **{name: os.environ[name] for name in PASSED_ON if name in os.environ},
    }
    inside = shared_paths().values()
    if "/course/mirror" in inside:
        variables["COURSE_MIRROR"] = "/course/mirror"
    if "/course/hub" in inside:
        variables["HF_HUB_CACHE"] = "/course/hub"
    return variables
