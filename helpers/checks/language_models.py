"""Visible checks of lesson 8."""

from __future__ import annotations
