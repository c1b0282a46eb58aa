"""What was handed in: files from a platform, rosters, and notebooks brought back into shape."""
