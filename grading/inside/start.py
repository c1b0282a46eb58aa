"""The sandbox's first program: set limits, give up all privileges, become the relay.

It is started with one argument, a JSON object of `limits` (the arguments of `take_limits`), `pipes`
(the numbers of the files that become standard input, output and error, or null), `filtered`
(whether this program must filter system calls because bubblewrap does not) and `hold` (whether it
only keeps the box open, so that a warm kernel can enter). It imports only the standard library.
"""

import json
import os
import resource
import sys


def take_limits(processes: int, file_bytes: int, memory_bytes: int, user: int | None) -> None:
    """Set limits that the Linux kernel enforces for this process and all that it starts."""
    for limit, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, file_bytes),
        (resource.RLIMIT_NOFILE, 1024),
        # Counts memory for data only. RLIMIT_AS also counts reserved addresses, so with it torch
        # could not be imported.
        (resource.RLIMIT_DATA, memory_bytes),
        # Counted per user namespace, or for a user id that only this box has; ignored for root.
        (resource.RLIMIT_NPROC, processes),
    ):
        highest = resource.getrlimit(limit)[1]
        value = value if highest == resource.RLIM_INFINITY else min(value, highest)
        resource.setrlimit(limit, (value, value))
    try:
        with open("/proc/self/oom_score_adj", "w") as score:
            score.write("1000")  # if the machine runs out of memory, this process is killed first
    except OSError:
        pass
    if user is not None:
        os.setgroups([])
        os.setgid(user)
        os.setuid(user)


def join_groups(files: list[str]) -> None:
    """Join control groups, which limit all their processes together; called outside the box."""
    for path in files:
        with open(path, "w") as group:
            group.write("0")  # this process


def take_pipes(pipes: list[int]) -> None:
    """Make the grader's pipes standard input, output and error, and close all other files.

    bubblewrap's own first process must not have these pipes open: student code that runs as the
    same user could open them there.
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
            os.dup2(0, descriptor)  # no pipe of the grader stays open in the box
        os.execv("/usr/bin/sleep", ["sleep", "infinity"])
    os.execv(sys.executable, [sys.executable, "-P", "-m", "grading.inside.relay"])
