"""Visible checks: ``check("name")`` tries an answer on examples that a student may see.

A check has three possible results: the answer passes; it is wrong (the message says what was
expected, for the smallest input that shows the mistake, and names the likely mistake); or it was
not attempted yet. The examples of each lesson are in the module named after the lesson's topic.
"""

from helpers.checks.core import CheckFailed, check

__all__ = ["CheckFailed", "check"]
