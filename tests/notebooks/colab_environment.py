"""Build an environment like Colab's: listed releases, for the Python that runs this program.

    python3.12 tests/notebooks/colab_environment.py LIST FOLDER [--all]

LIST is a file or an address with lines of the form `name==version`, as Colab publishes them. FOLDER
becomes a virtual environment; an existing one is completed. It holds what the course needs, what
the course could break, and everything that these require from the list: not all of Colab's 640
libraries. With --all it holds everything on the list: `make test-pythons` installs constraints.txt
like this for another Python. This program needs nothing but Python and pip.

Colab without a GPU has a CPU build of torch. If pip's settings lead to no such build, the CUDA
build is installed without CUDA's libraries (several gigabytes), which empty ones replace.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import urllib.request
import venv
from collections.abc import Iterable
from pathlib import Path

# What the lessons import or run in, whether the course requires it or not.
LESSONS = """accelerate datasets fastapi filelock huggingface_hub imbalanced-learn ipykernel ipython
ipywidgets matplotlib matplotlib-inline nbconvert notebook numpy pandas pillow pip psutil pyarrow
prometheus_client pydantic requests rich scikit-learn scipy seaborn setuptools torch tqdm
transformers typer umap-learn uvicorn wheel"""
# Libraries that require a release which the course could replace.
AT_RISK = """db-dtypes google-ai-generativelanguage google-genai google-generativeai gradio
grpcio-status keras langchain mizani pandas-gbq peft plotnine proto-plus protobuf
sentence-transformers sklearn-compat statsmodels tensorflow tensorflow-metadata tf_keras ydf"""
# Prints which versions are installed in the environment, and what each of them requires.
INSTALLED = """\
import importlib.metadata
import json

from pip._vendor.packaging.requirements import Requirement
from pip._vendor.packaging.utils import canonicalize_name

found = {canonicalize_name(one.metadata["Name"]): one for one in importlib.metadata.distributions()}
requires = {name: [Requirement(line) for line in one.requires or ()] for name, one in found.items()}
extras = {name: {""} for name in found}


def holds(line, extras):
    return not line.marker or any(line.marker.evaluate({"extra": extra}) for extra in extras)


for line in [line for lines in requires.values() for line in lines if holds(line, {""})]:
    extras.setdefault(canonicalize_name(line.name), {""}).update(line.extras)
for name, one in found.items():
    needs = [line.name for line in requires[name] if holds(line, extras[name])]
    found[name] = [one.version, *needs]
print(json.dumps(found))"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("list", help="file or address of name==version lines")
    parser.add_argument("folder", type=Path, help="becomes the environment")
    parser.add_argument("--all", action="store_true", help="install everything that is listed")
    arguments = parser.parse_args()
    listed = releases(read(arguments.list))
    create(arguments.folder)
    complete(arguments.folder, listed, listed if arguments.all else f"{LESSONS} {AT_RISK}".split())
    stand_in_for_cuda(arguments.folder)
    left_out = sorted(required(arguments.folder) - listed.keys())
    if arguments.all and left_out:  # `pip freeze` does not list pip and setuptools
        install(arguments.folder, left_out)
    print(f"required, but not on the list: {', '.join(left_out) or 'nothing'}")


def read(place: str) -> str:
    """Return the text from a file or an address."""
    if not re.match("https?://", place):
        return Path(place).read_text(encoding="utf-8")
    with urllib.request.urlopen(place, timeout=60) as answer:
        return answer.read().decode()


def releases(text: str) -> dict[str, str]:
    """Return each listed project's version, by name; lines with files or addresses are skipped."""
    pin = re.compile(r"([\w.-]+)==([^+\s]+)(\+\S+)?")  # +cpu is a build, which an index may lack
    lines = (pin.fullmatch(line.strip()) for line in text.splitlines())
    return {normal(line[1]): line[2] for line in lines if line}


def normal(name: str) -> str:
    """Return a project's name in the spelling of an index."""
    return re.sub(r"[-_.]+", "-", name).lower()


def create(folder: Path) -> None:
    """Create the environment, unless it exists."""
    if not (folder / "bin" / "python").exists():
        venv.create(folder, clear=True, with_pip=True)


def complete(folder: Path, listed: dict[str, str], wanted: Iterable[str]) -> None:
    """Install what is wanted from the list, and what that requires, until nothing is missing.

    Raises
    ------
    RuntimeError
        If pip cannot install it; the message contains pip's own.
    """
    if "pip" in listed:
        install(folder, [f"pip=={listed['pip']}"])
    wanted = {normal(name) for name in wanted} & listed.keys()
    while True:
        wanted |= required(folder) & listed.keys()
        found = installed(folder)
        missing = sorted(
            name for name in wanted if found.get(name, [""])[0].partition("+")[0] != listed[name]
        )
        if not missing:
            return
        install(folder, [f"{name}=={listed[name]}" for name in missing])


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(folder / "bin" / "python"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def installed(folder: Path) -> dict[str, list[str]]:
    """Return for each installed name its version, followed by its requirements."""
    return json.loads(run(folder, "-c", INSTALLED).stdout)


def required(folder: Path) -> set[str]:
    return {normal(name) for _, *names in installed(folder).values() for name in names}


def install(folder: Path, pins: list[str]) -> None:
    """Install exactly these pins. Colab's list contains conflicts, at which pip would stop."""
    print("installs", *pins, flush=True)
    options = ["--no-deps", "--no-compile", "--progress-bar", "off"]
    done = run(folder, "-m", "pip", "install", *options, *pins)
    if done.returncode:
        raise RuntimeError(f"pip could not install what is listed: {done.stderr.strip()}")


# How the names of CUDA's libraries and of their functions begin.
OF_CUDA = "(?:cu|nccl|nv)"


def stand_in_for_cuda(folder: Path) -> None:
    """Replace CUDA's libraries that torch is linked to, if they are missing, by one of our own.

    Each of its functions returns 100 (cudaErrorNoDevice) or a text. As with a CPU build, torch then
    no longer requires CUDA's distributions, which pip would otherwise install.
    """
    (place,) = folder.glob("lib/python*/site-packages/torch/lib")
    read = ["readelf", "--wide", "--dynamic", "--dyn-syms", *map(str, place.glob("libc10*.so"))]
    read += map(str, place.glob("libtorch*.so"))
    said = subprocess.run(read, capture_output=True, text=True, check=True).stdout
    libraries = set(re.findall(rf"\(NEEDED\).*\[(lib{OF_CUDA}.*)\]", said))
    library = place / "libno_cuda.so"
    works = run(folder, "-c", "import torch").returncode == 0
    if not libraries or (works and not library.exists()):
        return
    versions: dict[str, set[str]] = {}
    for name, version in re.findall(rf"UND (_*{OF_CUDA}\w+)(?:@(\S+))?", said):
        versions.setdefault(version, set()).add(name)
    functions = [
        f'const char *{name}(void) {{return "no device";}}'
        if re.search("(String|Name)$|^ncclGetLastError$", name)
        else f"int {name}(void) {{return 100;}}"
        for name in set().union(*versions.values())
    ]
    nodes = [
        f"{version} {{ global: {' '.join(f'{name};' for name in sorted(names))} }};"
        for version, names in versions.items()
        if version
    ]
    source, script = place / "no_cuda.c", place / "no_cuda.map"
    source.write_text("\n".join(functions))
    script.write_text("\n".join(nodes))
    build = ["cc", "-shared", "-w", "-fPIC", "-fno-builtin", f"-Wl,--version-script={script}"]
    subprocess.run([*build, "-o", str(library), str(source)], check=True)
    for name in libraries:
        (place / name).unlink(missing_ok=True)
        (place / name).symlink_to(library.name)
    (metadata,) = folder.glob("lib/python*/site-packages/torch-*.dist-info/METADATA")
    cuda = r"(?m)^Requires-Dist: (nvidia|cuda|triton)\b.*\n"
    metadata.write_text(re.sub(cuda, "", metadata.read_text()))
    done = run(folder, "-c", "import torch; assert not torch.cuda.is_available()")
    if done.returncode:
        raise RuntimeError(f"torch cannot be imported without CUDA: {done.stderr.strip()}")


if __name__ == "__main__":
    main()
