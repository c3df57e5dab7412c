"""All checks together, over every edition of the manual and of the product."""

from collections.abc import Sequence
from datetime import date

from decisioning.consistency.citations import citations
from decisioning.consistency.model import Code, Finding, Manual, Side
from decisioning.consistency.references import references
from decisioning.consistency.thresholds import thresholds
from decisioning.product import Product


def check(manuals: Sequence[Manual], sides: Sequence[Side]) -> tuple[Finding, ...]:
    """Every disagreement, each once; empty where manual and product say the same.

    `sides` holds the product on every day on which its rules, its parameters or its manual change.
    """
    found = [finding for manual in manuals for finding in references(manual)]
    ever = {row.code for side in sides for row in side.rows}
    for side in sides:
        manual = _on(manuals, side.day)
        if manual is None:
            sentence = f"{side.rules_file}: no edition of the manual is in force on {side.day}."
            found.append(Finding(Code.NO_MANUAL, "", "", side.rules_file, sentence))
            continue
        text = manual.in_force(side.day)
        found += [*citations(manual, text, side, ever), *thresholds(manual, text, side)]
    return tuple(dict.fromkeys(found))


def sides_of(product: Product) -> tuple[Side, ...]:
    """The executable side of each edition of a product."""
    return tuple(
        Side(
            day=day,
            rules_file=f"rules/{edition.artefacts['rules']['from']}.json",
            rows=edition.rules.rows,
            parameters=edition.parameters,
            catalogue=edition.catalogue,
            currency_unit=edition.product.currency.unit,
        )
        for day, edition in zip(product.starts, product.editions, strict=True)
    )


def _on(manuals: Sequence[Manual], day: date) -> Manual | None:
    past = [manual for manual in manuals if manual.effective_from <= day]
    return max(past, key=lambda manual: manual.effective_from, default=None)
