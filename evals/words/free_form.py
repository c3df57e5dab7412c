"""Sentences that a language model writes freely about the kept decisions and clauses, to be labelled by hand.

`python -m evals.words.free_form --out FILE` asks the model that CREDENCE_LLM_MODEL, _API_BASE and _API_KEY
name. Production hands a model claim by claim and refuses what it adds; here it has the bare record or a few
clauses and no rules, so that it says much that is not so. A line of the file is one sentence, not labelled.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any

from app.clients.llm import open_language_model
from app.metrics import Metrics
from app.settings import load_settings
from decisioning.errors import DependencyFailed
from decisioning.grounding.record_reader import decision_from
from decisioning.model import Decision, Effect, Rule
from decisioning.ports import LanguageModel
from decisioning.wording import fact_name, money, relation, written, written_date
from evals.words.labelled import clause_texts, kept_decisions

SYSTEM = "You write short sentences about credit from a record or a policy. Answer with JSON only."
ASKED = (
    "Explain this decision to a colleague in twelve short sentences of your own, with the figures: what was"
    " decided, how each figure stands to its limit, what each reason means, what happens next.",
    "Compare, in twelve short sentences, the figures of this record with their limits and with each other,"
    " and say what would have been decided otherwise and why.",
)
ASKED_OF_CLAUSES = (
    "Tell a new colleague in twelve short sentences what these clauses mean: who may get a loan, who may not,"
    " and give an example with figures for each."
)
SENTENCES = 12
CLAUSES = 3
CALL_S = 300.0


def schema() -> Mapping[str, Any]:
    """A list of sentences."""
    sentences = {
        "type": "array",
        "items": {"type": "string", "maxLength": 160},
        "minItems": SENTENCES,
        "maxItems": SENTENCES,
    }
    return {
        "type": "object",
        "properties": {"sentences": sentences},
        "required": ["sentences"],
        "additionalProperties": False,
    }


def prompts() -> Iterator[tuple[str, str]]:
    """What a text is about, as the labelled sets name it, and its prompt; decisions and clauses in turn."""
    kept = kept_decisions().items()
    decisions = [_of_decision(name, each["decision"], n) for n, (name, each) in enumerate(kept)]
    pairs = zip_longest(decisions, _of_clauses())
    return (each for each in chain.from_iterable(pairs) if each is not None)


def _of_decision(name: str, record: Mapping[str, Any], n: int) -> tuple[str, str]:
    lines = lines_of(decision_from(record))
    return name, "\n".join(("The record:", *lines, "", ASKED[n % len(ASKED)]))


def _of_clauses() -> Iterator[tuple[str, str]]:
    texts = [(edition, name, text) for (edition, name), text in clause_texts().items() if "|" not in text]
    for n in range(0, len(texts) - CLAUSES, CLAUSES):
        chosen = [each for each in texts[n : n + CLAUSES] if each[0] == texts[n][0]]
        about = f"policy {texts[n][0]} {' '.join(name for _, name, _ in chosen)}"
        lines = [f"{name}: {text}" for _, name, text in chosen]
        yield about, "\n".join(("The clauses:", *lines, "", ASKED_OF_CLAUSES))


def lines_of(decision: Decision) -> list[str]:
    """The record in plain lines, without a word of ours on what they mean."""
    currency = decision.currency
    asked = f"{money(decision.requested.amount, currency)} over {decision.requested.term_months} months"
    day = written_date(decision.as_of)
    lines = [f"outcome: {decision.outcome}", f"policy of: {day}", f"asked for: {asked}"]
    lines += [f"missing: {name}" for name in decision.missing]
    lines += [f"failed: {cause.dependency} model" for cause in decision.causes]
    if decision.score:
        score = decision.score
        lines.append(f"score: {score.value:g}, cut-off: {score.cutoff:g}, estimated default: {score.pd:.1%}")
    if decision.offer:
        offer = decision.offer
        lines.append(
            f"offer: {money(offer.monthly_payment, currency)} a month, {money(offer.total_payable, currency)}"
            f" in total, nominal rate {offer.nominal_rate:.2%}, APR {offer.apr:.2%}"
        )
    deciding = [r for r in decision.rules if r.effect is not Effect.PRICE]
    lines += [_rule(rule, decision) for rule in deciding]
    lines += [f"reason {reason.rank}: {reason.text}" for reason in decision.reasons]
    return lines + [f"condition: {condition.text}" for condition in decision.conditions]


def _rule(rule: Rule, decision: Decision) -> str:
    name, currency = fact_name(rule.fact, rule.unit), decision.currency
    value, limit = (written(v, rule.unit, currency) for v in (rule.value, rule.limit))
    applies = "applies" if rule.fired else "does not apply"
    condition = f"{rule.effect} if {name} is {relation(rule.comparator)} {limit}"
    return f"{rule.clause}: {condition}; it is {value}: {applies}"


async def sentences_of(model: LanguageModel, prompt: str) -> Sequence[str]:
    """What the model says, each sentence; nothing where it fails or answers with something else."""
    try:
        raw = await model.write(SYSTEM, prompt, schema(), CALL_S)
        return [" ".join(str(each).split()) for each in json.loads(raw)["sentences"]]
    except (DependencyFailed, ValueError, KeyError, TypeError):
        return ()


async def record(out: Path, most: int, skip: int) -> int:
    """At least so many sentences, a line each, as far as there are prompts; how many there were."""
    settings, made = load_settings(database_url=None), 0
    async with open_language_model(settings, Metrics()) as model:
        if model is None:
            raise SystemExit("CREDENCE_LLM_MODEL names no model")
        for n, (about, prompt) in enumerate(prompts()):
            if n < skip or made >= most:
                continue
            for text in await sentences_of(model, prompt):
                with out.open("a", encoding="utf-8") as file:
                    file.write(json.dumps({"about": about, "text": text}, ensure_ascii=False) + "\n")
                made += 1
            print(f"{n}: {about}: {made} sentences", flush=True)
    return made


def main() -> int:
    """Record."""
    options = argparse.ArgumentParser(prog="python -m evals.words.free_form", description=__doc__)
    options.add_argument("--out", type=Path, required=True)
    options.add_argument("--most", type=int, default=150, help="stop after so many sentences")
    options.add_argument("--skip", type=int, default=0, help="prompts that an earlier run has asked")
    asked = options.parse_args()
    return 0 if asyncio.run(record(asked.out, asked.most, asked.skip)) else 1


if __name__ == "__main__":
    sys.exit(main())
