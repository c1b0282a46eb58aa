"""Visible checks: ``check("name")`` tries an answer on examples that a student may see.

A check tells three things apart: the answer passes; it is wrong (what was expected, the smallest
input that shows it, the likely mistake); it was not attempted yet. The examples of each lesson
stand in the module of the lesson's topic.
"""

from helpers.checks.core import CheckFailed, check

__all__ = ["CheckFailed", "check"]
