"""What a language model is asked in a chat, and what comes back: sentences, each with its source."""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from pydantic import ConfigDict, ValidationError

from decisioning.chat.saying import Statement
from decisioning.drafts import unfenced
from decisioning.model import Frozen, Problem
from decisioning.wording import written_date
from prompts import digest_of, fenced, load

PROMPTS = ("answer_system", "answer_user", "answer_rewrite")
_MOST_SENTENCES = 12
_MAX_SENTENCE = 500


class Drafted(Frozen):
    """A sentence of an answer and the claim or clause that it is said to rest on."""

    source: str
    text: str


class _Drafts(Frozen):
    model_config = ConfigDict(frozen=True, extra="ignore")

    sentences: tuple[Drafted, ...]


def answer_digest() -> str:
    """The digest of the prompts that an answer is worded with."""
    return digest_of(*PROMPTS)


def answer_system() -> str:
    """What the model is, and the rules it works under."""
    return load("answer_system").render()


def sources_of(statements: Sequence[Statement]) -> dict[str, Statement]:
    """The statements that a model may word, each under a name of its own: a clause may be quoted twice."""
    found: dict[str, Statement] = {}
    for each in statements:
        if each.data is not None:
            again = sum(other.id == each.id for other in found.values())
            found[f"{each.id}#{again + 1}" if again else each.id] = each
    return found


def answer_prompt(question: str, as_of: date, statements: Mapping[str, Statement]) -> str:
    """The question and what the tools gave, all as data."""
    return load("answer_user").render(
        as_of=written_date(as_of),
        question=fenced("question", [question]),
        claims=fenced("claims", _data(statements, "claims")),
        clauses=fenced("clauses", _data(statements, "clauses")),
    )


def second_prompt(
    refused: Sequence[tuple[Drafted, tuple[Problem, ...]]], statements: Mapping[str, Statement]
) -> str:
    """The refused sentences with their problems, asked to be written again."""
    shown = [
        {"source": d.source, "sentence": d.text, "problems": [p.problem for p in problems]}
        for d, problems in refused
    ]
    return load("answer_rewrite").render(
        refused=fenced("refused", shown),
        claims=fenced("claims", _data(statements, "claims")),
        clauses=fenced("clauses", _data(statements, "clauses")),
    )


def _data(statements: Mapping[str, Statement], kind: str) -> list[Mapping[str, Any]]:
    own = ((name, s.data) for name, s in statements.items() if s.data_kind == kind)
    return [{"source": name, **data} for name, data in own if data is not None]


def answer_schema(sources: Sequence[str]) -> Mapping[str, Any]:
    """The JSON schema of an answer: sentences, each naming one of these sources."""
    item = {
        "type": "object",
        "properties": {
            "source": {"type": "string", "enum": list(sources)},
            "text": {"type": "string", "maxLength": _MAX_SENTENCE},
        },
        "required": ["source", "text"],
        "additionalProperties": False,
    }
    return {
        "type": "object",
        "properties": {"sentences": {"type": "array", "items": item, "maxItems": _MOST_SENTENCES}},
        "required": ["sentences"],
        "additionalProperties": False,
    }


def drafted(raw: str) -> tuple[Drafted, ...] | None:
    """The drafted sentences of an output, None where it is not the JSON that was asked for."""
    try:
        return _Drafts.model_validate(json.loads(unfenced(raw))).sentences[:_MOST_SENTENCES]
    except (ValidationError, ValueError):
        return None
