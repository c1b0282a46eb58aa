"""Every test runs on the embedded data and model; real data is asked for by name."""

import os
from pathlib import Path

import pytest

# Taken out before anything is imported, so that no test meets the real data by chance.
_MIRROR = os.environ.pop("COURSE_MIRROR", None)
os.environ["HF_HUB_OFFLINE"] = "1"


@pytest.fixture(scope="session")
def mirror() -> Path:
    """Return the folder of the real datasets; without one, the test is skipped."""
    if not _MIRROR:
        pytest.skip("COURSE_MIRROR is not set: this test reads the real datasets")
    return Path(_MIRROR).resolve()
