"""Which clauses a product's own manual has in force on a day, read from its files."""

from datetime import date
from functools import lru_cache
from pathlib import Path

from decisioning.product import Product
from retrieval.parse import parse_file


def clauses_in_force(product: Product, day: date) -> frozenset[str]:
    """The clauses of the manual's edition of that day; none before the first."""
    manuals = product.manuals()
    past = [start for start in manuals if start <= day]
    return _clauses(manuals[max(past)], max(past)) if past else frozenset()


@lru_cache(maxsize=64)
def _clauses(manual: Path, start: date) -> frozenset[str]:
    """Read once: an edition is a file of its own, which does not change while the service runs."""
    read = parse_file(manual, effective_from=start)
    return frozenset(provision.clause for document in read for provision in document.provisions)
