"""What the lessons import: loading, plotting, caching and checking, but nothing that they teach.

Importing this package imports nothing else. Each module imports its heavy libraries inside the
functions that need them, so that a lesson's first cell finishes at once.
"""
