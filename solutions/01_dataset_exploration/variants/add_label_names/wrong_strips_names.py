# Wrong: names lose the blanks around them.
def add_label_names(frame, names):
    for label in frame["label"]:
        if label < 0 or label >= len(names):
            raise ValueError(f"no name for the label {label}")
    result = frame.copy()
    result["label_name"] = [names[int(label)].strip() for label in frame["label"]]
    return result
