# Wrong: where there are just k errors, the last is lost.
# Says: as many errors as k
def most_confident_errors(frame, k=10):
    wrong = frame[frame["label"] != frame["predicted_label"]]
    wrong = wrong.sort_values("confidence", ascending=False, kind="stable")
    return wrong.head(k if k < len(wrong) else k - 1)[
        ["text", "label", "predicted_label", "confidence"]
    ]
