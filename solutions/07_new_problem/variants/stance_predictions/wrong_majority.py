# Wrong: the most frequent class for every post.
import numpy as np

from helpers.data import load

truth = np.array(load("stance_climate", source="embedded")["test"]["label"][:])
stance_predictions = np.full(len(truth), np.bincount(truth).argmax())
