# Wrong: lets the IndexError of the list through.


def add_label_names(frame, names):
    if (frame["label"] < 0).any():
        raise ValueError(f"label {frame['label'].min()} is negative")
    return frame.assign(label_name=[names[label] for label in frame["label"]])
