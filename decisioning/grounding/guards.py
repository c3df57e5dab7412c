"""What no sentence may be, whatever stands in the record: too long, foreign, an order, personal."""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from decisioning.grounding.forms import form, pattern
from decisioning.grounding.lexicon import is_stop, keys
from decisioning.grounding.once import once
from decisioning.grounding.passages import Passage, likeness
from decisioning.grounding.pool import Carrier, Pool
from decisioning.grounding.said import Said
from decisioning.grounding.scope import is_general
from decisioning.grounding.stems import stem
from decisioning.model import Problem
from decisioning.numbers import negated_at

MAX_CHARACTERS = 700
_BEGINS = re.compile(rf"\s*(?:please\s+)?(?:{pattern('begins an order')})\b", re.IGNORECASE)
_MARKUP = re.compile(r"https?://|www\.|<[a-z/!][^>]*>|```|\{\{|\]\(|\\x|[{}]|\bbase64\b", re.IGNORECASE)
_PERSONAL = re.compile(r"[\w.+-]+@[\w-]+\.\w+|(?<!\d)\+?\d[\d\s()-]{8,}\d(?!\d)|\b\d{3}-\d{2}-\d{4}\b")
_RESTATED = 0.6
_QUOTED = re.compile(r'["\u201c]([^"\u201c\u201d]+)["\u201d]')
_LEAST_QUOTED = 4
_OPINION = re.compile(r"\b(?:[Ii](?!\.)\b(?:\s?['\u2019]\s?(?:m|ve|d|ll)\b)?|my|me|mine|myself)\b")
_STRAY = re.compile(r"(?<![\d\s])\s*%|(?<!\d)\s+%")
_HANGING = re.compile(
    r"(?:this|that|it|these|those)\s+(?:(?:case|score|decision|rule|reason)\s+)?(?:is|was|were|does|did|has|had|means?|meant|allowed|led|made|meets?"
    r"|shows?|caused|explains?)\b(?!\s+(?:(?:not\s+)?an?\s+(?:decline|refusal|approval|referral)|approved|declined|referred|incomplete|granted|refused|rejected))",
    re.IGNORECASE,
)
_ITSELF = re.compile(
    r"\bthe\s+(?:\w+\s+)?rule\s+is\s+that\b|\b(?:the|this|each)\s+(?:sentence|claim)s?\b", re.IGNORECASE
)
_POLICY_ON_THIS = re.compile(
    r"\b(?:policy|manual|clause)\s+(?:states?|says?|notes?|mentions?|indicates?|shows?|tells?|reports?|confirms?)\s+that\s+"
    r"(?:the|this)\s+(?:application|file|applicant|case|request)\b",
    re.IGNORECASE,
)
_DONE = re.compile(
    r"\b(?:is|are|was|were|been|being|got)\s+(?:already\s+|now\s+)?(?:signed|verified|paid\s+out|disbursed|transferred|handed\s+over)\b"
    r"|\bhas\s+(?:already\s+)?(?:signed|accepted|provided|submitted|delivered|sent)\b",
    re.IGNORECASE,
)
_NOT_YET = re.compile(
    r"\b(?:until|before|once|when|after|if|unless|must|may|can|will|would|to\s+be|only)\b", re.IGNORECASE
)
_PLAIN = re.compile(r"[\t\n\x20-\x7e]*")
_COMMON = 0.12
"""The least share of everyday function words in an English sentence of eight words or more."""


def check_form(said: Said) -> Iterator[Problem]:
    """A problem for each thing about the sentence's form that cannot be let out or cannot be checked."""
    text = said.text
    if len(text) > MAX_CHARACTERS:
        yield said.problem(
            "too_long",
            f"a sentence of more than {MAX_CHARACTERS} characters cannot be checked; split it",
        )
    if _foreign(said):
        yield said.problem("not_english", "only plain English can be checked")
    if _MARKUP.search(text):
        yield said.problem("markup", "links, markup and code have no place in a sentence")
    if _STRAY.search(text):
        yield said.problem("unreadable_number", "a per cent sign stands without a number")
    if "?" in text:
        yield said.problem("question", "a question states nothing that could be checked")


def check_guards(said: Said, pool: Pool) -> Iterator[Problem]:
    """A problem for an instruction, personal data or a protected characteristic that no clause names."""
    spans = [(q.start, q.end) for q in said.quantities]
    personal = [m for m in _PERSONAL.finditer(said.text) if not any(a <= m.start() < b for a, b in spans)]
    if personal:
        yield said.problem("personal_data", "addresses and telephone numbers have no place in an explanation")
    for found in _QUOTED.finditer(said.text):
        if len(found[1].split()) >= _LEAST_QUOTED and not _stands(found[1], pool):
            yield said.problem("quote", f'"{found[1]}" does not stand like this in the catalogue or a clause')
    opinion = _OPINION.search(said.text)
    if opinion and not any(_OPINION.search(p.text) for p in pool.passages):
        yield said.problem("opinion", f'"{opinion.group()}" tells of somebody who is no source')
    yield from _voice(said, pool)
    order = form("order").search(said.text) or _BEGINS.match(said.text)
    if order:
        yield said.problem(
            "instruction",
            f'"{order.group().strip()}" is an instruction, not a statement about the decision',
        )
    cut = form("income cut").search(said.text)
    if cut and not is_general(said, pool) and not negated_at(said.text, cut.start()):
        yield said.problem("protected", "income is never discounted for where it comes from")
    for found in form("protected").finditer(said.text):
        if not _in_policy(found.group().lower(), said, pool):
            yield said.problem("protected", f'"{found.group()}" is or stands for a protected characteristic')


def _voice(said: Said, pool: Pool) -> Iterator[Problem]:
    """No judgement of the person, nobody who acted, nothing that hangs on a sentence before."""
    if pool.outcome is None:
        yield from _praise(said, pool)
    elif _POLICY_ON_THIS.search(said.text):
        yield said.problem("wrong_actor", "the policy says nothing of this application; say what is so of it")
    if pool.outcome is None or is_general(said, pool):
        return
    judges = form("judges").search(said.text)
    if judges and not _is_in_a_text(judges.group(), pool):
        yield said.problem("opinion", f'"{judges.group()}" judges; the record only states')
    acted = form("person acted").search(said.text)
    if acted and not any(c.kind == "reason" for c in pool.carriers):
        yield said.problem("wrong_actor", f'"{acted.group()}": no person has acted on this application')
    if _ITSELF.search(said.text):
        yield said.problem("unclear", "a sentence speaks of the decision, not of how it is worded")
    done = _DONE.search(said.text)
    if done and not _NOT_YET.search(said.text) and not negated_at(said.text, done.start()):
        yield said.problem("not_recorded", f'"{done.group()}": the record ends with the decision')
    if _HANGING.match(said.text) and not said.amounts and not pool.topics(said.sequence):
        yield said.problem("unclear", "this names nothing that could be checked; say what it is about")


@once
def _is_in_a_text(words: str, pool: Pool) -> bool:
    """Whether these words stand in a clause or in a text of the catalogue."""
    texts = (*pool.passages, *(p for c in pool.carriers for p in c.passages))
    return any(words in p.text.lower() for p in texts)


def _praise(said: Said, pool: Pool) -> Iterator[Problem]:
    """What is called great or terrible must be called so by a source."""
    found = form("praises").search(said.text)
    if found and not any(keys(stem(w)) & pool.keys for w in found.group().split()[-1:]):
        yield said.problem("opinion", f'"{found.group()}" judges; no clause says so')


@once
def _stands(quote: str, pool: Pool) -> bool:
    """Whether the quoted words stand in a text of the pool, letter for letter but for case and end."""
    return _levelled(quote).strip(" .,;") in _whole(pool.passages, pool.carriers)


@lru_cache(maxsize=64)
def _whole(passages: tuple[Passage, ...], carriers: tuple[Carrier, ...]) -> str:
    own = (p for c in carriers for p in c.passages)
    return " ".join(_levelled(p.text) for p in (*passages, *own))


@lru_cache(maxsize=4096)
def _levelled(text: str) -> str:
    return " ".join(text.lower().split())


def _in_policy(word: str, said: Said, pool: Pool) -> bool:
    """A clause may speak of protected characteristics and be restated; a word on one applicant may not."""
    if not is_general(said, pool):
        return False
    passages = [p for p in pool.passages if word in p.text.lower()]
    return any(likeness(said.content, p) >= _RESTATED for p in passages)


def _strange(character: str) -> bool:
    """Whether a letter is not Latin, or a character is one that is not seen."""
    if character.isalpha():
        return "LATIN" not in unicodedata.name(character, "")
    return unicodedata.category(character) in ("Cf", "Co", "Cc") and character not in "\n\t"


def _foreign(said: Said) -> bool:
    if not _PLAIN.fullmatch(said.text) and any(map(_strange, said.text)):
        return True
    found = said.words
    if len(found) < 8:
        return False
    return sum(is_stop(w.text) for w in found) / len(found) < _COMMON
