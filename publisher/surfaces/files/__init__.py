"""Surfaces that are directories of files: trees that are swapped as a whole, gzip in segments."""
