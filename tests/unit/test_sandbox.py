"""The commands that open a box, and what they share with it. tests/security opens boxes."""

import os
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import pytest
from rich.console import Console

from grading.batch import demo
from grading.paths import ROOT
from grading.sandbox import box, commands
from grading.sandbox.box import Sandbox
from grading.sandbox.commands import IMAGE, bubblewrap_command, container_command
from grading.sandbox.contents import environment, shared_paths
from grading.sandbox.limits import Limits

LIMITS = Limits(memory_bytes=2**31, processes=99, scratch_bytes=2**20)


def pairs(command, option):
    """Return the two words after each occurrence of an option."""
    places = [place for place, word in enumerate(command) if word == option]
    return [(command[place + 1], command[place + 2]) for place in places]


def test_bubblewrap_shares_no_network_and_no_processes():
    command = bubblewrap_command(LIMITS)
    for option in ("--unshare-net", "--unshare-pid", "--unshare-ipc", "--die-with-parent"):
        assert option in command
    assert "--bind" not in command  # nothing of the host can be written to


def test_bubblewrap_run_by_root_drops_every_privilege(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    command = bubblewrap_command(LIMITS)
    assert ("--cap-drop", "ALL") in pairwise(command)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert "--unshare-user" in bubblewrap_command(LIMITS)


def test_a_box_that_cannot_be_opened_leaves_no_group(monkeypatch, tmp_path):
    removed = []
    group = SimpleNamespace(files=[], prefix=[], kind="", remove=lambda: removed.append(True))
    monkeypatch.setattr(box, "open_group", lambda limits: group)
    monkeypatch.setattr(box, "launched", lambda group: [str(tmp_path / "is-not-there")])
    before = os.listdir("/proc/self/fd")
    with pytest.raises(FileNotFoundError):
        Sandbox("bubblewrap", LIMITS)
    assert removed
    assert len(os.listdir("/proc/self/fd")) == len(before)


def test_only_what_is_needed_is_shared():
    shared = [Path(path) for path in shared_paths()]
    secret = (ROOT / "solutions", ROOT / "grading" / "judging", ROOT / "tests", ROOT / ".git")
    for path in secret:
        assert not [one for one in shared if path.is_relative_to(one) or one.is_relative_to(path)]
    assert Path.home() not in shared
    bound = {source for source, _ in pairs(bubblewrap_command(LIMITS), "--ro-bind")}
    assert str(ROOT) not in bound
    assert str(Path.home()) not in bound


def test_the_environment_is_made_anew(monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "secret")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    assert "secret" not in str(environment())
    assert "JPY_PARENT_PID" not in environment()


def test_a_mirror_is_shared_under_another_name(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_MIRROR", str(tmp_path))
    assert shared_paths()[str(tmp_path)] == "/course/mirror"
    assert environment()["COURSE_MIRROR"] == "/course/mirror"


@pytest.mark.parametrize("kind", ["docker", "podman"])
def test_containers_get_the_same_limits(kind):
    command = container_command(kind, LIMITS)
    words = " ".join(command)
    assert command[:2] == [kind, "run"]
    assert command[-1] == IMAGE
    for options in (
        "--network none",
        "--read-only",
        "--cap-drop ALL",
        "--security-opt no-new-privileges",
        "--memory 2147483648 --memory-swap 2147483648",
        "--pids-limit 99",
        "--user 65534:65534",
    ):
        assert options in words
    volumes = [command[place + 1] for place, word in enumerate(command) if word == "--volume"]
    assert volumes
    assert all(volume.endswith(":ro") for volume in volumes)


def test_without_any_sandbox_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setattr(commands, "find_bubblewrap", lambda: None)
    monkeypatch.setattr(commands, "_has_image", lambda kind: False)
    with pytest.raises(commands.SandboxMissing, match="bubblewrap") as missing:
        commands.find_sandbox()
    assert "--trust-submissions" in str(missing.value)
    assert commands.find_sandbox(commands.NO_SANDBOX) == commands.NO_SANDBOX


def test_the_demo_does_without_a_sandbox_and_says_so(monkeypatch):
    def find(wanted=""):
        if not wanted:
            raise commands.SandboxMissing("install bubblewrap")
        return wanted

    monkeypatch.setattr(demo, "find_sandbox", find)
    console = Console(width=120, record=True)
    assert demo._sandbox(console) == commands.NO_SANDBOX
    assert "without a sandbox. install bubblewrap" in console.export_text()


def test_trusted_submissions_run_without_a_box():
    with Sandbox(commands.NO_SANDBOX, Limits()) as opened:
        reply = opened.run("print(1 + 1)", 60)
    assert reply["outputs"] == [{"output_type": "stream", "name": "stdout", "text": "2\n"}]
    assert reply["error"] is None
