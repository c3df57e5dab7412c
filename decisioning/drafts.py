"""What goes to a language model and what comes back: claims as data out, sentences by claim in."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ConfigDict, ValidationError

from decisioning.claims import Claim, rule_of
from decisioning.model import Frozen, Problem, Reader, Rule
from decisioning.orders import is_order, without_orders
from decisioning.ports import Clause
from decisioning.titles import Told
from decisioning.wording import money, number, relation, written, written_date
from prompts import digest_of, fenced, load

PROMPTS = ("explain_system", "explain_user", "rewrite_user")
_MAX_SENTENCE = 500


class _Draft(Frozen):
    claim: str
    text: str


class _Drafts(Frozen):
    model_config = ConfigDict(frozen=True, extra="ignore")

    sentences: tuple[_Draft, ...]


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
    """The claims and the clauses, asked to be worded."""
    return load("explain_user").render(
        reader=reader.value,
        claims=fenced("claims", [brief(c, told) for c in claims]),
        clauses=fenced("clauses", [clause_data(c) for c in clauses]),
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
    """The JSON schema of an answer: sentences, each naming one of these claims."""
    item = {
        "type": "object",
        "properties": {
            "claim": {"type": "string", "enum": [c.id for c in claims]},
            "text": {"type": "string", "maxLength": _MAX_SENTENCE},
        },
        "required": ["claim", "text"],
        "additionalProperties": False,
    }
    return {
        "type": "object",
        "properties": {"sentences": {"type": "array", "items": item, "maxItems": len(claims)}},
        "required": ["sentences"],
        "additionalProperties": False,
    }


def parsed(raw: str) -> tuple[dict[str, str], tuple[Problem, ...]]:
    """The drafts by claim, first come first kept; what is no answer at all is a problem."""
    try:
        drafts = _Drafts.model_validate(json.loads(unfenced(raw)))
    except (ValidationError, ValueError):
        problem = "the language model did not answer with the JSON that was asked for"
        return {}, (Problem(sentence=None, code="llm_output", problem=problem),)
    found: dict[str, str] = {}
    for draft in drafts.sentences:
        found.setdefault(draft.claim, " ".join(draft.text.split()))
    return found, ()


def unfenced(raw: str) -> str:
    """Some models wrap JSON in a code fence."""
    text = raw.strip()
    return text.strip("`").removeprefix("json") if text.startswith("```") else text


def clause_data(clause: Clause) -> dict[str, str]:
    """A clause as a model is shown it: without the orders that somebody may have planted in it."""
    heading = "" if is_order(clause.heading or "") else clause.heading or ""
    return {"clause": clause.clause, "heading": heading, "text": without_orders(clause.text)}


def brief(claim: Claim, told: Told) -> dict[str, Any]:
    """A claim as a model is shown it: id, kind, and its values as a sentence may write them."""
    own = {"id": claim.id, "kind": claim.kind, **_written(claim, told)}
    if claim.clauses:
        own["clause"] = ", ".join(claim.clauses)
    return {k: v for k, v in own.items() if v not in (None, "", [], {})}


def _written(claim: Claim, told: Told) -> dict[str, Any]:
    currency = told.currency
    match claim.kind:
        case "outcome":
            return {
                "outcome": claim.outcome.value,
                "amount": money(claim.amount, currency),
                "term": f"{claim.term_months} months",
                "policy_in_force_on": written_date(claim.as_of),
            }
        case "score":
            score = claim.score
            own = {"score": number(score.value), "scale": f"from {number(score.min)} to {number(score.max)}"}
            own |= {
                "cut_off": number(score.cutoff),
                "relation_to_cut_off": _stands(score.value, score.cutoff),
            }
            return own | ({"band": _rule(claim.band, told)} if claim.band and claim.band.fired else {})
        case "price":
            return _price(claim, told)
        case "next" | "missing":
            due = getattr(claim, "due_on", None)
            return {
                "step": getattr(claim, "step", ""),
                "fields": [told.name(f) for f in claim.fields],
                "by": written_date(due) if due else "",
            }
        case "failure":
            return {
                "could_not_be_used": f"{claim.dependency} model",
                "problem": claim.problem,
                "so": "a person decides",
            }
        case "condition":
            return {"condition": claim.text}
        case _:
            return _reason(claim, told)


def _price(claim: Claim, told: Told) -> dict[str, Any]:
    if claim.kind != "price":
        return {}
    offer, currency = claim.offer, told.currency
    return {
        "amount": money(offer.amount, currency),
        "term": f"{offer.term_months} months",
        "tier": claim.tier,
        "nominal_rate": f"{number(round(offer.nominal_rate * 100, 4))} %",
        "apr": f"{number(round(offer.apr * 100, 4))} %",
        "monthly_payment": money(offer.monthly_payment, currency),
        "total": money(offer.total_payable, currency),
    }


def _reason(claim: Claim, told: Told) -> dict[str, Any]:
    reason = getattr(claim, "reason", None)
    own: dict[str, Any] = {}
    if reason is not None:
        own = {"principal_reason": reason.rank, "reason": reason.text}
        if claim.kind == "characteristic":
            own["characteristic"] = told.name(reason.source)
            own["relation"] = "its points are below the average of the reference applicants"
    rule = rule_of(claim)
    return own | (_rule(rule, told) if rule else {})


def _rule(rule: Rule, told: Told) -> dict[str, Any]:
    value = written(rule.value, rule.unit, told.currency, rule.limit)
    limit = written(rule.limit, rule.unit, told.currency)
    also = [
        f"{told.name(c.fact, c.unit)} is {written(c.value, c.unit, told.currency, c.limit)}, "
        f"{relation(c.comparator)} {written(c.limit, c.unit, told.currency)}"
        for c in rule.also
    ]
    stands = relation(rule.comparator) if rule.fired else f"not {relation(rule.comparator)}"
    return {
        "fact": told.name(rule.fact, rule.unit),
        "value": value,
        "relation": stands,
        "limit": limit,
        "and": also,
        "effect": rule.effect.value if rule.fired else "none: the rule did not apply",
    }


def _stands(value: float, limit: float) -> str:
    return "at" if value == limit else "above" if value > limit else "below"
