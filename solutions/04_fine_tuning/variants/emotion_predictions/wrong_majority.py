# Wrong: the most frequent class for every message.
import numpy as np

from helpers.data import load

truth = np.array(load("emotion", source="embedded")["test"]["label"][:])
emotion_predictions = np.full(len(truth), np.bincount(truth).argmax())
