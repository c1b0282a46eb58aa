# Wrong: logits instead of label ids.
import numpy as np

from helpers.data import load

truth = np.array(load("emotion", source="embedded")["test"]["label"][:])
emotion_predictions = np.eye(6)[truth]
