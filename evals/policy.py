"""The suite `policy`: the manual and the executable rules say the same, edition by edition."""

from collections import Counter
from collections.abc import Mapping

from decisioning.consistency import Code, Finding, Manual, check, sides_of
from decisioning.product import PRODUCTS, Product, load_product
from evals.frame import Findings, Options, PartSuite
from evals.gates import exactly
from retrieval.parse import parse_file

KINDS: Mapping[str, tuple[Code, ...]] = {
    "limits": (Code.DIFFERS, Code.NOT_STATED, Code.NOT_SET, Code.ORDER, Code.COMPARATOR),
    "clauses cited": (Code.NO_MANUAL, Code.NOT_IN_FORCE, Code.OTHER_CLAUSE),
    "references within the manual": (Code.DANGLING, Code.UNDEFINED),
}
WHY = "what the manual says and the rules do is one policy: a disagreement is somebody's wrong decision"


def agreement(options: Options) -> Findings:
    """How often the manual and the rules disagree, by kind."""
    del options
    product = load_product(PRODUCTS / "consumer_loan")
    found = findings(product)
    counted = Counter(finding.code for finding in found)
    gates = tuple(
        exactly(f"disagreements on {kind}", sum(counted[code] for code in codes), "at most", 0, WHY)
        for kind, codes in KINDS.items()
    )
    rows = sum(len(edition.rules.rows) for edition in product.editions)
    notes = (f"{len(product.editions)} editions, {rows} rules", *(finding.sentence for finding in found[:10]))
    return Findings(gates, notes=notes)


def findings(product: Product) -> tuple[Finding, ...]:
    """Every disagreement between a product's manual and its rules."""
    manuals = [
        Manual(f"manual/{path.name}", min(p.effective_from for p in document.provisions), document.provisions)
        for path in product.manuals().values()
        for document in parse_file(path)
    ]
    return check(manuals, sides_of(product))


SUITE = PartSuite(
    name="policy",
    about="the manual against the rules, both ways: clauses in force, thresholds, references",
    parts={"manual and rules": agreement},
)
