"""Mutants are small changes of an answer: each occurs once, and each is valid Python."""

import ast

import pytest

from grading.proof.mutants import mutated


def names(source):
    return [name.split(": ", 1)[1] for name, _ in mutated(source)]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("return a < b", ["a < b → a <= b", "a < b → a >= b"]),
        ("return a + b", ["a + b → a - b"]),
        ("return a and not b", ["a and (not b) → a or not b", "not b → b"]),
        ("return -1", ["-1 → 1", "1 → 2", "1 → 0"]),
        ("return f(a, b)", ["f(a, b) → f(b, a)"]),
        ("return f(a, key=b)", ["f(a, key=b) → f(a)"]),
        ("return True", ["True → False"]),
        ("return 0.5", ["0.5 → 1.5", "0.5 → 0.45"]),
    ],
)
def test_operators(body, expected):
    found = names(f"def answer(a, b):\n    {body}")
    assert [name for name in found if not name.endswith("→ return")] == expected


def test_statements_are_taken_out_and_results_dropped():
    found = names("def answer(a):\n    a = g(a)\n    return a")
    assert found == ["a = g(a) → pass", "return a → return"]


def test_exceptions_and_the_values_they_name_but_not_their_wording():
    found = names("def answer(a):\n    raise ValueError(f'{a} is no label')")
    assert len(found) == 3
    assert found[0].endswith("raise RuntimeError(f'{a} is no label')")
    assert found[2] == "{a} → ''"


def test_docstrings_and_annotations_stay_and_defaults_change():
    found = names('def answer(a: "Tensor", k: int = 3) -> "Tensor":\n    "Two."\n    return a')
    assert found == ["3 → 4", "3 → 2", "return a → return"]


def test_every_mutant_is_another_program():
    source = (
        "def answer(a, b):\n    for x in a:\n        if x != b:\n            break\n    return x"
    )
    sources = [text for _, text in mutated(source)]
    assert len(set(sources)) == len(sources) > 3
    assert all(ast.parse(text) for text in sources)
