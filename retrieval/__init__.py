"""A policy corpus with a past: clauses, the dates they bind, and the search that finds them."""
