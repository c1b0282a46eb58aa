"""Run tests again as an ordinary user, if they were started by root."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from grading.paths import ROOT

OWN_MOUNTS = ("unshare", "--mount", "--propagation", "private", "sh", "-c")
USER = 61234
"""A number that no account has: what an ordinary user may do does not depend on a name."""


def reason_not_to() -> str:
    """Return why tests cannot be run as another user here, or an empty string."""
    if os.geteuid() != 0:
        return "the tests are run by an ordinary user already"
    missing = [name for name in ("unshare", "setpriv", "mount") if not shutil.which(name)]
    return f"{missing[0]} is missing" if missing else ""


def run_as_ordinary_user(command: list[str], group: Path | None = None) -> str:
    """Run a command as an ordinary user; return what it printed.

    The user sees the course and the Python environment, even if those are in a folder that is
    closed to other users: for this command alone, such a folder is replaced by one that is open.
    The interpreter belongs to the user, as it does if users have installed it for themselves.

    Parameters
    ----------
    command : list of str
    group : Path or None
        A control group in which the user may create others.
    """
    lines = ["set -e"]
    if group:
        lines.append(f"echo $$ > {shlex.quote(str(group / 'cgroup.procs'))}")
    with tempfile.TemporaryDirectory() as aside:
        os.chmod(aside, 0o755)
        home = Path(aside) / "home"
        home.mkdir()
        os.chown(home, USER, USER)
        lines += _opened({ROOT, Path(sys.prefix), Path(sys.base_prefix)}, Path(aside))
        python, own = os.path.realpath(sys.executable), str(Path(aside) / "python")
        shutil.copy(python, own)
        os.chown(own, USER, USER)
        lines.append(f"mount --bind {shlex.quote(own)} {shlex.quote(python)}")
        lines.append('exec setpriv --reuid $0 --regid $0 --clear-groups -- "$@"')
        variables = {"HOME": str(home), "TMPDIR": str(home), "PYTHONDONTWRITEBYTECODE": "1"}
        variables["PYTEST_ADDOPTS"] = ""  # they are for the tests that started this
        done = subprocess.run(
            [*OWN_MOUNTS, "\n".join(lines), str(USER), *command],
            env=os.environ | variables,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
    if done.returncode:
        raise AssertionError(f"as an ordinary user:\n{done.stdout[-6000:]}")
    return done.stdout


def _opened(needed: set[Path], aside: Path) -> list[str]:
    """Return the shell commands that let everybody reach some folders."""
    kept, closed, opened = [], {}, []
    for number, path in enumerate(sorted(needed)):
        shut = [above for above in path.parents if not above.stat().st_mode & 0o001]
        if shut:
            place, held = shlex.quote(str(path)), shlex.quote(str(aside / str(number)))
            kept.append(f"mkdir {held}; mount --bind {place} {held}")
            closed[shlex.quote(str(shut[-1]))] = None
            opened.append(f"mkdir -p {place}; mount --bind {held} {place}")
    return [*kept, *(f"mount -t tmpfs -o mode=0755 none {folder}" for folder in closed), *opened]
