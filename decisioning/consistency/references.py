"""Within one edition of the manual: references lead somewhere, and a term to its definition."""

import re
from collections.abc import Iterator, Sequence

from decisioning.consistency.model import Code, Finding, Manual
from decisioning.ports import Provision


def references(manual: Manual) -> Iterator[Finding]:
    """References to clauses that the edition does not have, and bracketed ones that name another term."""
    names = {provision.clause for provision in manual.provisions}
    terms = _terms(manual)
    pattern = _pattern(names)
    for provision in _whole(manual.provisions):
        place = f"{manual.file}, {provision.clause}"
        for found in pattern.finditer(provision.text):
            target = found.group()
            if target not in names:
                sentence = f"{place} refers to {target}, which that edition does not have."
                yield Finding(Code.DANGLING, provision.clause, place, "", sentence)
            elif target in terms and not _names(provision.text, found, terms[target]):
                sentence = f"{place} gives ({target}) for something other than {terms[target]!r}."
                yield Finding(Code.UNDEFINED, provision.clause, place, "", sentence)


def _whole(provisions: Sequence[Provision]) -> Iterator[Provision]:
    """The clauses without their own paragraphs and rows, which a parser may give once more by themselves."""
    for provision in provisions:
        longer = (p.text for p in provisions if len(p.text) > len(provision.text))
        if not any(provision.text in text for text in longer):
            yield provision


def _terms(manual: Manual) -> dict[str, str]:
    """The term of each clause that reads "X means …" under the heading X."""
    return {
        p.clause: p.heading
        for p in manual.provisions
        if p.heading and p.text.lower().startswith(f"{p.heading.lower()} means ")
    }


def _pattern(names: set[str]) -> re.Pattern[str]:
    """What looks like one of the manual's own names: its prefixes before a number such as 4.2."""
    prefixes = {found[1] for name in names if (found := re.match(r"(.*\w)-\d", name))}
    either = "|".join(sorted(map(re.escape, prefixes))) or "(?!)"
    return re.compile(rf"\b(?:{either})-\d+(?:\.\d+)*")


def _names(text: str, reference: re.Match[str], term: str) -> bool:
    """Whether "… term (CP-1.4)" has the term before it; a reference outside brackets may say anything."""
    before = text[: reference.start()]
    if not before.endswith("(") or not text.startswith(")", reference.end()):
        return True
    return bool(re.search(rf"\b{re.escape(term)}(?:s|es)?\s*\($", before, re.IGNORECASE))
