"""Every test runs on the embedded data and model; real data is asked for by name."""

import os
import shutil
import tempfile
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


EXECUTED = pytest.StashKey[Path]()
"""What has become of the notebooks, which are executed beside the tests."""


def pytest_addoption(parser):
    parser.addoption(
        "--notebooks", action="store_true", help="execute all notebooks beside the tests"
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
    """What waits for the notebooks comes last."""
    waiting = {"executed", "after_lesson"}
    items.sort(key=lambda item: not waiting.isdisjoint(getattr(item, "fixturenames", ())))


class FailuresAtOnce:
    """Show each failure as it happens: a run that is cut off has told what failed before."""

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
    """Return the folder of what has become of the notebooks."""
    if EXECUTED not in request.session.stash:
        pytest.skip("only with --notebooks, as `make test` has it")
    return request.session.stash[EXECUTED]


@pytest.fixture(scope="session")
def after_lesson(request):
    """Return a function that waits for a lesson that is being executed: what it keeps is used."""

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
