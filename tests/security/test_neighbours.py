"""What one submission can do to others that are graded at the same time."""

import contextlib
import os
import threading
import time

import pytest

from grading.sandbox import groups
from grading.sandbox.box import Sandbox
from grading.sandbox.commands import find_bubblewrap
from grading.sandbox.contents import environment
from grading.sandbox.limits import Limits
from grading.sandbox.warm import warm_kernels

DEPENDS_ON = ("grading/inside", "grading/sandbox/launch.py")  # this code runs in other processes

pytestmark = pytest.mark.skipif(not find_bubblewrap(), reason="no bubblewrap works here")

SESSIONS = 40
# Both boxes compute on the same processor at the same time, and report their seconds of its time.
COMPUTE = """
import os, resource, time
os.sched_setaffinity(0, {{{processor}}})
began = {began}

def compute():
    while time.time() < began:
        time.sleep(0.05)
    while time.time() < began + 5:
        pass
"""
HONEST = COMPUTE + "before = time.process_time(); compute(); time.process_time() - before\n"
GREEDY = (
    COMPUTE
    + f"""
for _ in range({SESSIONS}):
    if os.fork() == 0:
        os.setsid()  # each session has a share of its own, where no group says otherwise
        compute()
        os._exit(0)
for _ in range({SESSIONS}):
    os.wait()
used = resource.getrusage(resource.RUSAGE_CHILDREN)
used.ru_utime + used.ru_stime
"""
)


@pytest.fixture(params=["cold", "warm"])
def kernels(request):
    warm = request.param == "warm"
    with warm_kernels(environment(), []) if warm else contextlib.nullcontext():
        yield


def seconds_in(box, code):
    reply = box.run(code, 120)
    assert reply["error"] is None, reply
    return float(reply["outputs"][-1]["data"]["text/plain"])


def test_a_box_of_many_sessions_has_no_more_of_a_processor_than_another(kernels):
    """Otherwise a neighbour that needs a minute would need an hour, and would time out."""
    place = groups.find_place()
    if not place or not (place.processors or place.kind != "version 1"):
        pytest.skip("no control group that divides the processors can be created here")
    limits = Limits(processes=2 * SESSIONS)
    found = {}
    with Sandbox("bubblewrap", limits) as greedy, Sandbox("bubblewrap", limits) as honest:
        told = {"processor": min(os.sched_getaffinity(0)), "began": time.time() + 10}
        busy = threading.Thread(
            target=lambda: found.update(greedy=seconds_in(greedy, GREEDY.format(**told)))
        )
        busy.start()
        found["honest"] = seconds_in(honest, HONEST.format(**told))
        busy.join()
    assert found["honest"] > found["greedy"] / 4, found
