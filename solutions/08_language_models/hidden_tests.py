"""Hidden tests of lesson 8."""
