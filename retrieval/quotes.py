"""Quotes and where they stand. A quote is found again in the stored text before it leaves."""

import re

from retrieval.errors import QuoteNotFound
from retrieval.model import Clause

_SAME = str.maketrans("\u2018\u2019\u201c\u201d\u2013\u2014\u00a0", "''\"\"-- ")
"""Curly quote marks, dashes and the space that does not break, each one character for one."""


def locate(clause: Clause, quote: str) -> tuple[int, int]:
    """The span of a quote in a clause's text, exact if it can be, else but for spaces and quote marks.

    `clause.text[start:end]` is what may be shown. Raises QuoteNotFound where it does not stand there, or is
    too slight to be told from anything else.
    """
    wanted = quote.strip()
    if not any(c.isalnum() for c in wanted):
        raise QuoteNotFound(f"a quote from {clause.clause} has no words")
    start = clause.text.find(wanted)
    if start >= 0:
        return start, start + len(wanted)
    pattern = r"\s+".join(re.escape(word) for word in wanted.translate(_SAME).split())
    match = re.search(pattern, clause.text.translate(_SAME))
    if match is None:
        raise QuoteNotFound(f"{clause.clause} ({clause.document} {clause.edition}) does not say {quote!r}")
    return match.span()
