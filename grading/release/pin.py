"""Which commit notebooks install: `tool.course.commit` in pyproject.toml."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

from grading.paths import ROOT
from grading.release.source import BuildError

INSTALLED = ("helpers", "grading", "course.py", "data", "lab")
"""What the course's wheel is made of, beside pyproject.toml."""


def pin(root: Path = ROOT) -> str:
    """Write the commit that notebooks are to install into pyproject.toml, and return it.

    It is the current one, unless what is set already installs the same.

    Raises
    ------
    BuildError
        If what would be installed is not committed.
    """
    if not pin_problem(root):
        return _pinned(root)
    if _git(root, "status", "--porcelain", "--", *INSTALLED, "pyproject.toml"):
        raise BuildError("commit what notebooks are to install, then run `course pin`")
    commit = _git(root, "rev-parse", "HEAD").strip()
    settings = root / "pyproject.toml"
    text, count = re.subn(
        "(?m)^commit = .*$", f'commit = "{commit}"', settings.read_text(encoding="utf-8")
    )
    if count != 1:
        raise BuildError("pyproject.toml needs one line `commit = …` below [tool.course]")
    settings.write_text(text, encoding="utf-8")
    return commit


def pin_problem(root: Path = ROOT) -> str:
    """Return why notebooks install something else than what lies here, else "".

    Raises
    ------
    BuildError
        If git cannot tell.
    """
    commit = _pinned(root)
    try:
        earlier = tomllib.loads(_git(root, "show", f"{commit}:pyproject.toml"))
    except BuildError:
        return f"notebooks install commit {commit}, which is not in this repository's history"
    now = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    changed = _git(root, "diff", "--name-only", commit, "--", *INSTALLED).split()
    if _building(earlier) != _building(now):
        changed.append("pyproject.toml")
    if changed:
        shown = ", ".join(changed[:3]) + (", …" if len(changed) > 3 else "")
        return f"notebooks install commit {commit}, which has other versions of {shown}"
    return ""


def _pinned(root: Path) -> str:
    settings = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    return str(settings["tool"]["course"].get("commit"))


def _building(settings: dict) -> tuple[object, ...]:
    """Return the parts of pyproject.toml on which it depends what is installed."""
    return settings["build-system"], settings["project"], settings["tool"]["hatch"]


def _git(root: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", root, *arguments], capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        raise BuildError("git is needed to tell what notebooks install") from None
    if done.returncode:
        raise BuildError(f"git {arguments[0]}: {done.stderr.strip()}")
    return done.stdout
