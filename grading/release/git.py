"""Run git in the same way for everyone, whatever a user's settings or a hook's environment."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

SAME = ("-c", "core.autocrlf=false", "-c", "core.excludesFile=", "-c", "core.fsmonitor=false")
"""Line ends, and which files are ignored, must not depend on who publishes."""


def git(*arguments: str, at: Path, own: dict[str, str] | None = None, given: str = "") -> str:
    """Run git in a folder; return what it prints.

    Parameters
    ----------
    *arguments : str
    at : Path
        A folder of the repository.
    own : dict of str to str, optional
        Additional environment variables.
    given : str
        Text for git's standard input.

    Raises
    ------
    RuntimeError
        If git is missing or fails; the message contains git's own message.
    """
    try:
        done = subprocess.run(
            ["git", *SAME, *arguments],
            cwd=at,
            input=given,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            env=git_environment() | (own or {}),
        )
    except FileNotFoundError:
        raise RuntimeError("git is needed for this but is not installed") from None
    if done.returncode:
        raise RuntimeError(f"git {arguments[0]}: {done.stderr.strip()}")
    return done.stdout


def git_environment() -> dict[str, str]:
    """Return the environment without variables that point git to another repository.

    A git hook sets such variables.
    """
    ours = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY")
    return {name: value for name, value in os.environ.items() if name not in ours}
