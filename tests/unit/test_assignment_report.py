"""The report of an assignment counts what happened, and never runs what a student wrote."""

import json

import numpy as np
import pytest

from grading.judging.session import Graded
from grading.judging.verdicts import make_verdict
from grading.records.assignment_report import (
    assignment_verdicts,
    common_messages,
    item_statistics,
    write_assignment_report,
)
from grading.records.receipts import receipt_of, receipt_path, recorded_verdicts, write_receipt
from grading.sandbox.limits import Limits

LESSON = "03_feature_extraction"
STRANGE = "<script>alert(1)<br>"
UNGRADED = '<td class="ungraded">?</td>'
EXERCISES = {"mean_pool": 2.0, "project": 1.0, "purity": 3.0}


def hand_in(course, student, **ended):
    """Write a receipt in which each exercise has a status and a message."""
    verdicts = [
        make_verdict(exercise, points, *ended.get(exercise, ("passed",)))
        for exercise, points in EXERCISES.items()
    ]
    names = {"student": student, "assignment": LESSON, "notebook": LESSON}
    write_receipt(receipt_of(names, {}, 1, Limits(), "bubblewrap", Graded(verdicts), 12.5), course)


@pytest.fixture
def course(tmp_path):
    hand_in(tmp_path, "zoë")
    hand_in(tmp_path, "王伟", project=("failed", "expected 0.25, got 0.5. Likely: k one off."))
    hand_in(tmp_path, "Ольга", project=("failed", "expected 0.75, got 0.1. Likely: k one off."))
    hand_in(
        tmp_path,
        STRANGE,
        mean_pool=("not attempted",),
        project=("cannot grade", "The hidden test stopped."),
        purity=("error", "ValueError: <img src=x onerror=alert(2)>."),
    )
    return tmp_path


def test_items_are_as_hard_and_as_telling_as_the_class_found_them(course):
    items = item_statistics(assignment_verdicts(LESSON, course))
    assert list(items.index) == list(EXERCISES)
    assert list(items["reached"]) == pytest.approx([0.75, 1 / 3, 0.75])  # one was not graded
    assert list(items["untouched"]) == [1, 0, 0]
    mine, rest = [2.0, 2.0, 2.0, 0.0], [4.0, 3.0, 3.0, 0.0]
    expected = np.corrcoef(mine, rest)[0, 1]
    assert items.loc["mean_pool", "discrimination"] == pytest.approx(expected)


def test_an_exercise_that_all_solve_has_no_discrimination(tmp_path):
    for student in ("ada", "bob"):
        hand_in(tmp_path, student)
    items = item_statistics(assignment_verdicts(LESSON, tmp_path))
    assert items["discrimination"].isna().all()
    write_assignment_report(LESSON, tmp_path, tmp_path / "report.html")


def test_the_map_tells_a_wrong_answer_from_one_that_stopped_and_from_one_not_attempted(course):
    write_assignment_report(LESSON, course, course / "report.html")
    page = (course / "report.html").read_text(encoding="utf-8")
    strange = page.split("&lt;script&gt;alert(1)&lt;br&gt;</th>")[2].split("</tr>")[0]
    untouched, stopped = '<td class="untouched">…</td>', '<td class="s0">×</td>'
    # The exercise `project`, which most students got wrong, comes first.
    assert strange == f"{UNGRADED}{untouched}{stopped}<td>0 / 5</td>"
    assert '<th scope="row">Ольга</th><td class="s0">0</td><td class="s10">2</td>' in page


def test_the_same_mistake_with_other_numbers_is_one_message(course):
    first, second, *_ = common_messages(assignment_verdicts(LESSON, course))
    assert (first["count"], first["exercise"]) == (2, "project")
    assert "k one off" in first["text"]
    assert second["count"] == 1


def test_page_is_self_contained_and_escaped_and_names_who_needs_help(course):
    write_assignment_report(LESSON, course, course / "report.html")
    page = (course / "report.html").read_text(encoding="utf-8")
    assert "<script>" not in page
    assert "<img src=x" not in page
    assert page.count("<img alt=") == 2
    assert page.count('aria-describedby="map-says"') == 1
    assert "http" not in page
    assert "12 s (median)" in page
    person, helped = (
        page.split(f"<h2>{title}</h2>")[1].split("<h2>")[0]
        for title in ("Needs a person", "Who needs help")
    )
    for section in (person, helped):
        assert section.count('<th scope="row">') == 1
        assert "&lt;script&gt;" in section


def test_a_submission_that_was_not_graded_needs_a_person(course):
    (course / "submitted" / "unreadable" / LESSON).mkdir(parents=True)
    write_assignment_report(LESSON, course, course / "report.html")
    page = (course / "report.html").read_text(encoding="utf-8")
    assert f'<th scope="row">unreadable</th>{3 * UNGRADED}' in page
    person = page.split("<h2>Needs a person</h2>")[1].split("<h2>")[0]
    assert person.count('<th scope="row">') == 2
    assert "unreadable" in person


def cut_short(receipt):
    return json.dumps(receipt)[:100]


def without_seconds(receipt):
    return json.dumps({part: value for part, value in receipt.items() if part != "seconds"})


def with_a_test_of_no_kind(receipt):
    return json.dumps(receipt | {"tests": [{"exercise": "project"}]})


def with_a_status_that_there_is_not(receipt):
    receipt["tests"][0]["status"] = ["passed"]
    return json.dumps(receipt)


@pytest.mark.parametrize(
    "damage",
    [cut_short, without_seconds, with_a_test_of_no_kind, with_a_status_that_there_is_not],
)
def test_a_receipt_that_cannot_be_read_needs_a_person_and_costs_nobody_else(course, damage):
    path = receipt_path(course, "zoë", LESSON, LESSON)
    path.write_text(damage(json.loads(path.read_text())))
    (course / "submitted" / "zoë" / LESSON).mkdir(parents=True)
    write_assignment_report(LESSON, course, course / "report.html")
    page = (course / "report.html").read_text(encoding="utf-8")
    person = page.split("<h2>Needs a person</h2>")[1].split("<h2>")[0]
    assert person.count('<th scope="row">') == 2
    assert f"receipts/zoë/{LESSON}/{LESSON}.json cannot be read" in person
    assert f'<th scope="row">zoë</th>{3 * UNGRADED}' in page
    assert "3 submissions, 3 exercises" in page
    ended, (note,) = recorded_verdicts(course, LESSON, "zoë")
    assert ended == []
    assert "cannot be read" in note
    ended, notes = recorded_verdicts(course, LESSON, "王伟")
    assert len(ended) == 3
    assert notes == []


def test_without_receipts_it_says_what_to_do(tmp_path):
    with pytest.raises(ValueError, match="grade it first"):
        write_assignment_report(LESSON, tmp_path, tmp_path / "report.html")
