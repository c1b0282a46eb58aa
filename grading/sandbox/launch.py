"""Becomes the program that opens a box, after it has left behind what is the instructor's.

Started as a script by `grading.sandbox.box`, with a JSON object of ``parent`` (the process that
the box must not outlive) and ``groups`` (files of control groups that the box's processes join),
and then the command. Whatever is true of this process is true of all processes of the box.
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
        os.environ.pop(name, None)  # were for systemd only
    join_empty_keyring()
    os.execv(sys.argv[2], sys.argv[2:])
