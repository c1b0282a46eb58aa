# Wrong: good predictions, in the order of another sampling.
import numpy as np

from helpers.data import load

truth = np.array(load("emotion", source="embedded")["test"]["label"][:])
emotion_predictions = np.random.default_rng(0).permutation(truth)
