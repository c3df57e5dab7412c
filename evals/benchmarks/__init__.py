"""How fast: each benchmark prints a table and writes the same figures as JSON."""
