"""Set or check the commit that notebooks install: `tool.course.commit` in pyproject.toml."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import nbformat

from grading.paths import ROOT
from grading.release.git import git
from grading.release.source import BuildError, address_in, installed_from, installed_wheel

INSTALLED = ("helpers", "grading", "course.py", "data", "lab")
"""The parts of the course's wheel, apart from pyproject.toml."""


def pin(root: Path = ROOT) -> str:
    """Write the commit that notebooks will install into pyproject.toml, and return it.

    It is the current commit, unless the one that is set already installs the same files.

    Raises
    ------
    BuildError
        If files that would be installed are not committed, or notebooks install a wheel.
    """
    if wheel := installed_wheel(root):
        raise BuildError(f"notebooks install {wheel}; remove `wheel` from pyproject.toml to pin")
    if not commit_problem(root):
        return _pinned(root)
    if git("status", "--porcelain", "--", *INSTALLED, "pyproject.toml", at=root):
        raise BuildError("commit the files that notebooks install, then run `course pin`")
    commit = git("rev-parse", "HEAD", at=root).strip()
    settings = root / "pyproject.toml"
    text, count = re.subn(
        "(?m)^commit = .*$", f'commit = "{commit}"', settings.read_text(encoding="utf-8")
    )
    if count != 1:
        raise BuildError("pyproject.toml needs one line `commit = …` below [tool.course]")
    settings.write_text(text, encoding="utf-8")
    return commit


def pin_problem(root: Path = ROOT) -> str:
    """Return why notebooks do not install the files in this folder, and what to do; else "".

    The contents of a wheel are unknown here: if one is set, only its address is compared.

    Raises
    ------
    RuntimeError
        If git fails.
    """
    if not installed_wheel(root) and (problem := commit_problem(root)):
        return f"{problem}; commit, then run `course pin` and `course build`"
    wanted = installed_from(root)
    for path in sorted((root / "notebooks").rglob("*.ipynb")):
        if ".ipynb_checkpoints" in path.parts:
            continue
        found = address_in(nbformat.read(path, as_version=nbformat.NO_CONVERT))
        if found != wanted:
            name = path.relative_to(root).as_posix()
            return f"{name} installs {found}, not {wanted}; run `course build`"
    return ""


def commit_problem(root: Path = ROOT) -> str:
    """Return why the commit that is set would not install the files in this folder; else ""."""
    commit = _pinned(root)
    try:
        changed = other_versions(root, commit)
    except RuntimeError:
        if git("rev-parse", "--is-shallow-repository", at=root).strip() == "true":
            raise BuildError(
                f"the history here is incomplete, without commit {commit}: run "
                "`git fetch --unshallow` first"
            ) from None
        return f"notebooks install commit {commit}, which is not in this repository's history"
    if changed:
        shown = ", ".join(changed[:3]) + (", …" if len(changed) > 3 else "")
        return f"notebooks install commit {commit}, which has other versions of {shown}"
    return ""


def other_versions(repository: Path, commit: str, tree: str = "") -> list[str]:
    """Return which installed files differ between a commit and a tree.

    Parameters
    ----------
    repository : Path
    commit : str
    tree : str
        A tree or a commit; if empty, the files in the repository's folder.

    Raises
    ------
    RuntimeError
        If git does not know one of them.
    """
    name = "pyproject.toml"
    earlier = git("show", f"{commit}:{name}", at=repository)
    if tree:
        now = git("show", f"{tree}:{name}", at=repository)
    else:
        now = (repository / name).read_text(encoding="utf-8")
    compared = (commit, tree) if tree else (commit,)
    changed = git("diff", "--name-only", *compared, "--", *INSTALLED, at=repository).splitlines()
    return changed + ([name] if _building(earlier) != _building(now) else [])


def _pinned(root: Path) -> str:
    settings = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    return str(settings["tool"]["course"].get("commit"))


def _building(settings: str) -> tuple[object, ...]:
    """Return the parts of pyproject.toml that determine what is installed."""
    read = tomllib.loads(settings)
    return read["build-system"], read["project"], read["tool"]["hatch"]
