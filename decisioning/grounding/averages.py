"""It is a characteristic's points that lie below an average: the record knows no average of its values."""

import re
from collections.abc import Iterator

from decisioning.grounding.pool import Pool
from decisioning.grounding.said import Said
from decisioning.model import Problem

_AVERAGE = re.compile(r"\baverages?\b|\bmean\b(?=\s+of\b)", re.IGNORECASE)
_OF_POINTS = re.compile(
    r"\bpoints?\b|\bscor(?:ed|es|ing)\b|\bscore\s+(?:for|of|on)\b|\bearn\w*|\bcontribut\w*|\bweigh\w*|\bcount(?:s|ed)?\b",
    re.IGNORECASE,
)
_PART = re.compile(r"[:;]")


def check_averages(said: Said, pool: Pool) -> Iterator[Problem]:
    """A problem where a fact of the application itself is held against an average."""
    if pool.outcome is None:
        return
    for part in _PART.split(said.text):
        if _AVERAGE.search(part) and not _OF_POINTS.search(part):
            problem = "it is the points of a characteristic that are below an average, not its value"
            yield said.problem("unknown_average", problem)
