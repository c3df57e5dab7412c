"""The suite `chat`: right answers and clauses, silence where the policy is silent, one voice with the record.

The questions stand in `chat/data`: answerable ones with the clauses that answer them and what must be said,
unanswerable ones of four kinds. On stored decisions the chat is asked what the record knows, and must not say
otherwise.
"""

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Literal

from decisioning.model import Decision, Outcome, Unit
from evals.asking import Answered, ask, mean_of, same_figures
from evals.cases import Case, CaseSet, NotRun, case_set
from evals.chat.unseen import unseen
from evals.frame import Bench, CaseSuite, Findings
from evals.gates import Gate, mean
from evals.measured import Measured
from evals.relations.pool import COMPLETE
from evals.slices import charts
from evals.taking import taken

QUESTIONS = Path(__file__).parent / "chat" / "data"
DECISIONS = 30
ASKED_OF_RECORD = {
    "outcome": "What is the outcome of this application?",
    "score": "What is the score?",
    "debt_service_to_income": "What is the debt service to income ratio?",
    "disposable_income": "What is the disposable income?",
}
UNSEEN = "out of fold"
MUST = f"abstains on unanswerable questions, {UNSEEN}"
VAIN = f"abstains in vain on answerable ones, {UNSEEN}"
SETS = {
    "answerable": "answerable",
    "answerable_held_out": "answerable",
    "unanswerable": "unanswerable",
    "unanswerable_held_out": "unanswerable",
}
"""Files of questions, and what they are; the weights that ship were in the end fitted on all four."""
STEMS = {Outcome.APPROVE: "approve", Outcome.REFER: "refer", Outcome.DECLINE: "decline"}


class Question(Case):
    """A question with what is wanted of its answer; `row` and `about` where it is about a decision."""

    group: Literal["answerable", "unanswerable", "record"]
    kind: str
    question: str
    clauses: tuple[str, ...] = ()
    says: str | None = None
    row: int | None = None


def cases(bench: Bench) -> CaseSet[Question]:
    """All labelled questions, and four questions about each of thirty decisions."""
    del bench
    made = [case for name, group in SETS.items() for case in read_questions(name, group)]
    return case_set((*made, *_about_records()))


def read_questions(name: str, group: str) -> list[Question]:
    """The questions of a file about the policy; raises NotRun where there is none."""
    path = QUESTIONS / f"{name}.jsonl"
    if not path.is_file():
        raise NotRun(f"there are no questions in chat/data/{path.name}")
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [Question.model_validate_json(json.dumps({**row, "group": group})) for row in rows]


def _about_records() -> list[Question]:
    return [
        Question(id=f"{kind} of {each.external_id}", group="record", kind=kind, question=text, row=each.row)
        for each in COMPLETE[:: len(COMPLETE) // DECISIONS][:DECISIONS]
        for kind, text in ASKED_OF_RECORD.items()
    ]


@cache
def _application(row: int) -> dict[str, object]:
    return dict(next(each.application for each in COMPLETE if each.row == row))


async def measure(bench: Bench, case: Question) -> Measured:
    """One question, asked today."""
    if case.row is None:
        answered = await ask(bench.services, case.question)
        with unseen(case.question):
            honest = await ask(bench.services, case.question)
        scores = {**_of_policy(case, answered), **_silent(case, honest)}
    else:
        decision = await taken(bench.services, _application(case.row))  # type: ignore[arg-type]
        answered = await ask(bench.services, case.question, decision=decision.id)
        scores = {"contradicts": float(not answered.abstained and not _agrees(case.kind, decision, answered))}
    return Measured(case.id, scores, _slice(case), case.question, answered.text)


def _slice(case: Question) -> dict[str, str]:
    """Answerable questions by the part of the manual that answers, the others by their kind."""
    if case.group == "answerable":
        return {"part of the manual": case.clauses[0].partition(".")[0] if case.clauses else "several"}
    return {f"kind of {case.group} question": case.kind}


def _of_policy(case: Question, answered: Answered) -> dict[str, float]:
    if case.group == "unanswerable":
        return {"abstained": float(answered.abstained)}
    scores = {"abstained in vain": float(answered.abstained)}
    scores["right"] = float(not answered.abstained and same_figures(answered.text, case.says or ""))
    if case.clauses and not answered.abstained:
        hits = len(answered.clauses & set(case.clauses))
        scores["citation recall"] = hits / len(case.clauses)
        scores["citation precision"] = hits / len(answered.clauses) if answered.clauses else 0.0
    return scores


def _silent(case: Question, honest: Answered) -> dict[str, float]:
    """Whether it abstains with weights that never saw the question."""
    name = "abstained" if case.group == "unanswerable" else "abstained in vain"
    return {f"{name}, {UNSEEN}": float(honest.abstained)}


def _agrees(kind: str, decision: Decision, answered: Answered) -> bool:
    """Whether the answer states what the record has."""
    if kind == "outcome":
        return STEMS.get(decision.outcome, decision.outcome.value) in answered.text.lower()
    fact = decision.facts.get(kind)
    if fact is None or not isinstance(fact.value, int | float):
        return True
    unit, value = fact.unit, float(fact.value)
    places = {Unit.RATIO: 3, Unit.POINTS: 0}.get(unit, 2)
    return answered.states(value, unit) or answered.states(round(value, places), unit)


def find(measured: Sequence[Measured]) -> Findings:
    """Gates on both kinds of silence, on answers, on citations, on the record."""
    return Findings(
        gates=(*_silence(measured), *_answers(measured), _record(measured)),
        charts=charts(measured, {"right": "Right", f"abstained, {UNSEEN}": "Abstained where it must"}),
        notes=(_as_shipped(measured),),
    )


def _silence(measured: Sequence[Measured]) -> tuple[Gate, ...]:
    must = "an answer that the policy does not give is an invention, however well it reads"
    vain = "who is sent away with a question that the policy answers stops asking"
    return (
        mean(MUST, measured, f"abstained, {UNSEEN}", "at least", 0.95, must),
        mean(VAIN, measured, f"abstained in vain, {UNSEEN}", "at most", 0.03, vain),
    )


def _as_shipped(measured: Sequence[Measured]) -> str:
    """What the weights that ship do, which were fitted on these very questions."""
    must, vain = (
        mean_of(case.scores[metric] for case in measured if metric in case.scores)
        for metric in ("abstained", "abstained in vain")
    )
    told = f"{must:.1%} of the unanswerable questions, {vain:.1%} of the answerable ones in vain"
    return f"as shipped, with weights fitted on these questions too, it abstains on {told}"


def _answers(measured: Sequence[Measured]) -> tuple[Gate, ...]:
    right = "one wrong answer in ten, by the key's own words, and nobody asks again; 94 % was measured"
    cited = "the clause that answers must be among those quoted, and few others"
    return (
        mean("answers right", measured, "right", "at least", 0.9, right),
        mean("citation recall", measured, "citation recall", "at least", 0.9, cited),
        mean("citation precision", measured, "citation precision", "at least", 0.9, cited),
    )


def _record(measured: Sequence[Measured]) -> Gate:
    why = "two voices of one lender: what the API says, the chat says"
    return mean("answers that say otherwise than the record", measured, "contradicts", "at most", 0, why)


SUITE = CaseSuite(
    name="chat",
    about="right answers with the right clauses, silence where the policy is silent, one voice with the API",
    cases=cases,
    measure=measure,
    find=find,
)
