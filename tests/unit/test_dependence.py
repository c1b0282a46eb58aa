"""Which cells depend on a wrong answer."""

import pytest

from grading.judging.dependence import Dependents


def of(*cells):
    found = Dependents()
    found.add("mean_pool")
    for cell in cells:
        found.follow(cell)
    return found


@pytest.mark.parametrize(
    "cells",
    [
        ["def features(x): return mean_pool(x)"],
        ["def between(x): return mean_pool(x)", "features = between(1)"],
        ["features = [mean_pool(x) for x in y]"],
        ["features = {}\nfeatures['a'] = mean_pool(1)"],
        ["features = []\nfor x in y:\n    features.append(mean_pool(x))"],
        ["if True:\n    features = mean_pool(1)"],
        ["a, (b, features) = mean_pool(1)"],
        ["pool = mean_pool", "features = pool(1)"],
        ["pool = globals()['mean_pool']", "features = pool(1)"],
        ["class Pool:\n    use = mean_pool", "features = Pool()"],
        ["with mean_pool(1) as features: pass"],
        ["%time features = mean_pool(1)"],
    ],
)
def test_code_that_uses_an_answer_depends_on_it(cells):
    assert of(*cells).uses_one("def project(): return features")


@pytest.mark.parametrize(
    "cells",
    [
        ["features = 1"],
        ["def other(x):\n    '''As mean_pool does.'''\n    return x", "features = other(1)"],
        ["import numpy as np", "np.save(mean_pool(1))", "features = np.ones(3)"],
        ["def inner():\n    features = mean_pool(1)"],
    ],
)
def test_code_that_does_not_use_an_answer_is_independent(cells):
    assert not of(*cells).uses_one("def project(): return features")


def test_a_cell_that_only_defines_runs_nothing():
    found = of()
    assert not found.runs_one("import math\ndef inner():\n    return mean_pool(1)")
    assert found.runs_one("def inner():\n    return mean_pool(1)\nx = mean_pool(2)")
    assert found.runs_one("%time mean_pool(1)")
