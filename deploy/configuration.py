"""The table of settings in docs/configuration.md, from the settings' own code."""

from pathlib import Path


def page(path: Path) -> str:
    return path.read_text()
