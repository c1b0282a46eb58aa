# Wrong: the message does not say which label.


def add_label_names(frame, names):
    if not frame["label"].between(0, len(names) - 1).all():
        raise ValueError("there is a label without a name")
    return frame.assign(label_name=[names[label] for label in frame["label"]])
