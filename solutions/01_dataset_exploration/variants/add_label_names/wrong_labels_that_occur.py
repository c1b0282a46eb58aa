# Wrong: takes a label for its place among the labels that occur.
# Says: A label is a place among all names


def add_label_names(frame, names):
    for label in frame["label"]:
        if not 0 <= label < len(names):
            raise ValueError(f"label {label} has no name")
    codes = frame["label"].astype("category").cat.codes
    return frame.assign(label_name=[names[code] for code in codes])
