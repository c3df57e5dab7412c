"""`python -m app.cli`: the command where the package is not installed."""

from app.cli import main

main()
