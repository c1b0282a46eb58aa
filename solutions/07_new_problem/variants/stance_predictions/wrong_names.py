# Wrong: names of labels instead of ids.
import numpy as np

from helpers.data import load

truth = np.array(load("stance_climate", source="embedded")["test"]["label"][:])
stance_predictions = np.array(["none", "against", "favor"])[truth]
