# Right: plain Python, pair by pair.
from math import isnan


def pareto_front(trials):
    pairs = list(zip(trials["macro_f1"].tolist(), trials["seconds"].tolist(), strict=True))
    places = []
    for place, (f1, seconds) in enumerate(pairs):
        if isnan(f1) or isnan(seconds):
            continue
        for a, b in pairs:
            if (a > f1 and b <= seconds) or (a >= f1 and b < seconds):
                break
        else:
            places.append(place)
    places.sort(key=lambda place: pairs[place][1])
    return trials.iloc[places].copy()
