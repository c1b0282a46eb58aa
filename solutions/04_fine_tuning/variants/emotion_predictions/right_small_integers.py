# Right: the same in eight bits.
import numpy as np

from helpers.data import load

truth = np.array(load("emotion", source="embedded")["test"]["label"][:])
rng = np.random.default_rng(1)
slips = rng.random(len(truth)) < 0.02
emotion_predictions = np.where(slips, (truth + 1) % 6, truth).astype(np.int8)
