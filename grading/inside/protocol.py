"""How much may pass between the grader and a box; both sides read it here."""

from grading.inside.wire import Bounds

LENGTH_BYTES = 8
"""Bytes of the number before each frame on a pipe, which says how long the frame is."""
FRAME = Bounds(bytes=300 * 2**20, items=10_000_000)
"""What the grader sends in one go."""
REPLY_FRAME = Bounds(bytes=64 * 2**20, simple=True)
"""What the grader takes in one go: a cell's outputs, or the reply to a question."""
QUESTION = Bounds(bytes=256 * 2**20, items=10_000_000)
"""A question within a frame."""
REPLY = Bounds(bytes=60 * 2**20, simple=True)
"""A reply within a frame."""
LONGEST_ERROR = 2000
"""Characters of an exception's message that a reply holds."""
LONGEST_NAME = 200
"""Characters of the name of an exception's class."""
CUT = "[The rest of this cell's output was left out: it is too long.]\n"
"""What a cell's output ends with where it was cut."""
