"""Words of a text, and the constants of BM25.

BM25 is Lucene's variant: idf · tf / (tf + k1 · (1 - b + b · length / average length)) summed over the
distinct terms of the query, idf = ln(1 + (N - df + 0.5) / (df + 0.5)) (Robertson and Zaragoza, "The
Probabilistic Relevance Framework: BM25 and Beyond", 2009, without the constant factor k1 + 1).
"""

import re
import zlib
from collections.abc import Sequence
from itertools import pairwise

import Stemmer

K1 = 0.8
B = 0.6
"""Chosen on questions about 40 financial rulebooks (ObliQA's dev set); Lucene's own are 1.2 and 0.75."""

REFERENCE_LENGTH = 50.0
"""The length against which the weights kept with a passage are taken, so that no new clause rewrites them.
They only choose candidates: a candidate's score is computed with the snapshot's own average length."""

BLOCK = 2048
"""How many passages share a block: those whose ids have the same quotient."""

FIRST_PAIR = 500_000_000
"""Terms have the dimensions below, pairs of neighbouring terms those from here on, by a hash."""

LAST_DIMENSION = 1_000_000_000
MOST_WEIGHTS = 15_000
"""pgvector keeps at most 16,000 numbers of a sparse vector; the rest of a longer clause goes unweighted."""

_WORD = re.compile(r"\d+(?:\.\d+)+|[^\W_]+")
_STEMMER = Stemmer.Stemmer("english")
_STOP_WORDS = """a about also am an and any are as at be been being but by can could did do does for from had
has have he her his how i if in into is it its may me might must my no not of on or our s shall she should
such than that the their them then there these they this those to under us was we were what when where which
who whom why will with would you your"""
STOP_WORDS = frozenset(_STOP_WORDS.split())


def terms(text: str) -> list[str]:
    """The stemmed words of an English text in their order, stop words left out; 6.2.1 is one word."""
    words = [word for word in _WORD.findall(text.lower()) if word not in STOP_WORDS]
    return list(_STEMMER.stemWords(words))


def pairs(words: Sequence[str]) -> list[int]:
    """The dimensions of the pairs of neighbouring terms, each once."""
    hashed = (zlib.crc32(f"{a} {b}".encode()) for a, b in pairwise(words))
    return sorted({FIRST_PAIR + h % (LAST_DIMENSION - FIRST_PAIR) for h in hashed})


def weights(counts: Sequence[int]) -> list[float]:
    """The saturated frequency of each term of a passage, at the reference length."""
    saturation = K1 * (1 - B + B * sum(counts) / REFERENCE_LENGTH)
    return [count / (count + saturation) for count in counts]
