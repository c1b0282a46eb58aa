"""Plumbing of the export to ONNX: silence where the libraries below have much to say."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quietly() -> Iterator[None]:
    """Hold back the notes of the exporter and the quantiser; errors pass.

    They speak of operators that text models have none of, and of deprecations between their own
    parts.
    """
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(action="ignore"):
            yield
    finally:
        logging.disable(before)
