"""If a machine's clock is set back or lost, no record is lost, and none changes its place."""

import json
import os
import zipfile
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from grading.judging.session import Graded
from grading.judging.verdicts import make_verdict
from grading.records import backup, collected, receipts
from grading.records.changes import changes, new_changes
from grading.records.receipts import (
    EARLIER,
    all_receipts,
    newest_receipt,
    receipt_of,
    receipt_path,
    set_aside,
    write_receipt,
)
from grading.sandbox.limits import Limits

NAMES = {"student": "ada", "assignment": "sums", "notebook": "sums"}
NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
# Noon, an hour later, then set back by a day, and a minute after that.
TIMES = [NOON, NOON + timedelta(hours=1), NOON - timedelta(days=1)]
TIMES += [NOON - timedelta(days=1, minutes=-1)]


def clock(times):
    """Return a stand-in for `datetime` for the modules that read the clock."""

    class Clock(datetime):
        @classmethod
        def now(cls, zone=None):
            return times.pop(0) if len(times) > 1 else times[0]

    return Clock


def graded(course, points):
    """Grade by hand: set the current receipt aside, and write another."""
    set_aside(receipt_path(course, **NAMES))
    verdicts = [make_verdict("double", 4.0, "failed", "", points / 4)]
    receipt = receipt_of(NAMES, {}, 1, Limits(), "bubblewrap", Graded(verdicts), 1.0)
    write_receipt(receipt, course)


def points_of(course):
    return [one["tests"][0]["points"] for _, one in all_receipts(course, "ada", "sums")]


@pytest.fixture
def course(tmp_path, monkeypatch):
    """Return a course of four gradings, with 0, 1, 2 and 3 points."""
    monkeypatch.setattr(receipts, "datetime", clock([*TIMES]))
    for points in range(4):
        graded(tmp_path, points)
    return tmp_path


def test_receipts_keep_the_order_of_grading(course):
    assert points_of(course) == [0.0, 1.0, 2.0, 3.0]


def test_the_newest_receipt_is_the_last_one_also_when_it_is_set_aside(course):
    assert newest_receipt(course, NAMES)["tests"][0]["points"] == 3.0
    set_aside(receipt_path(course, **NAMES))
    assert newest_receipt(course, NAMES)["tests"][0]["points"] == 3.0


def test_changes_come_in_the_order_in_which_they_happened(course):
    found = changes("sums", course)
    assert list(found["after"]) == [1.0, 2.0, 3.0]
    assert list(found["before"]) == [0.0, 1.0, 2.0]
    assert found["when"][1] < found["when"][0]  # they are the times that the clock showed


def test_a_change_after_the_clock_was_set_back_is_not_left_out(course):
    assert list(changes("sums", course, NOON + timedelta(minutes=30))["after"]) == [1.0, 2.0, 3.0]
    assert changes("sums", course, NOON + timedelta(hours=2)).empty


def test_changes_since_a_grading_are_found_without_a_clock(course):
    before = changes("sums", course)
    assert new_changes(before, changes("sums", course)).empty
    graded(course, 1)
    again = changes("sums", course)
    assert list(new_changes(before, again)["after"]) == [1.0]
    set_aside(receipt_path(course, **NAMES))
    taken_back = changes("sums", course)
    assert list(new_changes(again, taken_back)["before"]) == [1.0]
    graded(course, 3)
    assert list(new_changes(taken_back, changes("sums", course))["after"]) == [3.0]


def test_a_receipt_with_a_time_in_the_future_keeps_its_place(tmp_path):
    """The clock was ahead during one grading, and is right again."""
    graded(tmp_path, 0)
    path = receipt_path(tmp_path, **NAMES)
    write_receipt(
        receipts.read_receipt(path) | {"graded_at": "2099-01-01T00:00:00+00:00"}, tmp_path
    )
    os.utime(path, (4e9, 4e9))
    graded(tmp_path, 1)
    graded(tmp_path, 2)
    assert points_of(tmp_path) == [0.0, 1.0, 2.0]


def test_no_receipt_is_lost_if_the_clock_does_not_advance(tmp_path, monkeypatch):
    monkeypatch.setattr(receipts, "datetime", clock([NOON]))
    for points in range(4):
        graded(tmp_path, points)
    assert points_of(tmp_path) == [0.0, 1.0, 2.0, 3.0]
    assert len(list((tmp_path / "receipts").rglob(f"{EARLIER}/*.json"))) == 3


def test_receipts_of_before_there_were_numbers_are_in_the_order_of_their_times(tmp_path):
    folder = receipt_path(tmp_path, **NAMES).parent / EARLIER
    for points, hour in ((1, 13), (0, 12)):
        graded(tmp_path, points)
        path = receipt_path(tmp_path, **NAMES)
        old = receipts.read_receipt(path) | {"graded_at": f"2020-01-01T{hour}:00:00+00:00"}
        del old["number"]
        path.write_text(json.dumps(old))
        set_aside(path)
    assert len(list(folder.glob("*.json"))) == 2
    graded(tmp_path, 2)
    assert points_of(tmp_path) == [0.0, 1.0, 2.0]


@pytest.mark.parametrize("year", [1970, 2200])
def test_a_backup_is_made_whatever_year_the_clock_says(tmp_path, monkeypatch, year):
    monkeypatch.setattr(backup, "datetime", clock([datetime(year, 1, 1)]))
    with zipfile.ZipFile(tmp_path / "b.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(backup._entry("a.txt"), "a" * 1000)
    with zipfile.ZipFile(tmp_path / "b.zip") as archive:
        (entry,) = archive.infolist()
        assert entry.date_time[0] in (1980, 2107)
        assert entry.compress_size < entry.file_size


def test_pages_of_a_day_that_zip_does_not_know_are_put_into_it(tmp_path, monkeypatch):
    folders = {"feedback_directory": "feedback", "autograded_directory": "autograded"}
    directory = SimpleNamespace(root=str(tmp_path), **folders)
    monkeypatch.setattr(collected, "CourseDirectory", lambda config: directory)
    monkeypatch.setattr(collected, "course_config", lambda course: None)
    for folder, name in (("feedback", "sums.html"), ("autograded", "sums.ipynb")):
        (tmp_path / folder / "ada" / "sums").mkdir(parents=True)
        (tmp_path / folder / "ada" / "sums" / name).write_text("text")
    os.utime(tmp_path / "feedback" / "ada" / "sums" / "sums.html", (0, 0))
    collected.write_names(tmp_path, "sums", {"ada": "ada_1_2_a.ipynb"})
    given, _ = collected.zip_feedback("sums", tmp_path, tmp_path / "feedback.zip")
    assert given == ["ada"]
