"""The read side: surfaces, HTTP, pages and commands."""
