# Wrong: labels are compared without the blanks at their ends.
def most_confident_errors(frame, k=10):
    wrong = frame[
        frame["label"].astype(str).str.strip() != frame["predicted_label"].astype(str).str.strip()
    ]
    wrong = wrong.sort_values("confidence", ascending=False, kind="stable")
    return wrong.head(k)[["text", "label", "predicted_label", "confidence"]]
