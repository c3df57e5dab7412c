"""The suite `time-travel`: questions whose answer differs by edition, asked of the chat on days around each.

The questions and their answers come from the dated parameters themselves: every number that ever changed, on
the first and the last day of each edition and in between. A wrong number is worst where it was once right: an
answer that cites another edition's text, or states another edition's number, is an anachronism.
"""

from collections.abc import Sequence
from datetime import date
from functools import cache

from decisioning.files import read_json
from decisioning.parameters import History
from decisioning.product import PRODUCTS
from evals.asking import Answered, ask, states_in
from evals.cases import Case, CaseSet, case_set
from evals.frame import Bench, CaseSuite, Findings
from evals.gates import mean
from evals.measured import Measured
from evals.slices import charts

DAYS = (
    date(2024, 1, 1),
    date(2025, 6, 30),
    date(2025, 7, 1),
    date(2026, 5, 31),
    date(2026, 6, 1),
    date(2026, 11, 23),
)
QUESTIONS = {
    "min_score_approve": "What score is needed for an approval by the decision system?",
    "min_score_consider": "Below which score is an application declined?",
    "debt_service_share": "Which share of the debt counts as debt service each month?",
    "max_debt_service_to_income": "What is the maximum debt service to income ratio?",
    "refer_debt_service_to_income": "Above which debt service to income ratio is an application referred?",
    "min_disposable_income": "What is the minimum disposable income?",
    "refer_loan_to_price": "Above which loan-to-price ratio is an application referred?",
    "refer_loan_to_price_score": "Below which score is a high loan-to-price ratio referred?",
    "max_term_months": "What is the maximum term?",
    "max_amount": "What is the maximum amount?",
    "refer_amount": "Above which amount must an underwriter decide?",
    "max_amount_band_c": "Above which amount is an application in price tier C referred?",
    "refer_records_score": "Below which score is an application with an adverse credit record referred?",
    "cost_of_funds": "What is the cost of funds?",
    "prior_correction_bad_rate": "What expected share of bad loans is the probability corrected to?",
    "max_nominal_rate": "What is the maximum nominal rate?",
}
FORMS = ("{}", "What does {clause} say?", "{} Which clause says so?")
PROMISED = 200


class Dated(Case):
    """A parameter, a day, and a way to ask."""

    parameter: str
    day: str
    question: str


def cases(bench: Bench) -> CaseSet[Dated]:
    """Two hundred questions, spread over parameters, days and forms."""
    del bench
    made = [_case(name, day, form) for form in range(len(FORMS)) for day in DAYS for name in QUESTIONS]
    chosen = [made[n * len(made) // PROMISED] for n in range(PROMISED)]
    return case_set(chosen, PROMISED)


def _case(name: str, day: date, form: int) -> Dated:
    entry = histories()[name].on(day)
    question = FORMS[form].format(QUESTIONS[name], clause=entry.clause if entry else "")
    return Dated(
        id=f"{name} on {day}, form {form + 1}", parameter=name, day=day.isoformat(), question=question
    )


@cache
def histories() -> dict[str, History]:
    """Every parameter through time."""
    content = read_json(PRODUCTS / "consumer_loan" / "parameters.json", "parameters.json")
    return {name: History.model_validate(each) for name, each in content.items()}


async def measure(bench: Bench, case: Dated) -> Measured:
    """One question asked as of its day."""
    day = date.fromisoformat(case.day)
    answered = await ask(bench.services, case.question, as_of=day)
    edition = bench.services.products["consumer-loan"].on(day).name
    history = histories()[case.parameter]
    entry = history.on(day)
    right = entry is not None and entry.value is not None and answered.states(entry.value, history.unit)
    return Measured(
        case.id,
        scores={
            "anachronism": float(_is_anachronism(answered, history, day, edition)),
            "right": float(right and entry is not None and entry.clause in answered.clauses),
            "abstained": float(answered.abstained),
        },
        slices={"edition": edition, "unit": history.unit.value, "form": case.id[-6:]},
        asked=f"{case.question} (as of {case.day})",
        said=answered.text,
    )


def _is_anachronism(answered: Answered, history: History, day: date, edition: str) -> bool:
    """Another edition's text, or a number that only another edition has and the quoted clauses do not."""
    if any(citation.edition > edition for citation in answered.citations):
        return True
    entry = history.on(day)
    others = {
        each.value
        for each in history.history
        if each.value is not None and (not entry or each.value != entry.value)
    }
    own = " ".join(citation.quote for citation in answered.citations)
    return any(answered.states(v, history.unit) and not states_in(own, v, history.unit) for v in others)


def find(measured: Sequence[Measured]) -> Findings:
    """No anachronism, and nearly all right."""
    never = "a rule that is no longer in force is not an answer, it is a liability"
    most = "every question asks for one number that one clause sets; all were right when this was set"
    return Findings(
        gates=(
            mean("anachronisms", measured, "anachronism", "at most", 0, never),
            mean("right number from the clause that sets it", measured, "right", "at least", 0.95, most),
        ),
        charts=charts(measured, {"right": "Right"}),
    )


SUITE = CaseSuite(
    name="time-travel",
    about="200 questions whose answer differs by edition, asked on the days around each change",
    cases=cases,
    measure=measure,
    find=find,
)
