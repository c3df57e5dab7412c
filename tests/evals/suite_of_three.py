"""A tiny suite whose cases say what becomes of them."""

from collections.abc import Sequence

from evals.cases import Case, CaseSet, case_set
from evals.frame import Bench, CaseSuite, Findings
from evals.gates import mean
from evals.measured import Measured
from evals.slices import charts


class Tried(Case):
    """`right` is None where the case crashes."""

    right: bool | None
    group: str = "a"


CASES = (
    Tried(id="one", right=True),
    Tried(id="two", right=True, group="b"),
    Tried(id="three", right=True, group="b"),
)


def suite(cases: Sequence[Tried] = CASES, promised: int | None = None) -> CaseSuite[Tried]:
    """A suite of these cases."""

    def made(bench: Bench) -> CaseSet[Tried]:
        del bench
        return case_set(cases, promised)

    return CaseSuite("tried", "cases that say what becomes of them", made, measure, find, services=False)


async def measure(bench: Bench, case: Tried) -> Measured:
    """Right, wrong, or a crash."""
    del bench
    if case.right is None:
        raise RuntimeError("out of order")
    said = "<b>right</b>" if case.right else "<b>wrong</b>"
    return Measured(case.id, {"right": float(case.right)}, {"group": case.group}, f"is {case.id}?", said)


def find(cases: Sequence[Measured]) -> Findings:
    """One gate, one chart."""
    gate = mean("right answers", cases, "right", "at least", 0.9, "a tenth may be wrong")
    return Findings((gate,), charts(cases, {"right": "Right"}))
