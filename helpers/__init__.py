"""What the lessons import: loading, plotting, caching and checking, and nothing that they teach.

Importing this package imports nothing else; each module imports its heavy libraries where it
first needs them, so that a lesson's first cell answers at once.
"""
