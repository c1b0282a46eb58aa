"""Machinery that turns hand-written material into the embedded corpora."""
