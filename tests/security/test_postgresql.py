"""A gradebook on a server: PostgreSQL, which the test starts on this machine."""

import contextlib
import glob
import hashlib
import io
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
import zipfile
from pathlib import Path

import pytest
import small_course
import sqlalchemy
from nbgrader.api import Gradebook
from rich.console import Console
from submissions import GOOD, put_submission
from test_records import POINTS, WRONG

from grading.batch.assignment import grade_assignment
from grading.records.backup import MANIFEST, back_up, restore
from grading.records.export import grades
from grading.records.forgetting import forget_student
from grading.sandbox.commands import find_bubblewrap

NAME = small_course.NAME
PROGRAMS = sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1:]

pytestmark = [
    pytest.mark.skipif(not find_bubblewrap(), reason="no bubblewrap works here"),
    pytest.mark.skipif(
        not (PROGRAMS or shutil.which("initdb")), reason="PostgreSQL's server is not installed"
    ),
]


def program(name):
    return shutil.which(name) or f"{PROGRAMS[0]}/{name}"


def as_server(*command, **options):
    """Run one of the server's programs; it refuses to run as root."""
    if os.geteuid() == 0:
        command = ("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", *command)
    return subprocess.Popen(command, cwd="/", **options)


@pytest.fixture(scope="module")
def server():
    """Start a server in a folder of its own; return the address at which it has its databases."""
    # When another pytest starts, it closes pytest's own folder to other users again.
    folder = Path(tempfile.mkdtemp(prefix="postgresql-"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    made = as_server(program("initdb"), "-D", f"{folder}/data", "-U", "course", "-A", "trust")
    assert made.wait(120) == 0
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    options = (
        "-c",
        "listen_addresses=127.0.0.1",
        "-c",
        "unix_socket_directories=",
        "-c",
        "fsync=off",
    )
    running = as_server(
        program("postgres"),
        "-D",
        f"{folder}/data",
        "-p",
        str(port),
        *options,
        stderr=subprocess.DEVNULL,
    )
    try:
        end = time.monotonic() + 60
        while True:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            assert time.monotonic() < end, "the server does not start"
            time.sleep(0.1)
        yield f"postgresql+psycopg://course@127.0.0.1:{port}"
    finally:
        running.terminate()
        running.wait(60)
        shutil.rmtree(folder)


def course_with(address, folder, released, again=False):
    """Return a course whose gradebook is a new database of the server, or an existing one."""
    if again:
        shutil.rmtree(folder)
    else:
        engine = sqlalchemy.create_engine(f"{address}/postgres", isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(sqlalchemy.text(f'CREATE DATABASE "{folder.name}"'))
        engine.dispose()
    if released:
        shutil.copytree(released, folder)
        (folder / "gradebook.db").unlink()
    else:
        folder.mkdir()
    url = f"{address}/{folder.name}"
    (folder / "nbgrader_config.py").write_text(f"c.CourseDirectory.db_url = {url!r}\n")
    return folder


def failing_at_its_end(source, to):
    """Copy a backup, and let its gradebook fail when nearly all of it has been put back."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(to, "w") as new:
        manifest = json.loads(old.read(MANIFEST))
        for name in manifest["sha256"]:
            content = old.read(name)
            if name.endswith(".sql"):
                content += b"\nselect nothing_of_this;\n"
                manifest["sha256"][name] = hashlib.sha256(content).hexdigest()
            new.writestr(name, content)
        new.writestr(MANIFEST, json.dumps(manifest))
    return to


def points(course):
    return {grade.student: grade.score for grade in grades(NAME, course)}


def test_a_class_is_graded_exported_backed_up_and_forgotten_on_a_server(
    server, released, tmp_path, monkeypatch
):
    monkeypatch.setenv("PATH", os.pathsep.join([*PROGRAMS, os.environ["PATH"]]))
    course = course_with(server, tmp_path / "one", released)
    for student, reached in POINTS.items():
        put_submission(course, student, GOOD if reached == 3.0 else WRONG)
    said = io.StringIO()
    for _ in range(2):
        console = Console(width=120, file=said)
        assert grade_assignment(NAME, [], course, 2, "bubblewrap", console)
    assert "3 of 3 are graded already" in said.getvalue()
    assert not (course / "gradebook.db").exists()
    assert points(course) == POINTS

    back_up(course, tmp_path / "b.zip")
    there = course_with(server, tmp_path / "two", None)
    before = sorted(there.iterdir())
    with pytest.raises(ValueError, match="nothing_of_this"):
        restore(failing_at_its_end(tmp_path / "b.zip", tmp_path / "failing.zip"), there)
    assert sorted(there.iterdir()) == before
    restore(tmp_path / "b.zip", there)  # so that no table was left either
    away = tmp_path / "away"
    away.mkdir()
    (away / "nbgrader_config.py").write_text(
        "c.CourseDirectory.db_url = 'postgresql://course@127.0.0.1:1/one'\n"
    )
    with pytest.raises(ValueError, match=r"psql: .*refused"):
        restore(tmp_path / "b.zip", away)
    assert [path.name for path in away.iterdir()] == ["nbgrader_config.py"]
    assert points(there) == POINTS
    with pytest.raises(ValueError, match="restore into an empty folder"):
        restore(tmp_path / "b.zip", course_with(server, tmp_path / "two", None, again=True))
    with pytest.raises(ValueError, match=r"the backup holds gradebook\.sql"):
        restore(tmp_path / "b.zip", tmp_path / "with-a-file")

    forget_student("bob", course)
    assert points(course) == {"ada": 3.0, "céline": 3.0}
    with Gradebook(f"{server}/one") as gradebook:
        assert {student.id for student in gradebook.students} == {"ada", "céline"}
