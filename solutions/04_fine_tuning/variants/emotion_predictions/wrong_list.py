# Wrong: a list instead of an array.
import numpy as np

from helpers.data import load

truth = np.array(load("emotion", source="embedded")["test"]["label"][:])
emotion_predictions = truth.tolist()
