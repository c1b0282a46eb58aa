# Wrong: the message says nothing of the label, the column or the names.
# Says: its message does not name


def add_label_names(frame, names):
    if not frame["label"].between(0, len(names) - 1).all():
        raise ValueError("out of range")
    return frame.assign(label_name=[names[label] for label in frame["label"]])
