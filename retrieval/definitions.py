"""Defined terms: those that a clause defines, those that a text uses, those that a question asks about.

"Adverse action means ...", "(f) Application means ...", "'Fund' and 'Scheme' mean ...", and a heading in
front of "The term means ...".
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from retrieval import lexical, references
from retrieval.model import Provision

MARK = "term:"
"""What a term begins with among the names of a clause, so that it is never taken for a number."""

_QUOTE = "[\"'\u2018\u2019\u201c\u201d]"
_LABEL = r"(?:\(\w{1,5}\)\s*|\d[\d.]*\s+)*"
_MEANS = re.compile(
    rf"\A{_LABEL}(?:The (?:term|expression)s?\s+(?!means))?(?P<terms>(?:\w|{_QUOTE}|[ ,/-]){{2,150}}?)"
    r"(?:,[^,.;]{1,60},)?\s+(?:means?|ha(?:s|ve) the (?:same )?meanings?)\b"
)
_HEADED = re.compile(rf"\A{_LABEL}(?P<terms>[A-Z][\w'\u2019/ -]{{1,70}})\.\s+(?:\(1\)\s+)?The term means\b")
_BETWEEN = re.compile(r",\s+|\s+(?:and|or)\s+")
_MOST_WORDS = 6
_NO_TERM = re.compile(
    r"\A\d|\b(?:the term|this|that|which|it|by any|what|we|you|unless|otherwise)\b", re.IGNORECASE
)
_MEANS_WHAT_STANDS_ABOVE = re.compile(rf"\A{_LABEL}The (?:term|expression) means\b")
_TITLE = re.compile(rf"\A{_LABEL}(?P<terms>[A-Z][\w'\u2019/ -]{{1,70}})\.?\Z")
_ASKED = re.compile(
    r"\b(?:(?:definition|meaning)\s+of|define|meant?\s+by|(?:what|how)\s+(?:is|are|does|do))\s+"
    r"(?:(?:an?|the)\s+)?(?P<term>(?!(?:the\s+)?(?:meaning|definition|meant))[^?.,;:]{2,70}?)"
    r"(?:\s+(?:mean|defined|in\s+this)\b.*)?\s*[?.]?\s*\Z",
    re.IGNORECASE,
)


def defining(provisions: Sequence[Provision]) -> tuple[Provision, ...]:
    """The same provisions, each with the terms that it defines."""
    texts = {one.clause: one.heading or one.text for one in provisions}
    return tuple(replace(one, defines=_defined(one, texts)) for one in provisions)


def _defined(one: Provision, texts: Mapping[str, str]) -> tuple[str, ...]:
    if not _MEANS_WHAT_STANDS_ABOVE.match(one.text):
        return terms_of(one.text)
    names_above = [one.parent or "", *references.ancestors(one.clause)]
    above = (texts[name] for name in names_above if name in texts)
    title = _TITLE.match(next(above, "").strip())
    return (title["terms"],) if title else ()


def terms_of(text: str) -> tuple[str, ...]:
    """The terms that a text begins by defining, as it writes them; none for most."""
    match = _HEADED.match(text) or _MEANS.match(text)
    if match is None:
        return ()
    terms = [re.sub(rf"\A{_QUOTE}|{_QUOTE}\Z", "", term.strip()) for term in _BETWEEN.split(match["terms"])]
    all_terms = all(0 < len(t.split()) <= _MOST_WORDS and not _NO_TERM.search(t) for t in terms)
    return tuple(terms) if all_terms else ()


def names(terms: Sequence[str]) -> list[str]:
    """The names under which the clause of these terms is looked up: their words, stemmed."""
    return [f"{MARK}{key}" for term in terms if (key := " ".join(lexical.terms(term)))]


def asked_for(question: str) -> list[str]:
    """The names that a question for the meaning of a term, or a mere term, looks up."""
    match = _ASKED.search(question)
    if match is not None:
        return names([match["term"]])
    return names([question]) if len(question.split()) <= _MOST_WORDS else []


def used_in(text: str, terms: Iterable[str]) -> frozenset[str]:
    """Those of the terms that a text uses, in any of their forms."""
    words = f" {' '.join(lexical.terms(text))} "
    return frozenset(term for term in terms if f" {' '.join(lexical.terms(term))} " in words)
