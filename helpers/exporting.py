"""For the export to ONNX: hide the many warnings of the libraries that do it."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quietly() -> Iterator[None]:
    """Hide the warnings of the exporter and the quantiser, but not errors.

    The warnings are about operators that text models do not have, and about deprecated calls from
    one of these libraries to another.
    """
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(action="ignore"):
            yield
    finally:
        logging.disable(before)
