"""The suite `policy`: the manual and the executable rules say the same, edition by edition."""

from collections import Counter
from pathlib import Path

from decisioning.consistency import Code, Finding, Manual, check, sides_of
from decisioning.product import PRODUCTS, Product, load_product
from evals.gates import Gate, Result, exactly
from retrieval.parse import parse_file

WHY = "what the manual says and the rules do must be one policy: every disagreement is somebody's wrong decision"


def policy(folder: Path = PRODUCTS / "consumer_loan") -> Result:
    """The manual against the rules, both ways: clauses in force, thresholds, references."""
    product = load_product(folder)
    found = findings(product)
    counted = Counter(finding.code for finding in found)
    gates = tuple(_gate(code, counted[code]) for code in Code)
    rows = sum(len(edition.rules.rows) for edition in product.editions)
    notes = (f"{len(product.editions)} editions, {rows} rules", *(finding.sentence for finding in found[:10]))
    return Result("policy", gates, notes=notes)


def _gate(code: Code, found: int) -> Gate:
    return exactly(f"disagreements: {code.value.replace('_', ' ')}", found, "at most", 0, WHY)


def findings(product: Product) -> tuple[Finding, ...]:
    """Every disagreement between a product's manual and its rules."""
    manuals = [
        Manual(f"manual/{path.name}", min(p.effective_from for p in document.provisions), document.provisions)
        for path in product.manuals().values()
        for document in parse_file(path)
    ]
    return check(manuals, sides_of(product))
