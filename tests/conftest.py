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
def mirror(pytestconfig) -> Path:
    """Return the folder of the real datasets; without one, the test is skipped."""
    # A worker of pytest-xdist starts after the variable was removed, so it is told.
    folder = pytestconfig.workerinput["mirror"] if is_worker(pytestconfig) else _MIRROR
    if not folder:
        pytest.skip("COURSE_MIRROR is not set: this test reads the real datasets")
    return Path(folder).resolve()


EXECUTED = pytest.StashKey[Path]()
"""The results of the notebooks, which are executed at the same time as the tests."""


def pytest_addoption(parser):
    parser.addoption(
        "--notebooks",
        action="store_true",
        help="execute notebooks while the tests are running; lesson 4 only if it has changed",
    )
    parser.addoption(
        "--everything",
        action="store_true",
        help="as --notebooks, and in any case lesson 4 and the known answers (test_prove.py)",
    )


def pytest_sessionstart(session):
    every = session.config.getoption("--everything")
    if not (every or session.config.getoption("--notebooks")):
        return
    from execute_all import FOUR, has_run, start

    from grading.sandbox.limits import share_processors, threads_of
    from helpers.lessons import LESSONS

    # Half of the processors for the notebooks, half for the tests: two trainings that both
    # start a thread on every processor wait for each other most of the time.
    share_processors(threads_of(2))
    if is_worker(session.config):
        session.config.stash[EXECUTED] = Path(session.config.workerinput["executed"])
    else:
        session.config.stash[EXECUTED] = Path(tempfile.mkdtemp(prefix="notebooks-"))
        lessons = [lesson for lesson in LESSONS if every or lesson != FOUR or not has_run()]
        start(session.config.stash[EXECUTED], lessons)


def is_worker(config) -> bool:
    """Tell whether this process is one of those among which pytest-xdist divides the tests."""
    return hasattr(config, "workerinput")


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node):
    """Tell a worker of pytest-xdist where the results of the notebooks and the real data are."""
    node.workerinput["mirror"] = _MIRROR
    if EXECUTED in node.config.stash:
        node.workerinput["executed"] = str(node.config.stash[EXECUTED])


WAITING = (
    "test_bootstrap.py",
    "test_equal_labels.py",
    "test_executed.py",
    "test_lesson_4.py",
    "test_real_data.py",
)
"""Files with tests that wait for notebooks, so that they run last."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Divide the tests between pytest-xdist's processes; `make test` has two.

    Tests that grade many submissions fill both processors by themselves, so they run one after the
    other, and so do those of pages and of notebooks. The rest is divided by file, because
    a file's tests share what they have set up. (pytest-xdist has marks for groups of tests, but
    release 3.8.0 ignores them with pytest 9.2.)
    """
    from xdist.scheduler import LoadScopeScheduling

    class ByKind(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            folder, name = file.split("/")[1], file.rpartition("/")[2]
            if folder == "security" or name in ("test_nbgrader.py", "test_prove.py"):
                return "grader"
            together = folder in ("browser", "notebooks") and name not in WAITING
            return folder if together else file

    config.option.loadscopereorder = False  # keep the order in which they were collected
    return ByKind(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Run tests that wait for the notebooks last."""
    fixtures = {"executed", "after_lesson"}

    def waits(item) -> tuple[bool, bool]:
        asks = not fixtures.isdisjoint(getattr(item, "fixturenames", ()))
        return item.path.name in WAITING, asks

    items.sort(key=waits)


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
    if EXECUTED not in request.config.stash:
        pytest.skip("needs --notebooks, which `make test` sets")
    return request.config.stash[EXECUTED]


@pytest.fixture(scope="session")
def after_lesson(request):
    """Return a function that waits for a lesson that is still executed, to use what it stores."""

    def wait(name: str) -> None:
        if EXECUTED in request.config.stash:
            from execute_all import is_executed, outcome

            if is_executed(name, request.config.stash[EXECUTED]):
                outcome(name, request.config.stash[EXECUTED])

    return wait


def pytest_sessionfinish(session):
    if EXECUTED in session.config.stash and not is_worker(session.config):
        from execute_all import stop

        stop(session.config.stash[EXECUTED])
        shutil.rmtree(session.config.stash[EXECUTED], ignore_errors=True)
