"""The sandbox's first program: take on the limits, give up every privilege, become the relay.

Started with one argument, a JSON object of `limits` (what `take_limits` takes), `pipes` (the
numbers of the files that become standard input, output and error, or null), `filtered` (whether
this program is to filter system calls, where bubblewrap has not) and `hold`: then it only holds the
box open, for a warm kernel to enter. It imports nothing but the standard library.
"""

import json
import os
import resource
import sys


def take_limits(processes: int, file_bytes: int, memory_bytes: int, user: int | None) -> None:
    """Set what the kernel enforces on this process and on all that it starts."""
    for limit, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, file_bytes),
        (resource.RLIMIT_NOFILE, 1024),
        # Counts what is written to, not what is reserved: RLIMIT_AS would stop torch at its import.
        (resource.RLIMIT_DATA, memory_bytes),
        # Counted in a user namespace of its own, or for a user of its own; not enforced for root.
        (resource.RLIMIT_NPROC, processes),
    ):
        highest = resource.getrlimit(limit)[1]
        value = value if highest == resource.RLIM_INFINITY else min(value, highest)
        resource.setrlimit(limit, (value, value))
    try:
        with open("/proc/self/oom_score_adj", "w") as score:
            score.write("1000")  # if the host runs out of memory, this is ended first
    except OSError:
        pass
    if user is not None:
        os.setgroups([])
        os.setgid(user)
        os.setuid(user)


def join_groups(files: list[str]) -> None:
    """Join control groups, which limit all processes in them together; outside of the box."""
    for path in files:
        with open(path, "w") as group:
            group.write("0")  # this process


def take_pipes(pipes: list[int]) -> None:
    """Make the grader's pipes standard input, output and error, and keep no other file.

    bubblewrap's own first process must not have them: a student of the same user can open what
    that process has open.
    """
    for place, pipe in enumerate(pipes):
        os.dup2(pipe, place)
    os.closerange(3, resource.getrlimit(resource.RLIMIT_NOFILE)[0])


if __name__ == "__main__":
    given = json.loads(sys.argv[1])
    if given["filtered"]:
        sys.path.insert(0, os.path.abspath(os.path.join(__file__, "..", "..", "..")))
        from grading.inside.filter import install
    take_limits(**given["limits"])
    if given["filtered"]:
        install()
    if given["pipes"]:
        take_pipes(given["pipes"])
    if given["hold"]:
        os.write(1, b"open")
        for descriptor in (1, 2):
            os.dup2(0, descriptor)  # no pipe of the grader's stays open in the box
        os.execv("/usr/bin/sleep", ["sleep", "infinity"])
    os.execv(sys.executable, [sys.executable, "-P", "-m", "grading.inside.relay"])
