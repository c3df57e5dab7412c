"""`policy check`: manual and product say the same, and a change on one side alone is found and named."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from decisioning.consistency import Code, Finding, Manual, Side, check, sides_of
from decisioning.model import Unit
from decisioning.numbers import Quantity, quantities, states
from decisioning.product import PRODUCTS, load_product
from tests.decisioning import manual_reader as reader

PRODUCT = load_product(PRODUCTS / "consumer_loan")
SIDES = sides_of(PRODUCT)
MANUALS = tuple(
    Manual(f"manual/{edition}.md", date.fromisoformat(edition), reader.clauses(reader.source(edition)))
    for edition in reader.EDITIONS
)
EDITIONS = {manual.effective_from: manual for manual in MANUALS}


@dataclass(frozen=True)
class Case:
    """A parameter in force on the first day of an edition of the manual."""

    manual: Manual
    side: Side
    name: str

    def __str__(self) -> str:
        return f"{self.manual.effective_from}-{self.name}"


CASES = tuple(
    Case(EDITIONS[side.day], side, name) for side in SIDES if side.day in EDITIONS for name in side.parameters
)


def text_of(manual: Manual, clause: str) -> str:
    """The text of a clause of the edition."""
    return next(p.text for p in manual.provisions if p.clause == clause)


def with_text(manual: Manual, clause: str, change: Callable[[str], str]) -> tuple[Manual, ...]:
    """All editions, with the text of one clause of one edition changed."""
    provisions = tuple(
        replace(p, text=change(p.text)) if p.clause == clause else p
        for p in manual.provisions
        if isinstance(p, reader.ReadClause)
    )
    return tuple(replace(m, provisions=provisions) if m is manual else m for m in MANUALS)


def stated(case: Case) -> tuple[str, Quantity]:
    """The parameter's clause and the first quantity that states its value there."""
    parameter = case.side.parameters[case.name]
    text = text_of(case.manual, parameter.clause)
    unit = case.side.currency_unit
    found = (q for q in quantities(text) if states(q, parameter.value, parameter.unit, unit, exactly=True))
    return parameter.clause, next(found)


def misprinted(text: str, quantity: Quantity) -> str:
    """The text with the last digit of the quantity's numeral changed."""
    place = max(n for n in range(quantity.start, quantity.end) if text[n].isdigit())
    return text[:place] + str((int(text[place]) + 1) % 10) + text[place + 1 :]


def names_both(findings: Sequence[Finding], case: Case) -> bool:
    """Whether a finding names the file and clause of the manual, and the parameter with its date."""
    parameter = case.side.parameters[case.name]
    return any(
        f.manual == f"{case.manual.file}, {parameter.clause}"
        and f"parameters.json, {case.name} from {parameter.since}" in f.product
        and f.manual in f.sentence
        and case.name in f.sentence
        for f in findings
    )


def test_manual_and_product_agree() -> None:
    """On every day on which anything changes, the manual and the executable side say the same."""
    assert [finding.sentence for finding in check(MANUALS, SIDES)] == []


def test_every_parameter_is_a_case() -> None:
    """The seeded changes below cover every parameter of the product in every edition it is in force in."""
    assert {case.name for case in CASES} == set().union(*(side.parameters for side in SIDES))
    assert len(CASES) >= 3 * 25


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_number_changed_in_the_manual_alone_is_found(case: Case) -> None:
    """Changing one digit of a threshold in one edition of the manual is red, and both places are named."""
    clause, quantity = stated(case)
    manuals = with_text(case.manual, clause, lambda text: misprinted(text, quantity))
    findings = check(manuals, SIDES)
    assert names_both(findings, case)
    assert {finding.clause for finding in findings} == {clause}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_value_changed_in_the_parameters_alone_is_found(case: Case) -> None:
    """Changing a parameter's value from an edition on is red, and both places are named."""
    parameter = case.side.parameters[case.name]
    step = 0.01 if parameter.unit in (Unit.RATIO, Unit.RATE) else 1
    changed = parameter.model_copy(update={"value": round(parameter.value + step, 6)})
    side = replace(case.side, parameters={**case.side.parameters, case.name: changed})
    findings = check(MANUALS, [side if s is case.side else s for s in SIDES])
    assert names_both(findings, case)


def value_of(text: str, case: Case) -> bool:
    """Whether a text states the case's value in its unit, exactly."""
    parameter = case.side.parameters[case.name]
    unit = case.side.currency_unit
    return any(states(q, parameter.value, parameter.unit, unit, exactly=True) for q in quantities(text))


@settings(max_examples=100, deadline=None)
@given(case=st.sampled_from(CASES), data=st.data())
def test_no_misprint_of_a_threshold_slips_through(case: Case, data: st.DataObject) -> None:
    """Any digit of any threshold, printed as any other digit, is red unless it states the same number."""
    clause, quantity = stated(case)
    text = text_of(case.manual, clause)
    digits = [n for n in range(quantity.start, quantity.end) if text[n].isdigit()]
    place, digit = data.draw(st.sampled_from(digits)), data.draw(st.sampled_from("0123456789"))
    wrong = text[:place] + digit + text[place + 1 :]
    assume(not value_of(wrong[quantity.start : quantity.end], case))
    assert names_both(check(with_text(case.manual, clause, lambda _: wrong), SIDES), case)


@settings(max_examples=100, deadline=None)
@given(case=st.sampled_from(CASES), factor=st.integers(-300, 300))
def test_no_slip_of_a_parameter_gets_through(case: Case, factor: int) -> None:
    """Any other value of any parameter is red, however near."""
    parameter = case.side.parameters[case.name]
    step = 0.0001 if parameter.unit in (Unit.RATIO, Unit.RATE) else 0.25
    changed = parameter.model_copy(update={"value": round(parameter.value + factor * step, 6)})
    assume(changed.value != parameter.value)
    side = replace(case.side, parameters={**case.side.parameters, case.name: changed})
    assert names_both(check(MANUALS, [side if s is case.side else s for s in SIDES]), case)


SWAPS = tuple(
    (first, second)
    for first, second in combinations(CASES, 2)
    if first.side is second.side
    and first.side.parameters[first.name].clause == second.side.parameters[second.name].clause
    and stated(first)[1].kind is stated(second)[1].kind
    and stated(first)[1].value != stated(second)[1].value
)


@pytest.mark.parametrize(("first", "second"), SWAPS, ids=str)
def test_two_numbers_swapped_in_a_clause_are_found(first: Case, second: Case) -> None:
    """A minimum printed for a maximum, or one tier's margin for another's, is red though no number is new."""
    (clause, one), (_, two) = sorted((stated(first), stated(second)), key=lambda s: s[1].start)

    def swap(text: str) -> str:
        return text[: one.start] + two.text + text[one.end : two.start] + one.text + text[two.end :]

    findings = check(with_text(first.manual, clause, swap), SIDES)
    assert {finding.code for finding in findings} & {Code.ORDER, Code.COMPARATOR}


def test_a_new_number_in_a_cited_clause_is_found() -> None:
    """A threshold that the rules do not know is no threshold: a cited clause states its parameters only."""
    manuals = with_text(MANUALS[-1], "CP-3.4", lambda text: f"{text} For larger loans it is 50 %.")
    (finding,) = check(manuals, SIDES)
    assert (finding.code, finding.clause) == (Code.NOT_SET, "CP-3.4")
    assert "says 50 %" in finding.sentence
    assert "max_debt_service_to_income" in finding.product


def test_a_threshold_in_words_is_read() -> None:
    """Sixty per cent is 60 %, and thirty days are 30 days: the check reads English."""
    manuals = with_text(MANUALS[-1], "CP-3.4", lambda text: text.replace("60 %", "sixty per cent"))
    assert check(manuals, SIDES) == ()


@pytest.mark.parametrize(
    ("clause", "said", "wrong", "rule"),
    [
        ("CP-3.4", "must not exceed", "must exceed", "K-DSTI"),
        ("CP-3.4", "must not exceed", "must be less than", "K-DSTI"),
        ("CP-3.5", "exceeds", "is less than", "R-DSTI"),
        ("CP-4.3", "must be at least", "must not exceed", "S-GREY"),
        ("CP-6.4", "thousand pesetas or more", "thousand pesetas or less", "C-TITLE"),
        ("CP-8.3", "at least", "at most", "P-A"),
    ],
)
def test_a_comparator_turned_round_is_found(clause: str, said: str, wrong: str, rule: str) -> None:
    """A clause that bounds a number the other way, or leaves out the tie, is red and names the rule."""
    findings = check(with_text(MANUALS[-1], clause, lambda text: text.replace(said, wrong)), SIDES)
    assert {finding.code for finding in findings} == {Code.COMPARATOR}
    assert any(finding.product == f"rules/2026-06-01.json, rule {rule}" for finding in findings)


def test_a_reference_to_no_clause_is_found() -> None:
    """Whoever follows a reference arrives."""
    (finding,) = check(with_text(MANUALS[0], "CP-7.7", lambda text: f"{text} See CP-7.77."), SIDES)
    assert finding.code is Code.DANGLING
    assert finding.sentence == (
        "manual/2024-01-01.md, CP-7.7 refers to CP-7.77, which that edition does not have."
    )


def test_a_reference_in_a_table_is_found_once() -> None:
    """A parser that gives the rows of a table by themselves too does not make two findings of one fault."""
    (broken, *others) = with_text(MANUALS[0], "CP-7.1", lambda text: text.replace("CP-7.9", "CP-7.99"))
    row = next(line for line in text_of(broken, "CP-7.1").splitlines() if "CP-7.99" in line)
    whole = next(p for p in broken.provisions if p.clause == "CP-7.1")
    assert isinstance(whole, reader.ReadClause)
    provisions = (*broken.provisions, replace(whole, clause="CP-7.1/b", heading=None, text=row))
    findings = check([replace(broken, provisions=provisions), *others], SIDES)
    assert [(finding.code, finding.clause) for finding in findings] == [(Code.DANGLING, "CP-7.1")]


def test_a_term_referred_to_the_wrong_definition_is_found() -> None:
    """A bracketed reference after a term leads to the clause that defines that term."""
    manuals = with_text(MANUALS[1], "CP-3.5", lambda text: text.replace("(CP-1.9)", "(CP-1.10)"))
    assert [finding.code for finding in check(manuals, SIDES)] == [Code.UNDEFINED]


def test_a_cited_clause_that_is_withdrawn_is_found() -> None:
    """A clause out of force on the day is named with everything that still cites it."""
    gone = tuple(
        replace(p, effective_to=date(2026, 7, 1)) if p.clause == "CP-6.2" else p
        for p in MANUALS[-1].provisions
        if isinstance(p, reader.ReadClause)
    )
    manuals = (*MANUALS[:-1], replace(MANUALS[-1], provisions=gone))
    later = replace(SIDES[-1], day=date(2026, 7, 1))
    assert check(manuals, SIDES) == ()
    findings = check(manuals, [*SIDES, later])
    assert {finding.code for finding in findings} == {Code.NOT_IN_FORCE}
    assert {finding.product for finding in findings} == {
        "rules/2026-06-01.json, rule R-LTP",
        "parameters.json, refer_loan_to_price from 2025-07-01",
        "parameters.json, refer_loan_to_price_score from 2026-06-01",
        "reasons.json, LOAN_TO_PRICE_HIGH",
        "reasons.json, GOODS_AS_SECURITY",
    }


def test_a_reason_may_cite_a_clause_that_is_gone_once_no_rule_gives_it() -> None:
    """CP-4.8 is withdrawn in 2026; its reason is given by rules of the older editions only."""
    assert "CP-4.8" not in {p.clause for p in MANUALS[-1].provisions}
    assert "CP-4.8" in SIDES[-1].catalogue.reasons["SHORT_EMPLOYMENT_FOR_AMOUNT"].clauses


def test_a_rule_that_cites_another_clause_than_its_limit_is_found() -> None:
    """A decline is explained from the clause that sets the limit, not from a neighbour."""
    rows = tuple(replace(r, clause="CP-3.5") if r.id == "K-DSTI" else r for r in SIDES[-1].rows)
    (finding,) = check(MANUALS, [*SIDES[:-1], replace(SIDES[-1], rows=rows)])
    assert finding.code is Code.OTHER_CLAUSE
    assert finding.sentence == (
        "rules/2026-06-01.json, rule K-DSTI cites CP-3.5, but its limit is set by CP-3.4."
    )


def test_a_parameter_that_changes_between_editions_is_found() -> None:
    """A value with a date of its own, and no edition of the manual from that date, is red."""
    parameter = SIDES[-1].parameters["max_amount"]
    changed = parameter.model_copy(update={"value": 2600, "since": date(2026, 9, 1)})
    later = replace(
        SIDES[-1], day=date(2026, 9, 1), parameters={**SIDES[-1].parameters, "max_amount": changed}
    )
    (finding,) = check(MANUALS, [*SIDES, later])
    assert finding.sentence == (
        "manual/2026-06-01.md, CP-2.5 says 2,500 thousand pesetas,"
        " but parameters.json, max_amount from 2026-09-01 is 2600 (money)."
    )


def test_a_product_older_than_its_manual_is_found() -> None:
    """Rules in force before the first edition of the manual rest on nothing."""
    (finding, *_) = check(MANUALS[1:], SIDES)
    assert finding.code is Code.NO_MANUAL


def test_the_files_are_where_the_findings_say(tmp_path: Path) -> None:
    """Seen from the files: a value edited on disk is red, naming the entry that was edited."""
    folder = tmp_path / "consumer_loan"
    for file in sorted((PRODUCTS / "consumer_loan").rglob("*.*")):
        target = folder / file.relative_to(PRODUCTS / "consumer_loan")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(file.read_text(encoding="utf-8"), encoding="utf-8")
    parameters = folder / "parameters.json"
    text = parameters.read_text(encoding="utf-8")
    start = text.index('"max_term_months"')
    edited = text[:start] + text[start:].replace("60", "61", 1)
    parameters.write_text(edited, encoding="utf-8")
    findings = check(MANUALS, sides_of(load_product(folder)))
    assert {(f.code, f.clause) for f in findings} == {(Code.DIFFERS, "CP-2.4")}
    assert {f.manual for f in findings} == {"manual/2025-07-01.md, CP-2.4", "manual/2026-06-01.md, CP-2.4"}
    assert {f.product for f in findings} == {"parameters.json, max_term_months from 2025-07-01"}
