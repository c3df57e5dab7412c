"""The manual's tables and promises against the product's own files, edition by edition."""

import re
from datetime import date

import pytest

from decisioning.edition import Edition
from decisioning.model import Value
from decisioning.product import PRODUCTS, load_product
from tests.decisioning import manual_reader as reader

PRODUCT = load_product(PRODUCTS / "consumer_loan")


@pytest.fixture(params=reader.EDITIONS)
def edition(request: pytest.FixtureRequest) -> Edition:
    """The product as each edition of the manual finds it."""
    return PRODUCT.on(date.fromisoformat(request.param))


def table(edition: Edition, clause: str) -> dict[str, str]:
    """The rows of a clause's table of two columns, below its head."""
    text = next(c.text for c in reader.clauses(reader.source(edition.name)) if c.clause == clause)
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("|")]
    return {first: second for first, second in rows[2:]}  # noqa: C416  mypy cannot see pairs in dict(rows)


def test_the_manual_asks_for_what_the_application_asks_for(edition: Edition) -> None:
    """CP-5.1 lists every field, and calls needed what the product cannot decide without."""
    fields = edition.application.fields.values()
    asked = {field.title: "yes" if field.required else "optional" for field in fields}
    assert table(edition, "CP-5.1") == asked


def test_the_manual_lists_what_is_scored(edition: Edition) -> None:
    """CP-4.1 names exactly the characteristics that the score is explained by."""
    scored = edition.artefacts["reasons"]["averages"]["populations"]["near_cutoff"]["points"]
    titles = {fact["name"]: fact["title"] for fact in edition.artefacts["product"]["facts"]}
    assert {name.lower() for name in table(edition, "CP-4.1")} == {titles[name] for name in scored}


def test_the_application_has_no_field_for_a_protected_subject(edition: Edition) -> None:
    """CP-2.1: an application that carries age or marital status is refused."""
    protected = {"age", "marital", "marital_status", "sex", "gender", "race", "religion", "nationality"}
    assert protected & set(edition.application.fields) == set()


def test_household_expenses_enter_disposable_income_and_nothing_else(edition: Edition) -> None:
    """CP-3.8: the one figure that tells about the household is a budget, neither scored nor priced."""
    scored = edition.artefacts["reasons"]["averages"]["populations"]["near_cutoff"]["points"]
    assert "expenses" not in scored
    derived = {f["name"]: f["expression"] for f in edition.artefacts["product"]["facts"]}
    reading = {name for name, text in derived.items() if re.search(r"\.expenses\b", text)}
    assert reading == {"expenses", "disposable_income"}
    assert "expenses" not in edition.rules.facts


def test_no_rule_reads_the_kind_of_employment_or_the_home(edition: Edition) -> None:
    """CP-5.6: no row of any table looks at where income comes from or where the applicant lives."""
    assert edition.rules.facts & {"job", "home"} == set()
    derived = {f["name"]: f["expression"] for f in edition.artefacts["product"]["facts"]}
    reading = {name for name, text in derived.items() if re.search(r"\.(?:job|home)\b", text)}
    assert reading == {"job", "home"}


@pytest.mark.parametrize("job", ["fixed", "partime", "freelance", "others", None])
def test_income_is_counted_in_full_whatever_the_job(edition: Edition, job: str | None) -> None:
    """CP-3.2: the same income gives the same figures whether work is permanent, temporary or one's own."""
    application: dict[str, Value] = {
        "seniority_years": 4, "home": "rent", "term_months": 36, "records": "no", "job": job,
        "expenses": 40, "income": 120, "assets": 0, "debt": 0, "amount": 800, "price": 1000,
    }  # fmt: skip
    price: dict[str, Value] = {
        "nominal_rate": 0.1, "apr": 0.1, "monthly_payment": 25, "total_payable": 900, "tier": "B",
    }  # fmt: skip
    facts = edition.facts.derive(
        {
            "application": application,
            "score": {"value": 600, "pd": 0.1, "min": 0, "max": 1000},
            "pricing": price,
            "parameters": edition.values,
        }
    )
    assert facts["debt_service_to_income"] == round(25 / 120, 6)
    assert facts["disposable_income"] == 120 - 40 - 25


def test_an_offer_binds_for_as_long_as_the_manual_says(edition: Edition) -> None:
    """CP-8.9 is what offers expire by."""
    text = next(c.text for c in reader.clauses(reader.source(edition.name)) if c.clause == "CP-8.9")
    assert f"{edition.values['offer_valid_days']:g} days" in text


def test_records_are_kept_as_long_as_the_manual_says(edition: Edition) -> None:
    """CP-11.1 is what records are kept by (12 CFR 1002.12(b))."""
    text = next(c.text for c in reader.clauses(reader.source(edition.name)) if c.clause == "CP-11.1")
    assert f"{edition.product.retention_months} months" in text


def test_reasons_from_the_score_are_picked_as_the_manual_says(edition: Edition) -> None:
    """CP-10.3 and CP-10.4 are the product's method and number of reasons (comment 9(b)(2)-5)."""
    manual = {c.clause: c.text for c in reader.clauses(reader.source(edition.name))}
    assert "average points of applicants at or slightly above the score for approval" in manual["CP-10.4"]
    assert edition.product.reason_method == "near_cutoff"
    assert "no more than four" in manual["CP-10.3"]
    assert edition.product.max_reasons == 4
