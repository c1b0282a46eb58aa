# Wrong: good predictions from the last post to the first.
import numpy as np

from helpers.data import load

truth = np.array(load("stance_climate", source="embedded")["test"]["label"][:])
stance_predictions = truth[::-1].copy()
