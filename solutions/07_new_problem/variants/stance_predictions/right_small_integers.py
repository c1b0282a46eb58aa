# Right: the same in eight bits.
import numpy as np

from helpers.data import load

truth = np.array(load("stance_climate", source="embedded")["test"]["label"][:])
rng = np.random.default_rng(1)
slips = rng.random(len(truth)) < 0.08
stance_predictions = np.where(slips, (truth + 1) % 3, truth).astype(np.int8)
