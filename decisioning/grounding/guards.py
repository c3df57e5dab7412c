"""What no sentence may be, whatever stands in the record: too long, foreign, an order, personal."""

import re
import unicodedata
from collections.abc import Iterator

from decisioning.grounding.lexicon import is_stop
from decisioning.grounding.pool import Pool, likeness
from decisioning.grounding.said import Said
from decisioning.grounding.scope import is_general
from decisioning.model import Problem
from decisioning.numbers import negated_at

MAX_CHARACTERS = 700
_MARKUP = re.compile(r"https?://|www\.|<[a-z/!][^>]*>|```|\{\{|\]\(|\\x|[{}]|\bbase64\b", re.IGNORECASE)
_PERSONAL = re.compile(r"[\w.+-]+@[\w-]+\.\w+|(?<!\d)\+?\d[\d\s()-]{8,}\d(?!\d)|\b\d{3}-\d{2}-\d{4}\b")
_ORDER = re.compile(
    r"\b(?:ignore|disregard|forget|override|bypass)\s+(?:\w+\s+){0,3}(?:instructions?|rules?|polic\w+|above|previous|prior|everything|limits?)"
    r"|\b(?:system|developer)\s+(?:prompt|message)|\bas\s+an\s+ai\b|\blanguage\s+model\b|\bapprove\s+this\s+(?:applica|loan|request)"
    r"|^\s*(?:please\s+)?(?:approve|decline|click|visit|call|write|send|transfer|reply|respond|tell|translate|print|output|repeat|contact)\b",
    re.IGNORECASE,
)
_PROTECTED = re.compile(
    r"\b(?:race|racial|colou?r\s+of\s+(?:the\s+)?skin|ethnic\w*|religio\w+|muslim|jewish|christian|catholic|hindu|national\s+origin|nationality"
    r"|immigra\w+|foreigner|gender|sex|male|female|man|woman|women|men|husband|wife|spouse|marital|married|unmarried|divorced|widow\w*"
    r"|single\s+(?:mother|father|parent|woman|man)|pregnan\w+|child-?bearing|children|elderly|too\s+old|too\s+young|age|aged|years\s+old"
    r"|retire[ed]*|pension\w*|welfare|public\s+assistance|disab\w+|handicap\w*|sexual\s+orientation|gay|lesbian|zip\s?code|postcode"
    r"|neighbou?rhood|co-?sign\w*|guarantor|maiden|ancestry|skin)\b",
    re.IGNORECASE,
)
_CUT_INCOME = re.compile(
    r"\bincome\s+(?:\w+\s+){0,3}?(?:discounted|reduced|cut|excluded|ignored|left\s+out|haircut|halved)\b"
    r"|\b(?:discount|reduc|cut|exclud|ignor|halv)\w*\s+(?:\w+\s+){0,3}?income\b",
    re.IGNORECASE,
)
"""Reg B §1002.6(b)(5): income is not discounted because of its source."""
_RESTATED = 0.6
_QUOTED = re.compile(r'["\u201c]([^"\u201c\u201d]+)["\u201d]')
_LEAST_QUOTED = 4
_STRAY = re.compile(r"(?<![\d\s])\s*%|(?<!\d)\s+%")
_COMMON = 0.12
"""The least share of everyday function words in an English sentence of eight words or more."""


def check_form(said: Said) -> Iterator[Problem]:
    """A problem for each thing about the sentence's form that cannot be let out or cannot be checked."""
    text = said.text
    if len(text) > MAX_CHARACTERS:
        yield _problem(
            said,
            "too_long",
            f"a sentence of more than {MAX_CHARACTERS} characters cannot be checked; split it",
        )
    if _foreign(said):
        yield _problem(said, "not_english", "only plain English can be checked")
    if _MARKUP.search(text):
        yield _problem(said, "markup", "links, markup and code have no place in a sentence")
    if _STRAY.search(text):
        yield _problem(said, "unreadable_number", "a per cent sign stands without a number")
    if "?" in text:
        yield _problem(said, "question", "a question states nothing that could be checked")


def check_guards(said: Said, pool: Pool) -> Iterator[Problem]:
    """A problem for an instruction, personal data or a protected characteristic that no clause names."""
    spans = [(q.start, q.end) for q in said.quantities]
    personal = [m for m in _PERSONAL.finditer(said.text) if not any(a <= m.start() < b for a, b in spans)]
    if personal:
        yield _problem(
            said, "personal_data", "addresses and telephone numbers have no place in an explanation"
        )
    for found in _QUOTED.finditer(said.text):
        if len(found[1].split()) >= _LEAST_QUOTED and not _stands(found[1], pool):
            yield _problem(
                said, "quote", f'"{found[1]}" does not stand like this in the catalogue or a clause'
            )
    order = _ORDER.search(said.text)
    if order:
        yield _problem(
            said,
            "instruction",
            f'"{order.group().strip()}" is an instruction, not a statement about the decision',
        )
    cut = _CUT_INCOME.search(said.text)
    if cut and not is_general(said, pool) and not negated_at(said.text, cut.start()):
        yield _problem(said, "protected", "income is never discounted for where it comes from")
    for found in _PROTECTED.finditer(said.text):
        if not _in_policy(found.group().lower(), said, pool):
            yield _problem(
                said, "protected", f'"{found.group()}" is or stands for a protected characteristic'
            )


def _stands(quote: str, pool: Pool) -> bool:
    """Whether the quoted words stand in a text of the pool, letter for letter but for case and end."""
    wanted = " ".join(quote.lower().split()).strip(" .,;")
    texts = (*(p.text for p in pool.passages), *(p.text for c in pool.carriers for p in c.passages))
    whole = " ".join(" ".join(t.lower().split()) for t in texts)
    return wanted in whole


def _in_policy(word: str, said: Said, pool: Pool) -> bool:
    """A clause may speak of protected characteristics and be restated; a word on one applicant may not."""
    if not is_general(said, pool):
        return False
    passages = [p for p in pool.passages if word in p.text.lower()]
    return any(likeness(said.content, p) >= _RESTATED for p in passages)


def _foreign(said: Said) -> bool:
    letters = [c for c in said.text if c.isalpha()]
    latin = sum(1 for c in letters if "LATIN" in unicodedata.name(c, ""))
    if letters and latin < len(letters):
        return True
    if any(unicodedata.category(c) in ("Cf", "Co", "Cc") and c not in "\n\t" for c in said.text):
        return True
    found = said.words
    if len(found) < 8:
        return False
    return sum(is_stop(w.text) for w in found) / len(found) < _COMMON


def _problem(said: Said, code: str, problem: str) -> Problem:
    return Problem(sentence=said.text, code=code, problem=problem)
