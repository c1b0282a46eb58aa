# Wrong: raises KeyError instead of ValueError.


def add_label_names(frame, names):
    name_of = dict(enumerate(names))
    return frame.assign(label_name=[name_of[label] for label in frame["label"]])
