"""Faults seeded on purpose: for every gate a way to break production that the gate must notice.

`python -m evals.faults` seeds each, runs the suite on the cases named with it, and prints the table; it exits
with 1 where a gate holds in spite of its fault, or fails without one.
"""

from evals.faults.model import Fault
from evals.faults.of_chat import OF_CHAT
from evals.faults.of_checker import OF_CHECKER
from evals.faults.of_decisions import OF_DECISIONS
from evals.faults.of_lived import OF_LIVED
from evals.faults.of_search import OF_SEARCH
from evals.faults.of_words import OF_WORDS

__all__ = ["FAULTS", "Fault"]

FAULTS: tuple[Fault, ...] = (
    *OF_DECISIONS,
    *OF_WORDS,
    *OF_CHAT,
    *OF_LIVED,
    *OF_SEARCH,
    *OF_CHECKER,
)
"""Every fault, by suite."""
