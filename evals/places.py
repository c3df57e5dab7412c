"""Where data sets lie, and where what is made from them is kept."""

from pathlib import Path

DATA = Path(__file__).parents[2] / "shared" / "data"
"""Beside the repository: not every data set states a licence, so they are measured with and not copied."""

OUT = Path(".credence/benchmarks")
"""Results and vectors; `make clean` takes them away."""
