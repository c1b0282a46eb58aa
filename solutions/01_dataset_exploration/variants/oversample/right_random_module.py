# Right: the standard library draws, place by place.
import random
from collections import defaultdict


def oversample(frame, label="label", seed=0):
    draw = random.Random(seed)
    places = defaultdict(list)
    for place, kind in enumerate(frame[label]):
        places[kind].append(place)
    largest = max(map(len, places.values()))
    chosen = []
    for group in places.values():
        chosen += group + draw.choices(group, k=largest - len(group))
    draw.shuffle(chosen)
    return frame.iloc[chosen].reset_index(drop=True)
