"""The kernels of a batch are forked from a process with libraries, threads and compiled code."""

import os

import pytest

from grading.batch.pool import costly_libraries, warm_batch
from grading.paths import ROOT
from grading.sandbox.box import Sandbox
from grading.sandbox.commands import find_bubblewrap
from grading.sandbox.limits import THREAD_VARIABLES, Limits, threads_of
from helpers.lessons import LESSONS

pytestmark = pytest.mark.skipif(not find_bubblewrap(), reason="no bubblewrap works here")

DRAW = """
import os
import numpy as np
import umap.layouts
from umap import UMAP

def compiled():
    parts = [*vars(umap.layouts).values(), *vars(umap.umap_).values()]
    return sum(len(part.signatures) for part in parts if hasattr(part, "signatures"))

before = compiled()
rows = np.random.default_rng(1).normal(size=(100, 8)).astype(np.float32)
points = UMAP(random_state={seed}, n_jobs={threads}).fit_transform(rows)
assert np.isfinite(points).all(), points
# Without a seed UMAP works in parallel, which is other code.
os.environ["NUMBA_NUM_THREADS"], points.shape, {seed} is None or compiled() == before
"""


def result_of(reply):
    assert reply["error"] is None, reply
    return reply["outputs"][-1]["data"]["text/plain"]


@pytest.mark.parametrize("workers", [1, 2])
def test_maps_are_drawn_in_every_box_with_its_share_of_threads(workers, monkeypatch):
    for name in THREAD_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    threads = threads_of(workers)
    with warm_batch("bubblewrap", workers, ["transformers", "umap"]):
        for seed in (None, 0):
            with Sandbox("bubblewrap", Limits()) as box:
                reply = box.run(DRAW.format(seed=seed, threads=threads), 120)
            assert result_of(reply) == f"('{threads}', (100, 2), True)"
    assert not set(THREAD_VARIABLES) & set(os.environ)


def test_only_lessons_that_use_a_costly_library_have_it_imported():
    costly = {lesson.name: costly_libraries([(lesson.name, "ada")], ROOT) for lesson in LESSONS}
    assert costly.pop("01_dataset_exploration") == ["helpers"]
    assert costly.pop("03_feature_extraction") == ["helpers", "transformers", "umap"]
    assert set(map(tuple, costly.values())) == {("helpers", "transformers")}
    assert costly_libraries([("unknown", "ada")], ROOT) == []
