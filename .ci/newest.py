"""Print what the course and its tests require, without pinned versions.

The weekly canary, a CI job that tests the newest releases, installs these.
"""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
EXTRAS = ("instructor", "cluster", "test")


def unpinned(requirement: str) -> str:
    """Return a requirement without its version; extras and markers stay."""
    return re.sub(r"==[^;\s]+", "", requirement)


def newest(root: Path = ROOT) -> list[str]:
    """Return the requirements as pip takes them in a file, without versions."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    groups = [project["dependencies"], *(project["optional-dependencies"][name] for name in EXTRAS)]
    return [unpinned(requirement) for group in groups for requirement in group]


if __name__ == "__main__":
    print("\n".join(newest()))
