"""The files that code in a box can read, and its environment variables."""

from __future__ import annotations

import ast
import functools
import os
import shutil
import sys
import tempfile
from pathlib import Path

import helpers
from grading.inside.asking import refusal
from grading.paths import ROOT
from grading.sandbox.folders import kept_folder
from grading.sandbox.limits import THREAD_VARIABLES
from grading.sandbox.unlabelled import unlabelled_splits

HOME = "/student"
# Variables that are passed on: settings of numerical libraries, nothing about the instructor.
PASSED_ON = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")

KEYS = ("planted.parquet",)
"""Files of a corpus that list wrong labels. They are hidden, since they reveal labels of test."""
GUARDED = {
    "features.py": ("dataset_features", "stream_features", "_compute", "run_batches", "_pooled"),
    "intervals.py": ("mean_f1_interval", "gain_interval", "_drawn"),
    "predictors.py": (
        "pipeline_predictor",
        "onnx_predictor",
        "padded",
        "load_predictor",
        "course_predictor",
    ),
    "recipes.py": ("kept_classifier", "logits_after_training", "token_logits"),
    "scores.py": ("bootstrap_scores", "_scores"),
    "training.py": ("take_step",),
}
"""Helpers that do what an exercise asks for, by file. They work in a notebook's cells, where
students may use them for an answer that is a variable, but not while a hidden test calls an answer.
"""
LEFT_OUT = {"serving.py": ("Batcher", "read_body", "_top_k", "receive", "serving_app")}
"""Helpers that are removed, by file. Guarding these is not enough: a cell could call them before a
hidden test calls the answer, and the answer could then return the result."""
GUARD = "from grading.inside.asking import refused_while_asked as _refused_while_asked"


def python_folders() -> list[str]:
    """Return the folders of the Python environment that are not part of the system (/usr)."""
    folders = dict.fromkeys([sys.prefix, sys.base_prefix])
    return [folder for folder in folders if not Path(folder).is_relative_to("/usr")]


def shared_paths() -> dict[str, str]:
    """Return what a student's code may read: for each path outside, its path in the box."""
    package = Path(helpers.__file__).parent
    paths = {boxed_helpers(package): "/course/helpers"}
    # Only the corpora of data/, because its generators could reproduce the labels of test.
    corpora = {
        str(path.parent): f"/course/data/{path.parent.name}"
        for path in sorted((package.parent / "data").glob("*/train.parquet"))
    }
    unlabelled = unlabelled_splits(corpora)
    for outside, inside in corpora.items():
        for file in sorted(Path(outside).iterdir()):
            path = f"{inside}/{file.name}"
            if file.name not in KEYS and path not in unlabelled.values():
                paths[file] = path
    # The only part of this package in the box; there, `grading` is a namespace package.
    paths[ROOT / "grading" / "inside"] = "/course/grading/inside"
    if os.environ.get("COURSE_MIRROR"):
        paths[Path(os.environ["COURSE_MIRROR"]).resolve()] = "/course/mirror"
    # Only models from the Hub's cache. Its datasets may be in any form (another configuration, a
    # conversion to Parquet, one file for all splits), so one cannot tell which rows are of test.
    for model in sorted(hub_cache().glob("models--*")):
        paths[model] = f"/course/hub/{model.name}"
    shared = {str(path): inside for path, inside in paths.items()}
    folders = {path: shared[path] for path in shared if Path(path).is_dir()}
    return shared | unlabelled | unlabelled_splits(folders)


@functools.cache
def boxed_helpers(package: Path) -> Path:
    """Return a copy of `helpers` without functions that answer an exercise; see `GUARDED`.

    Otherwise ``from helpers.serving import serving_app as create_app`` would earn all points.
    """
    folder = Path(_kept_folder().name) / "helpers"
    shutil.copytree(package, folder, ignore=shutil.ignore_patterns("__pycache__"))
    for name in (*GUARDED, *LEFT_OUT):
        path = folder / name
        source = path.read_text(encoding="utf-8")
        changed = without_answers(source, GUARDED.get(name, ()), LEFT_OUT.get(name, ()))
        path.write_text(changed, encoding="utf-8")
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)  # a box runs as another user
    return folder


@functools.cache
def _kept_folder() -> tempfile.TemporaryDirectory[str]:
    """Return a folder that is removed when this process ends."""
    return kept_folder("helpers-")


def without_answers(source: str, guarded: tuple[str, ...], left_out: tuple[str, ...]) -> str:
    """Return a module's source, changed so that some functions refuse to run.

    Those in `guarded` refuse while a hidden test calls an answer; those in `left_out` always do.

    Raises
    ------
    LookupError
        If the module does not define one of them.
    """
    defined = {
        node.name: node
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    }
    missing = [name for name in (*guarded, *left_out) if name not in defined]
    if missing:
        raise LookupError(f"the helpers define no {', '.join(missing)}; see {__file__}")
    lines = source.split("\n")
    # From the last to the first, so that the line numbers of earlier functions stay right.
    for name, node in sorted(defined.items(), key=lambda pair: -pair[1].lineno):
        first = min([node.lineno, *(part.lineno for part in node.decorator_list)]) - 1
        if name in guarded:
            lines[first:first] = [GUARD, "", "", "@_refused_while_asked"]
        elif name in left_out:
            message = refusal(name)
            lines[first : node.end_lineno] = [
                f"def {name}(*_: object, **__: object):",
                f"    raise RuntimeError({message!r})",
            ]
    return "\n".join(lines)


def hub_cache() -> Path:
    """Return the folder of the Hub's models and datasets; the user's token is not in it."""
    home = os.environ.get("HF_HOME") or Path.home() / ".cache" / "huggingface"
    return Path(os.environ.get("HF_HUB_CACHE") or Path(home) / "hub").resolve()


def environment() -> dict[str, str]:
    """Return all environment variables of the box."""
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
        "PIP_RETRIES": "0",  # else each `%pip install` waits ten seconds, without network
        **dict.fromkeys(THREAD_VARIABLES, threads),
        **{name: os.environ[name] for name in PASSED_ON if name in os.environ},
    }
    inside = shared_paths().values()
    if "/course/mirror" in inside:
        variables["COURSE_MIRROR"] = "/course/mirror"
    if any(path.startswith("/course/hub/") for path in inside):
        variables["HF_HUB_CACHE"] = "/course/hub"
    return variables
