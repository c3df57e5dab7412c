"""The offline suites by name. Each calls what production calls, and has a reason beside every threshold."""

from collections.abc import Mapping

from decisioning.model import Outcome
from evals.gates import Gate, Result, Suite, exactly, share
from evals.population import LATEST, Population, decided, population
from evals.retrieval import references, retrieval


def decisions() -> Result:
    """What the policy of today does to all 4,454 applications."""
    cases = decided(LATEST)
    found = population(cases, LATEST)
    return Result("decisions", (*_outcomes(found), *_bad_rates(found), *_coverage(found)))


def _outcomes(found: Population) -> tuple[Gate, ...]:
    why = "a policy that approves or refers nearly everybody decides nothing"
    bands = ((Outcome.APPROVE, 0.45, 0.60), (Outcome.REFER, 0.15, 0.30), (Outcome.DECLINE, 0.20, 0.35))
    gates: list[Gate] = []
    for outcome, low, high in bands:
        name, value = f"share of outcome {outcome}", found.outcomes[outcome].share
        gates += [exactly(name, value, "at least", low, why), exactly(name, value, "at most", high, why)]
    return tuple(gates)


def _bad_rates(found: Population) -> tuple[Gate, ...]:
    cases = [c for c in decided(LATEST) if c.sample.held_out and c.judgement.outcome is Outcome.APPROVE]
    bad = sum(case.sample.bad for case in cases)
    declined = found.outcomes[Outcome.DECLINE].bad_held_out
    return (
        share("bad among approved, held out", bad, len(cases), "at most", 0.10, "the lender's appetite"),
        share(
            "bad among approved, held out, against a quarter of declined",
            bad,
            len(cases),
            "at most",
            declined / 4,
            "rules that do not part good from bad are not worth their declines",
        ),
    )


def _coverage(found: Population) -> tuple[Gate, ...]:
    return (
        exactly("reasons that occur", len(found.reasons), "at least", 15, "a catalogue that is used"),
        exactly("clauses cited", len(found.clauses), "at least", 30, "a manual that is used"),
    )


SUITES: Mapping[str, Suite] = {"decisions": decisions, "retrieval": retrieval, "references": references}
