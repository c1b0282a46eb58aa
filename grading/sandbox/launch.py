"""Drop what belongs to the instructor, then become the program that opens a box.

`grading.sandbox.box` starts this script. Its arguments are a JSON object with ``parent`` (a process
that the box must not outlive) and ``groups`` (files of control groups that the box's processes
join), followed by the command. All processes of the box inherit what this process sets.
"""

import ctypes
import json
import os
import signal
import sys

sys.path.insert(0, os.path.abspath(os.path.join(__file__, "..", "..", "..")))

from grading.inside.filter import join_empty_keyring
from grading.inside.start import join_groups

PR_SET_PDEATHSIG = 1

if __name__ == "__main__":
    told = json.loads(sys.argv[1])
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != told["parent"]:
        sys.exit("the process that opens the box has ended")
    join_groups(told["groups"])
    for name in ("XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS"):
        os.environ.pop(name, None)  # only systemd needed them
    join_empty_keyring()
    os.execv(sys.argv[2], sys.argv[2:])
