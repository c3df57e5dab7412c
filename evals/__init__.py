"""Offline evaluation: the same decide, answer and search that production calls, measured."""
