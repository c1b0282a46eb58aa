"""Near-duplicates by the Jaccard similarity of word sets, found without comparing all pairs."""

from collections import defaultdict
from math import ceil


class Seen:
    """The texts kept so far, indexed so that a near-duplicate is found fast.

    Two sets whose Jaccard similarity is above a threshold t share at least one of their
    first ``|s| - ceil(t |s|) + 1`` words in any fixed order. Long words come first here,
    since they are rare and keep the lists of candidates short.

    Parameters
    ----------
    threshold : float
        Similarity above which two texts count as near-duplicates.
    """

    def __init__(self, threshold: float = 0.8) -> None:
        self.threshold = threshold
        self.sets: list[frozenset[str]] = []
        self.index: dict[str, list[int]] = defaultdict(list)

    def _prefix(self, words: frozenset[str]) -> list[str]:
        ordered = sorted(words, key=lambda word: (-len(word), word))
        return ordered[: len(words) - ceil(self.threshold * len(words)) + 1]

    def neighbours(self, text: str) -> list[int]:
        """Return the positions of the kept texts that `text` nearly repeats."""
        words = frozenset(text.split())
        candidates = {position for word in self._prefix(words) for position in self.index[word]}
        found = []
        for position in sorted(candidates):
            other = self.sets[position]
            if min(len(words), len(other)) < self.threshold * max(len(words), len(other)):
                continue
            shared = len(words & other)
            if shared > self.threshold * (len(words) + len(other) - shared):
                found.append(position)
        return found

    def add(self, text: str) -> None:
        """Keep a text."""
        words = frozenset(text.split())
        for word in self._prefix(words):
            self.index[word].append(len(self.sets))
        self.sets.append(words)
