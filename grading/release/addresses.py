"""Addresses of the course and its students' edition, from `tool.course` in pyproject.toml."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlencode

from grading.paths import ROOT

BADGE = "https://colab.research.google.com/assets/colab-badge.svg"


@dataclass(frozen=True)
class Addresses:
    """A course's addresses.

    Attributes
    ----------
    repository : str
        Owner and name on GitHub of the whole course, with answers and tests.
    students_repository : str
        The same for the students' edition. Without a setting: the name above with ``-students``.
    students_branch : str
    hub : str
        A JupyterHub with nbgitpuller on which students work; empty if there is none.
    """

    repository: str
    students_repository: str
    students_branch: str
    hub: str

    @property
    def students_page(self) -> str:
        return f"https://github.com/{self.students_repository}"

    def in_colab(self, notebook: str) -> str:
        """Return the link that opens a notebook of the edition in Colab."""
        place = f"{self.students_repository}/blob/{self.students_branch}/{notebook}"
        return f"https://colab.research.google.com/github/{place}"

    def on_hub(self, notebook: str) -> str:
        """Return the nbgitpuller link that fetches the edition and opens a notebook of it.

        Raises
        ------
        ValueError
            If the settings name no hub.
        """
        if not self.hub:
            raise ValueError("tool.course.hub in pyproject.toml must name a JupyterHub")
        folder = self.students_repository.rpartition("/")[2]
        wanted = {
            "repo": self.students_page,
            "branch": self.students_branch,
            "urlpath": f"lab/tree/{folder}/{notebook}",
        }
        query = urlencode(wanted, quote_via=quote, safe="")
        return f"{self.hub.rstrip('/')}/hub/user-redirect/git-pull?{query}"


def addresses(root: Path = ROOT) -> Addresses:
    """Return the addresses of the course in a folder."""
    text = (root / "pyproject.toml").read_text(encoding="utf-8")
    settings = tomllib.loads(text)["tool"]["course"]
    repository = settings["repository"]
    return Addresses(
        repository,
        settings.get("students_repository", f"{repository}-students"),
        settings.get("students_branch", "main"),
        settings.get("hub", ""),
    )
