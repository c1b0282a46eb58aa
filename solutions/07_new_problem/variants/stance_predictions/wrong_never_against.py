# Wrong: everything right, but against is never answered.
import numpy as np

from helpers.data import load

truth = np.array(load("stance_climate", source="embedded")["test"]["label"][:])
stance_predictions = np.where(truth == 1, 0, truth)
