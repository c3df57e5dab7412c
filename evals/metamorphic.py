"""The suite `metamorphic`: what must not matter does not, what must matter does, without an answer key.

Each relation says how two decisions on related applications must relate. No label is needed, so every
application of the data set can be asked; each case is one relation on one application, decided by production.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from evals.cases import Case, CaseSet, case_set
from evals.frame import Bench, CaseSuite, Findings
from evals.gates import exactly, mean
from evals.measured import Matrix, Measured
from evals.relations import RELATIONS, asked
from evals.relations.pool import COMPLETE

EACH = 10
"""Applications a relation."""
LEAST = 12


class Related(Case):
    """One relation on one application."""

    relation: str
    row: int


def cases(bench: Bench) -> CaseSet[Related]:
    """Every relation on ten applications of its own, spread over the data set."""
    del bench
    step = len(COMPLETE) // (EACH * len(RELATIONS))
    rows = [each.row for each in COMPLETE[:: max(1, step)]]
    return case_set(
        Related(id=f"{name}: {row}", relation=name, row=row)
        for n, name in enumerate(RELATIONS)
        for row in rows[n :: len(RELATIONS)][:EACH]
    )


async def measure(bench: Bench, case: Related) -> Measured:
    """Whether the relation holds, and what breaks it where it does not."""
    relation = RELATIONS[case.relation]
    services = replace(
        bench.services, settings=bench.services.settings.model_copy(update={"monitoring": "on"})
    )
    broken = await relation.broken(services, asked(case.row))
    return Measured(
        case.id,
        scores={"broken": float(broken is not None)},
        slices={"relation": case.relation},
        asked=f"{relation.says}: " + ", ".join(f"{k} {v}" for k, v in asked(case.row).items()),
        said=broken or "",
    )


def find(measured: Sequence[Measured]) -> Findings:
    """No violation of any relation; a matrix of relations."""
    by_relation: Mapping[str, list[Measured]] = {
        name: [each for each in measured if each.slices.get("relation") == name] for name in RELATIONS
    }
    tried = {name: each for name, each in by_relation.items() if each}
    held = {name: sum(1 - each.scores["broken"] for each in cases) for name, cases in tried.items()}
    matrix = Matrix(
        title="Relations that held",
        rows=tuple(RELATIONS[name].says for name in tried),
        columns=("held",),
        cells=tuple((((held[name] / len(tried[name])), len(tried[name])),) for name in tried),
    )
    why = "what a relation says follows from the policy or the law; one violation is a bug, not a rate"
    return Findings(
        gates=(
            mean("relations broken", measured, "broken", "at most", 0, why),
            exactly(
                "relations tried", len(tried), "at least", LEAST, "few relations miss whole kinds of faults"
            ),
        ),
        matrices=(matrix,),
    )


SUITE = CaseSuite(
    name="metamorphic",
    about="what must not matter does not, what must matter does: relations between related applications",
    cases=cases,
    measure=measure,
    find=find,
)
