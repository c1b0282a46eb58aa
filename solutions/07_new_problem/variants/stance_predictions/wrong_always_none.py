# Wrong: none for every post.
import numpy as np

from helpers.data import load

truth = np.array(load("stance_climate", source="embedded")["test"]["label"][:])
stance_predictions = np.zeros(len(truth), dtype=int)
