# Wrong: a list instead of an array.
import numpy as np

from helpers.data import load

truth = np.array(load("stance_climate", source="embedded")["test"]["label"][:])
stance_predictions = truth.tolist()
