# Wrong: labels are compared without their capitals.
def most_confident_errors(frame, k=10):
    wrong = frame[
        frame["label"].astype(str).str.lower() != frame["predicted_label"].astype(str).str.lower()
    ]
    wrong = wrong.sort_values("confidence", ascending=False, kind="stable")
    return wrong.head(k)[["text", "label", "predicted_label", "confidence"]]
