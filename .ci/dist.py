"""Write the files of a release to dist/: the wheel, the notebooks and the release notes.

    python .ci/dist.py v0.1.0

The wheel is built twice, from this folder and from an export of the tagged commit. The two must be
identical, byte for byte. Nothing is built if the tag, pyproject.toml, CITATION.cff and CHANGELOG.md
do not name the same version.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def version_problems(tag: str, project: str, citation: str, changelog: str) -> list[str]:
    """Return the contradictions between a tag and the texts of three files."""
    version = tomllib.loads(project)["project"]["version"]
    problems = []
    if tag != f"v{version}":
        problems.append(f"the tag is {tag!r}, but pyproject.toml says version {version!r}")
    if not re.search(rf'(?m)^version: "?{re.escape(version)}"?$', citation):
        problems.append(f"CITATION.cff does not say version {version}")
    if not notes(changelog, version):
        problems.append(f"CHANGELOG.md has no section with a date for {version}")
    return problems


def notes(changelog: str, version: str) -> str:
    """Return a version's dated section without its heading; empty if there is no such section."""
    heading = rf"## \[?{re.escape(version)}\]? - \d{{4}}-\d\d-\d\d\n"
    found = re.search(rf"(?ms)^{heading}(.*?)(?=^## |\Z)", changelog)
    return found[1].strip() if found else ""


def git(*arguments: str, **options) -> str:
    command = ["git", *arguments]
    return subprocess.run(
        command, cwd=ROOT, check=True, capture_output=True, text=True, **options
    ).stdout.strip()


def wheel_of(source: Path, folder: Path) -> Path:
    """Build a wheel whose files have the time of the commit; return its path."""
    environment = os.environ | {"SOURCE_DATE_EPOCH": git("log", "-1", "--format=%ct")}
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--quiet"]
    subprocess.run([*command, "--wheel-dir", folder, source], check=True, env=environment)
    (wheel,) = folder.glob("*.whl")
    return wheel


def main(tag: str) -> None:
    files = ("pyproject.toml", "CITATION.cff", "CHANGELOG.md")
    texts = [(ROOT / name).read_text(encoding="utf-8") for name in files]
    if problems := version_problems(tag, *texts):
        sys.exit("\n".join(problems))
    version = tag.removeprefix("v")
    dist = ROOT / "dist"
    shutil.rmtree(dist, ignore_errors=True)
    dist.mkdir()
    (dist / "notes.md").write_text(notes(texts[2], version) + "\n", encoding="utf-8")
    wheel = wheel_of(ROOT, dist)
    with tempfile.TemporaryDirectory() as folder:
        exported = Path(folder, "exported")
        git("archive", "--format=zip", "--output", f"{folder}/exported.zip", "HEAD")
        shutil.unpack_archive(f"{folder}/exported.zip", exported)
        again = wheel_of(exported, Path(folder, "again"))
        if again.read_bytes() != wheel.read_bytes():
            sys.exit(f"{wheel.name} differs when it is built again from the commit alone")
    name = f"notebooks-{version}"
    target = dist / f"{name}.zip"
    git(
        "archive",
        "--format=zip",
        f"--prefix={name}/",
        "--output",
        target,
        "HEAD",
        "notebooks",
        "LICENSE",
    )
    print(*sorted(path.relative_to(ROOT) for path in dist.iterdir()), sep="\n")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "")
