"""Records as text: statements in Turtle and JSON, written once for feeds and downloads."""
