# Right: from precision and recall.
def stance_score(y_true, y_pred):
    pairs = list(zip(y_true, y_pred, strict=True))
    total = 0.0
    for label in (1, 2):
        hits = sum(1 for true, guess in pairs if true == label and guess == label)
        if hits:
            precision = hits / sum(1 for _, guess in pairs if guess == label)
            recall = hits / sum(1 for true, _ in pairs if true == label)
            total += 2 * precision * recall / (precision + recall)
    return float(total / 2)
