"""What goes to a language model and what comes back: claims as data out, sentences by claim in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ConfigDict, TypeAdapter, ValidationError

from decisioning.brief import brief
from decisioning.claims import Claim, PriceClaim, rule_of
from decisioning.model import Frozen, Problem, Reader
from decisioning.orders import is_order, without_orders
from decisioning.ports import Clause
from decisioning.quotes import citations_of
from decisioning.titles import Told
from decisioning.wording import capitalised, ended
from prompts import digest_of, fenced, load

PROMPTS = ("explain_system", "explain_user", "rewrite_user")
_MAX_SENTENCE = 500


class _Draft(Frozen):
    claim: str
    text: str


class _Drafts(Frozen):
    model_config = ConfigDict(frozen=True, extra="ignore")

    sentences: tuple[_Draft, ...]


_BY_CLAIM: TypeAdapter[_Drafts | dict[str, str]] = TypeAdapter(_Drafts | dict[str, str])


@dataclass(frozen=True)
class Refused:
    """A draft that the checker refused, with what is wrong with it."""

    claim: str
    text: str
    problems: tuple[Problem, ...]


def prompt_digest() -> str:
    """The digest of the prompts that an explanation is worded with."""
    return digest_of(*PROMPTS)


def system_prompt() -> str:
    """What the model is, and the rules it works under."""
    return load("explain_system").render()


def first_prompt(told: Told, claims: Sequence[Claim], clauses: Sequence[Clause], reader: Reader) -> str:
    """The claims and what they rest on in the clauses, asked to be worded."""
    return load("explain_user").render(
        reader=reader.value,
        clauses=fenced("clauses", _rested_on(claims, told, clauses)),
        claims=fenced("claims", [brief(c, told) for c in claims]),
    )


def second_prompt(told: Told, claims: Sequence[Claim], refused: Sequence[Refused], reader: Reader) -> str:
    """The refused sentences with their problems, asked to be written again."""
    again = {r.claim for r in refused}
    return load("rewrite_user").render(
        reader=reader.value,
        refused=fenced(
            "refused",
            [
                {"claim": r.claim, "sentence": r.text, "problems": [p.problem for p in r.problems]}
                for r in refused
            ],
        ),
        claims=fenced("claims", [brief(c, told) for c in claims if c.id in again]),
    )


def schema(claims: Sequence[Claim]) -> Mapping[str, Any]:
    """The JSON schema of an answer: a sentence for each of these claims, under its id, in their order."""
    sentence = {"type": "string", "maxLength": _MAX_SENTENCE}
    return {
        "type": "object",
        "properties": {claim.id: sentence for claim in claims},
        "required": [claim.id for claim in claims],
        "additionalProperties": False,
    }


def parsed(raw: str) -> tuple[dict[str, str], tuple[Problem, ...]]:
    """The drafts by claim; what is no answer at all is a problem.

    Explanations kept from before have a list of claims and texts: of these the first of a claim counts.
    """
    try:
        found = _BY_CLAIM.validate_json(unfenced(raw))
    except ValidationError:
        problem = "the language model did not answer with the JSON that was asked for"
        return {}, (Problem(sentence=None, code="llm_output", problem=problem),)
    if isinstance(found, _Drafts):
        found = {d.claim: d.text for d in reversed(found.sentences)}
    return {claim: tidied(text) for claim, text in found.items()}, ()


def tidied(text: str) -> str:
    """A draft on one line, with a capital and a full stop where a model left them out."""
    line = " ".join(text.split())
    whole = line.rstrip("\"')\u201d")  # a quotation at the end has its own full stop
    return capitalised(line if whole.endswith((".", "!", "?")) else ended(line)) if line else ""


def unfenced(raw: str) -> str:
    """Some models wrap JSON in a code fence."""
    text = raw.strip()
    return text.strip("`").removeprefix("json") if text.startswith("```") else text


def clause_data(clause: Clause, quote: str) -> dict[str, str]:
    """A sentence of a clause as a model is shown it, with the rest of the clause to read it by.

    Orders that somebody may have planted in the clause are left out.
    """
    text = without_orders(clause.text)
    rest = {"whole": text} if text != quote else {}
    return {"clause": clause.clause, "says": without_orders(quote), **rest}


def _rested_on(claims: Sequence[Claim], told: Told, clauses: Sequence[Clause]) -> list[dict[str, str]]:
    """The sentence of the policy behind each rule that applied, each once; without those that give orders.

    A price needs none: what a tier asks for was told as the offer's own.
    """
    found = {c.clause: c for c in clauses}
    quotes: dict[str, dict[str, str]] = {}
    for claim in claims:
        rule = None if isinstance(claim, PriceClaim) else rule_of(claim)
        named = [found[rule.clause]] if rule and rule.fired and rule.clause in found else []
        for cited in citations_of(claim, told.decision, named, ""):
            if not is_order(cited.quote):
                quotes.setdefault(cited.quote, {"clause": cited.clause, "says": cited.quote})
    return list(quotes.values())
