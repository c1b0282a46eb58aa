"""Measures every figure that README or a lesson quotes: ``python -m benchmarks --help``."""
