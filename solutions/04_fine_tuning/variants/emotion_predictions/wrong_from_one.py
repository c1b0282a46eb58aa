# Wrong: ids that are counted from 1.
import numpy as np

from helpers.data import load

truth = np.array(load("emotion", source="embedded")["test"]["label"][:])
emotion_predictions = truth % 6 + 1
