"""The small course that is attacked, killed and sent away, released once for all tests."""

import pytest
import small_course

from grading.steps.run_nbgrader import nbgrader_api


@pytest.fixture(scope="session")
def released(tmp_path_factory):
    """Return a course folder with its release made; tests take a copy."""
    folder = tmp_path_factory.mktemp("released")
    small_course.write_course(folder)
    result = nbgrader_api(folder).generate_assignment(small_course.NAME)
    assert result["success"], result
    return folder
