"""Every figure that README or a lesson quotes, measured: ``python -m benchmarks --help``."""
