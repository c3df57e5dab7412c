"""The suite `references`: cross-references read out of Regulation B's words, against its published parse."""

from evals import crossrefs
from evals.cases import NotRun
from evals.frame import Findings, Options, PartSuite
from evals.gates import exactly

FOLDER = "reg-b-crossrefs"
WHY = "a result is widened to the clauses that it refers to; measured 0.98 and more, so that a form of"
WHY += " reference that is no longer read shows"


def published(options: Options) -> Findings:
    """Precision and recall of what is read, edition by edition."""
    if not (options.data / FOLDER).is_dir():
        raise NotRun(f"no data sets in {options.data}")
    gates, notes = [], []
    for name in crossrefs.EDITIONS:
        read = crossrefs.found(options.data, name)
        if name in crossrefs.COMPLETE:
            gates.append(exactly(f"precision, edition {name}", read.precision, "at least", 0.98, WHY))
            gates.append(exactly(f"recall, edition {name}", read.recall, "at least", 0.98, WHY))
        else:
            found = f"precision {read.precision:.3f}, recall {read.recall:.3f}"
            notes.append(f"edition {name}: {found}; its truth is incomplete, so neither is held to anything")
    return Findings(tuple(gates), notes=tuple(notes))


SUITE = PartSuite(
    name="references",
    about="cross-references read out of Regulation B's words, against its published parse",
    parts={"Regulation B": published},
)
