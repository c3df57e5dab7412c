"""`credence policy check`: the manual against the executable rules."""

from collections.abc import Mapping

import typer

from app.cli.terminal import FAILED, Json, out, print_json, settings_now
from decisioning.consistency import Finding, Manual, check, sides_of
from decisioning.product import PRODUCTS, Product, load_products
from retrieval.parse import parse_file


def register(commands: typer.Typer) -> None:
    """Add the command of this module."""
    commands.command("check")(check_command)


def check_command(json: Json = False) -> None:
    """Compare each product's manual with its executable rules; exit code 1 and the list where they differ."""
    products = load_products([PRODUCTS, *settings_now().products])
    findings = {name: _findings(product) for name, product in products.items()}
    if json:
        print_json({"findings": [_finding_out(n, f) for n, found in findings.items() for f in found]})
    for name, found in findings.items():
        for finding in [] if json else found:
            out.print(f"{name}: {finding.sentence}", markup=False)
        if not json:
            verdict = "the manual and the rules say the same" if not found else f"{len(found)} disagreements"
            out.print(f"{name}: {verdict}")
    if any(findings.values()):
        raise typer.Exit(FAILED)


def _findings(product: Product) -> tuple[Finding, ...]:
    manuals = []
    for path in product.manuals().values():
        for edition in parse_file(path):
            starts = min(p.effective_from for p in edition.provisions)
            manuals.append(Manual(f"manual/{path.name}", starts, edition.provisions))
    return check(manuals, sides_of(product))


def _finding_out(product: str, finding: Finding) -> Mapping[str, str]:
    return {
        "product": product,
        "code": finding.code.value,
        "clause": finding.clause,
        "manual": finding.manual,
        "rules": finding.product,
        "problem": finding.sentence,
    }
