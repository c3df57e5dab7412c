"""The suites `stored` and `feedback`: cases made from what the lender's own service lived through.

`credence eval cases` writes them, from the service's database to CREDENCE_HOME/evals/cases: applications with
the outcome and the reasons they had, questions of conversations with the analysts' verdict on the answer. No
applicant, note or monitoring value is read. Without such a file the suites are not run.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from app.storage.decisions import iterate_all
from app.storage.tables import chat_feedback, chat_turn
from decisioning.model import Decision, Inputs
from evals.asking import ask
from evals.cases import Case, CaseSet, read_cases
from evals.frame import Bench, CaseSuite, Findings
from evals.gates import mean
from evals.measured import Measured
from evals.taking import taken

FOLDER: Final = "cases"


class Lived(Case):
    """A stored decision: what was asked on which day, what came of it and why."""

    product: str
    application: dict[str, Any]
    day: str
    outcome: str
    reasons: tuple[str, ...]


class Judged(Case):
    """A question that an analyst judged the answer of, and the clauses that were quoted then."""

    question: str
    day: str
    helpful: bool
    clauses: tuple[str, ...]


async def write_cases(engine: AsyncEngine, home: Path) -> dict[str, int]:
    """Write both files anew; how many cases each has."""
    stored = [_lived(each.decision, each.inputs) async for each in iterate_all(engine)]
    return {
        "stored": _write(home / FOLDER, "stored", [case for case in stored if case]),
        "feedback": _write(home / FOLDER, "feedback", await _judged(engine)),
    }


def _lived(decision: Decision, inputs: Inputs) -> Lived | None:
    """The case of a decision; None for one that a failure outside referred, which tells of no rule."""
    if decision.causes:
        return None
    return Lived(
        id=str(decision.id),
        product=decision.product,
        application=dict(inputs.application),
        day=decision.as_of.isoformat(),
        outcome=decision.outcome.value,
        reasons=tuple(reason.code for reason in decision.reasons),
    )


async def _judged(engine: AsyncEngine) -> list[Judged]:
    joined = sa.select(chat_turn, chat_feedback.c.id, chat_feedback.c.helpful).join(
        chat_feedback, chat_feedback.c.conversation_id == chat_turn.c.conversation_id
    )
    async with engine.connect() as connection:
        rows = (await connection.execute(joined.order_by(chat_feedback.c.id, chat_turn.c.position))).all()
    return [
        Judged(
            id=f"{row.id} {row.position}",
            question=row.message,
            day=row.as_of.isoformat(),
            helpful=row.helpful,
            clauses=tuple(sorted({clause for _, clause, *_ in json.loads(row.evidence)["clauses"]})),
        )
        for row in rows
    ]


def _write(folder: Path, name: str, cases: Iterable[Case]) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    lines = [case.model_dump_json() + "\n" for case in cases]
    (folder / f"{name}.jsonl").write_text("".join(lines), encoding="utf-8")
    counts = folder / "counts.json"
    known = json.loads(counts.read_text(encoding="utf-8")) if counts.is_file() else {}
    counts.write_text(json.dumps({**known, f"{name}.jsonl": len(lines)}) + "\n", encoding="utf-8")
    return len(lines)


def lived_cases(bench: Bench) -> CaseSet[Lived]:
    """The decisions that were written."""
    return read_cases("stored", Lived, bench.options.home / FOLDER)


def judged_cases(bench: Bench) -> CaseSet[Judged]:
    """The questions that were written."""
    return read_cases("feedback", Judged, bench.options.home / FOLDER)


async def measure_lived(bench: Bench, case: Lived) -> Measured:
    """The same application on the same day: the same outcome, the same reasons in the same order."""
    day = date.fromisoformat(case.day)
    decision = await taken(bench.services, case.application, day=day, product=case.product)
    reasons = tuple(reason.code for reason in decision.reasons)
    return Measured(
        case.id,
        scores={
            "same outcome": float(decision.outcome.value == case.outcome),
            "same reasons": float(reasons == case.reasons),
        },
        slices={"outcome": case.outcome},
        asked=", ".join(f"{name} {value}" for name, value in case.application.items()),
        said=f"{case.outcome} {list(case.reasons)} became {decision.outcome.value} {list(reasons)}",
    )


async def measure_judged(bench: Bench, case: Judged) -> Measured:
    """The question again on its day: what helped still quotes the same clauses."""
    answered = await ask(bench.services, case.question, as_of=date.fromisoformat(case.day))
    kept = set(case.clauses) <= answered.clauses
    name = "still quotes what helped" if case.helpful else "changed what did not help"
    right = kept if case.helpful else not kept
    return Measured(case.id, {name: float(right)}, {}, case.question, answered.text)


def find_lived(measured: Sequence[Measured]) -> Findings:
    """What was decided is decided again."""
    why = "a past edition is history: another outcome of it today is a bug or a cover-up"
    return Findings(
        (
            mean("decided as it was", measured, "same outcome", "at least", 1, why),
            mean("for the same reasons", measured, "same reasons", "at least", 1, why),
        )
    )


def find_judged(measured: Sequence[Measured]) -> Findings:
    """What helped still helps; what did not is only told."""
    why = "an answer that an analyst found helpful should not lose its clauses unnoticed"
    gate = mean("still quotes what helped", measured, "still quotes what helped", "at least", 0.9, why)
    name = "changed what did not help"
    changed = [m.scores[name] for m in measured if name in m.scores]
    note = f"{sum(changed):g} of {len(changed)} unhelpful answers quote otherwise now"
    return Findings((gate,), notes=(note,))


STORED = CaseSuite(
    name="stored",
    about="decisions of the lender's own service, decided again: the same outcome for the same reasons",
    cases=lived_cases,
    measure=measure_lived,
    find=find_lived,
)
FEEDBACK = CaseSuite(
    name="feedback",
    about="questions that analysts judged the answers of: what helped still does",
    cases=judged_cases,
    measure=measure_judged,
    find=find_judged,
)
