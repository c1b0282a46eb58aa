# Wrong: a label outside names gets a missing value.


def add_label_names(frame, names):
    return frame.assign(label_name=frame["label"].map(dict(enumerate(names))))
