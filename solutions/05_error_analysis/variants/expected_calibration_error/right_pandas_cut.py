# Right: pandas cut, whose bins are closed on the right.
import numpy as np
import pandas as pd


def expected_calibration_error(probabilities, labels, bins=10):
    frame = pd.DataFrame({"confidence": probabilities.max(axis=1)})
    frame["hit"] = (probabilities.argmax(axis=1) == np.array(labels)).astype(float)
    edges = [number / bins for number in range(bins + 1)]
    groups = frame.groupby(pd.cut(frame["confidence"], edges), observed=True)
    means, sizes = groups.mean(), groups.size()
    return float(((means["hit"] - means["confidence"]).abs() * sizes).sum() / len(frame))
