"""Training of the reference scorecard on the sandbox's applications; `python -m evals.training` runs it."""
