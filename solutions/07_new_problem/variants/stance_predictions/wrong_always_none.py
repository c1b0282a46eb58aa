# Wrong: none for every post.
import numpy as np

from helpers.data import load

stance_predictions = np.zeros(len(load("stance_climate", source="embedded")["test"]), dtype=int)
