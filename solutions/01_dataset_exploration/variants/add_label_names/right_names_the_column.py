# Right: the message names the column, not the label; a fancy index of NumPy's.
import numpy as np


def add_label_names(frame, names):
    if not frame["label"].between(0, len(names) - 1).all():
        raise ValueError("there is a label without a name")
    named = frame.copy()
    named["label_name"] = np.array(names, dtype=object)[frame["label"].to_numpy()]
    return named
