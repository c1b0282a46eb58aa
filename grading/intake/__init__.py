"""Handing in: files from a learning platform, class rosters, and repair of damaged notebooks."""
