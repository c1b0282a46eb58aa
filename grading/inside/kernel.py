"""An IPython kernel that also answers the grader's questions."""

import os
import sys
from typing import Any

from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp

from grading.inside.guard import remember
from grading.inside.questions import answer_question


class GradedKernel(IPythonKernel):
    """Accepts ``question_request`` in addition to the usual requests; the reply is one buffer."""

    msg_types = (*IPythonKernel.msg_types, "question_request")  # type: ignore[assignment]  # read only

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        shell: Any = self.shell
        shell.events.register("pre_execute", remember)

    def question_request(self, stream: Any, ident: Any, parent: Any) -> None:
        shell: Any = self.shell
        session: Any = self.session
        reply = answer_question(bytes(parent["buffers"][0]), shell.user_ns)
        session.send(stream, "question_reply", {}, parent, ident=ident, buffers=[reply])


def main(arguments: list[str]) -> None:
    """Run a kernel until it is ended."""
    app = IPKernelApp.instance(kernel_class=GradedKernel, log_level="ERROR")
    # A student's modules can be imported, but none can replace a library's or our modules.
    app.config.InteractiveShellApp.ignore_cwd = True
    app.config.HistoryManager.enabled = False
    # No debugger is needed here, and importing one would double the time to start.
    sys.modules["debugpy"] = None  # type: ignore[assignment]  # None stops its import
    app.initialize(arguments)
    del sys.modules["debugpy"]
    sys.path.append(os.getcwd())
    app.start()


if __name__ == "__main__":
    main(sys.argv[1:])
