# Wrong: adds the column to the frame that was passed in.


def add_label_names(frame, names):
    for label in frame["label"]:
        if not 0 <= label < len(names):
            raise ValueError(f"label {label} has no name")
    frame["label_name"] = [names[label] for label in frame["label"]]
    return frame
