# Wrong: the most frequent class for every post.
import numpy as np

from helpers.data import load

opinions = load("stance_climate", source="embedded")
most = np.bincount(opinions["train"]["label"][:]).argmax()
stance_predictions = np.full(len(opinions["test"]), most)
