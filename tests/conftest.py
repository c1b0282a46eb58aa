"""Every test uses the embedded data and model; a test of real data asks for them by name."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

# Removed before anything is imported, so that no test uses the real data by accident.
_MIRROR = os.environ.pop("COURSE_MIRROR", None)
os.environ["HF_HUB_OFFLINE"] = "1"


@pytest.fixture(scope="session")
def mirror() -> Path:
    """Return the folder of the real datasets; without one, the test is skipped."""
    if not _MIRROR:
        pytest.skip("COURSE_MIRROR is not set: this test reads the real datasets")
    return Path(_MIRROR).resolve()


EXECUTED = pytest.StashKey[Path]()
"""The results of the notebooks, which are executed at the same time as the tests."""


def pytest_addoption(parser):
    parser.addoption(
        "--notebooks", action="store_true", help="execute all notebooks while the tests are running"
    )


def pytest_sessionstart(session):
    if session.config.getoption("--notebooks"):
        from execute_all import start

        from grading.sandbox.limits import share_processors, threads_of

        # Half of the processors for the notebooks, half for the tests: two trainings that both
        # start a thread on every processor wait for each other most of the time.
        share_processors(threads_of(2))
        session.stash[EXECUTED] = Path(tempfile.mkdtemp(prefix="notebooks-"))
        start(session.stash[EXECUTED])


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Run tests that wait for the notebooks last."""
    waiting = {"executed", "after_lesson"}
    items.sort(key=lambda item: not waiting.isdisjoint(getattr(item, "fixturenames", ())))


class FailuresAtOnce:
    """Show each failure as it happens, so that an interrupted run has shown the failures so far."""

    def __init__(self, config):
        self.plugins = config.pluginmanager

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report):
        terminal = self.plugins.get_plugin("terminalreporter")
        if report.failed and terminal:
            terminal.write_line(f"\n{report.nodeid} ({report.when})\n{report.longreprtext}")


def pytest_configure(config):
    if os.environ.get("CI"):
        config.pluginmanager.register(FailuresAtOnce(config))


@pytest.fixture(scope="session")
def executed(request) -> Path:
    """Return the folder with the results of the notebooks."""
    if EXECUTED not in request.session.stash:
        pytest.skip("needs --notebooks, which `make test` sets")
    return request.session.stash[EXECUTED]


@pytest.fixture(scope="session")
def after_lesson(request):
    """Return a function that waits for a lesson that is still executed, to use what it stores."""

    def wait(name: str) -> None:
        if EXECUTED in request.session.stash:
            from execute_all import outcome

            outcome(name, request.session.stash[EXECUTED])

    return wait


def pytest_sessionfinish(session):
    if EXECUTED in session.stash:
        from execute_all import stop

        stop(session.stash[EXECUTED])
        shutil.rmtree(session.stash[EXECUTED], ignore_errors=True)
