"""A course's records in one file, with checksums.

A backup can be made during grading. It is restored completely or not at all.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from nbgrader.coursedir import CourseDirectory
from sqlalchemy.engine import URL, make_url

from grading.records.late import DEADLINES
from grading.settings import course_config

MANIFEST = "manifest.json"
DATABASE = {"sqlite": "gradebook.sqlite", "postgresql": "gradebook.sql"}
"""The gradebook's file name in a backup, by the kind of database."""
SETTINGS = ("nbgrader_config.py", "nbgrader_config.json", DEADLINES)
FOLDERS = ("receipts", "collected", "private")
STEPS = ("source", "release", "submitted", "autograded", "feedback")


def back_up(course: Path, to: Path) -> int:
    """Write a course's files and its gradebook into a ZIP file; return how many files are in it.

    The gradebook is read in one database transaction. What a grader writes meanwhile may be in the
    files but not in the gradebook yet: then the next `course grade` grades it again.

    Raises
    ------
    FileExistsError
        If the file exists already.
    ValueError
        If there is no gradebook, or no way to read it.
    """
    if to.exists():
        raise FileExistsError(f"{to} exists already: choose another name")
    directory = CourseDirectory(config=course_config(course))
    url = make_url(directory.db_url)
    part = to.with_name(f".{to.name}.part")
    sums: dict[str, str] = {}
    try:
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
            with _gradebook(url) as copy:
                sums[DATABASE[url.get_backend_name()]] = _add(archive, copy, copy.name)
            for path, name in _files(directory):
                try:
                    sums[name] = _add(archive, path, name)
                except FileNotFoundError:
                    continue  # its submission is being graded again
            about = {"made": datetime.now(UTC).isoformat(timespec="seconds"), "sha256": sums}
            archive.writestr(_entry(MANIFEST), json.dumps(about, indent=1))
        part.replace(to)
    finally:
        part.unlink(missing_ok=True)
    return len(sums)


def restore(source: Path, course: Path) -> int:
    """Restore a backup into a course's folder that has no gradebook; return how many files.

    Nothing is written before the checksums of all files are checked. If the folder already has
    settings, for example on another machine with another database, they are kept.

    Raises
    ------
    ValueError
        If the file is not a backup, something in it has changed, or the folder has records already.
    """
    course.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=course, prefix=".restore-") as folder:
        sums = _unpacked(source, Path(folder))
        directory = CourseDirectory(config=course_config(course))
        url = make_url(directory.db_url)
        database = DATABASE.get(url.get_backend_name())
        if database not in sums:
            kinds = ", ".join(sorted(set(DATABASE.values()) & sums.keys()))
            where = url.render_as_string()
            raise ValueError(f"the settings name the gradebook {where}; the backup holds {kinds}")
        kept = {name for name in SETTINGS if (course / name).exists()}
        files = sums.keys() - {database} - kept
        taken = sorted(name for name in files if (course / name).exists())
        if taken or _has_tables(url):
            what = taken[0] if taken else url.render_as_string()
            raise ValueError(f"{what} exists already: restore into an empty folder")
        _put_back(Path(folder) / database, url)  # first: if it fails, no file has been moved yet
        for name in files:
            (course / name).parent.mkdir(parents=True, exist_ok=True)
            (Path(folder) / name).replace(course / name)
    return len(files) + 1


def _files(directory: CourseDirectory) -> Iterator[tuple[Path, str]]:
    """Yield a course's files and their paths relative to its folder."""
    root = Path(directory.root)
    names = [getattr(directory, f"{step}_directory") for step in STEPS]
    for name in dict.fromkeys([*names, *FOLDERS]):
        for path in sorted((root / name).rglob("*")):
            if path.is_file() and not path.is_symlink():
                yield path, path.relative_to(root).as_posix()
    for name in SETTINGS:
        if (root / name).is_file():
            yield root / name, name


def _add(archive: zipfile.ZipFile, path: Path, name: str) -> str:
    """Put a file into an archive; return the hash of the content that was put there."""
    content = path.read_bytes()
    archive.writestr(_entry(name), content)
    return hashlib.sha256(content).hexdigest()


def _entry(name: str) -> zipfile.ZipInfo:
    """Return an archive's entry with the current time, or the nearest time that ZIP supports."""
    now = min(max(datetime.now(), datetime(1980, 1, 1)), datetime(2107, 12, 31))
    made = zipfile.ZipInfo(name, now.timetuple()[:6])
    # `writestr` sets these itself if it gets only a name.
    made.compress_type, made.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
    return made


def _unpacked(source: Path, folder: Path) -> dict[str, str]:
    """Unpack a backup and check it; return its files' hashes."""
    try:
        with zipfile.ZipFile(source) as archive:
            sums: dict[str, str] = json.loads(archive.read(MANIFEST))["sha256"]
            for name, expected in sums.items():
                if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
                    raise ValueError(f"{source} has {name}, a path outside the course's folder")
                content = archive.read(name)
                if hashlib.sha256(content).hexdigest() != expected:
                    raise ValueError(f"{name} in {source} has changed since it was backed up")
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_bytes(content)
    except (zipfile.BadZipFile, KeyError, TypeError, EOFError) as error:
        raise ValueError(f"{source} is not a course's backup, or is damaged: {error}") from None
    return sums


@contextmanager
def _gradebook(url: URL) -> Iterator[Path]:
    """Yield a copy of a gradebook, all of it from the same moment."""
    kind = url.get_backend_name()
    if kind not in DATABASE:
        raise ValueError(f"a gradebook in {kind} cannot be backed up here: use {kind}'s own tools")
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / DATABASE[kind]
        if kind == "postgresql":
            _run("pg_dump", url, "--no-owner", "--file", str(copy))
        elif not url.database or not Path(url.database).is_file():
            raise ValueError(f"there is no gradebook at {url.database}")
        else:
            with sqlite3.connect(url.database, timeout=120) as old, sqlite3.connect(copy) as new:
                old.backup(new)
            old.close()
            new.close()
        yield copy


def _has_tables(url: URL) -> bool:
    if url.get_backend_name() == "sqlite":
        return Path(url.database or "").exists()
    # Without a table this prints an empty line; a server that cannot be reached is an error.
    found = _run("psql", url, "--tuples-only", "--command", "select to_regclass('assignment')")
    return bool(found.strip())


def _put_back(copy: Path, url: URL) -> None:
    if url.get_backend_name() == "sqlite":
        place = Path(url.database or "")
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(copy, place)
    else:
        options = ("--quiet", "--single-transaction", "--set", "ON_ERROR_STOP=1")
        _run("psql", url, *options, "--file", str(copy))


def _run(program: str, url: URL, *options: str) -> str:
    """Run one of PostgreSQL's programs on a gradebook; return what it prints.

    Raises
    ------
    ValueError
        If it is not installed, or fails; the message contains the program's own message.
    """
    if shutil.which(program) is None:
        raise ValueError(f"{program} is not installed: it comes with PostgreSQL's client programs")
    plain = url.set(drivername="postgresql", password=None)
    secret = {"PGPASSWORD": url.password} if url.password else {}
    done = subprocess.run(
        [program, "--dbname", plain.render_as_string(), *options],
        env=os.environ | secret,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise ValueError(f"{program}: {done.stderr.strip()}")
    return done.stdout
