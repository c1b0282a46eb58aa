# Wrong: the two rarest classes are never predicted.
import numpy as np

from helpers.data import load

truth = np.array(load("emotion", source="embedded")["test"]["label"][:])
emotion_predictions = np.where(np.isin(truth, [2, 5]), 1, truth)
