"""Folders files are dropped into: which of them have arrived whole, and putting away those a night is done with."""
