"""Prompt texts and the loader that renders them strictly."""
