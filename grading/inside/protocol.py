"""Limits on what the grader and a box may send each other; both sides import them."""

from grading.inside.wire import Bounds

LENGTH_BYTES = 8
"""Size in bytes of the number before each frame on a pipe; the number is the frame's length."""
FRAME = Bounds(bytes=300 * 2**20, items=10_000_000)
"""Limits on one frame that the grader sends."""
REPLY_FRAME = Bounds(bytes=64 * 2**20, simple=True)
"""Limits on one frame that the grader accepts: a cell's outputs, or the reply to a question."""
QUESTION = Bounds(bytes=256 * 2**20, items=10_000_000)
"""A question within a frame."""
REPLY = Bounds(bytes=60 * 2**20, simple=True)
"""A reply within a frame."""
LONGEST_ERROR = 2000
"""How many characters of an exception's message a reply contains at most."""
LONGEST_NAME = 200
"""How many characters the name of an exception's class has at most."""
CUT = "[The rest of this cell's output was left out: it is too long.]\n"
"""The end of a cell's output if the output was cut."""
