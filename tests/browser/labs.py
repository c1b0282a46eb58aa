"""JupyterLab for a test: a server on a port of its own that leaves nothing running."""

import contextlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import psutil
from nbgrader.auth import Authenticator
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange import ExchangeFactory

TOKEN = "of-this-test"
START_SECONDS = 60


@contextlib.contextmanager
def jupyter_lab(course, home, *arguments):
    """Serve a folder as `jupyter lab` does when it is started there, with the test's own settings.

    Parameters
    ----------
    course : Path
        Where the command is run: it contains nbgrader_config.py.
    home : Path
        An empty folder, for settings, layouts and the exchange.
    arguments : str
        More arguments of the command.

    Yields
    ------
    SimpleNamespace
        ``url`` of a path below the server's, and ``exchange``, the folder of nbgrader's exchange.
    """
    environment = personal_settings(home)
    jupyter = Path(sys.executable).with_name("jupyter")
    command = [jupyter, "lab", *arguments, "--no-browser", "--port=0", "--allow-root"]
    command.append(f"--IdentityProvider.token={TOKEN}")
    with open(home / "server.log", "w") as log:
        server = subprocess.Popen(command, cwd=course, env=environment, stdout=log, stderr=log)
    try:
        base = address_of(server, home)
        yield SimpleNamespace(
            url=lambda path: f"{base}{path}?token={TOKEN}", exchange=home / "exchange"
        )
    finally:
        end(server)


def personal_settings(home):
    """Return the environment of a person who has no settings except an exchange."""
    (home / "exchange").mkdir()
    (home / "config").mkdir()
    settings = f"c = get_config()\nc.Exchange.root = {str(home / 'exchange')!r}\n"
    (home / "config" / "nbgrader_config.py").write_text(settings)
    folders = {
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "IPYTHONDIR": "ipython",
    }
    return os.environ | {name: str(home / folder) for name, folder in folders.items()}


def address_of(server, home):
    """Wait until a server says at which address it listens."""
    said = home / "runtime" / f"jpserver-{server.pid}.json"
    end_of_patience = time.monotonic() + START_SECONDS
    while server.poll() is None and time.monotonic() < end_of_patience:
        with contextlib.suppress(OSError, ValueError):  # not written yet, or only in part
            return f"http://127.0.0.1:{json.loads(said.read_text())['port']}/"
        time.sleep(0.1)
    raise RuntimeError(f"JupyterLab did not start: {(home / 'server.log').read_text()}")


def end(server):
    """End a server and everything that it has started, above all kernels."""
    started = psutil.Process(server.pid).children(recursive=True) if server.poll() is None else []
    server.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        server.wait(timeout=20)
    for process in started:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    server.kill()
    server.wait()


def exchange_step(step, assignment, exchange, config):
    """Do one step of nbgrader's exchange with these settings, for example "Submit"."""
    config.CourseDirectory.assignment_id = assignment
    config.Exchange.root = str(exchange)
    directory, authenticator = CourseDirectory(config=config), Authenticator(config=config)
    kind = getattr(ExchangeFactory(config=config), step)
    kind(coursedir=directory, authenticator=authenticator, config=config).start()
