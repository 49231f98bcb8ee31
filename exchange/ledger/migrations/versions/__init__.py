"""One module a revision, oldest first; written once, never edited."""
