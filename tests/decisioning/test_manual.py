"""The credit policy manual is a manual: whole, numbered, cross-referenced, in three editions."""

import re
from datetime import date
from itertools import pairwise

import pytest

from tests.decisioning import manual_reader as reader

PARTS = 13


@pytest.fixture(params=reader.EDITIONS)
def edition(request: pytest.FixtureRequest) -> str:
    """Each edition of the manual in turn."""
    return str(request.param)


def test_there_are_three_editions() -> None:
    """The manual has a past: each edition stands whole in a file of its own, named by its first day."""
    assert reader.EDITIONS == ("2024-01-01", "2025-07-01", "2026-06-01")


def test_the_front_matter_says_what_and_from_when(edition: str) -> None:
    """An edition names its document and its first day, the same as its file."""
    front = reader.front_matter(reader.source(edition))
    assert set(front) == {"document", "title", "edition", "effective_from"}
    assert front["document"] == "credit-policy"
    assert front["edition"] == front["effective_from"] == edition
    assert date.fromisoformat(front["effective_from"])


def test_an_edition_has_60_to_100_clauses_each_with_its_own_id(edition: str) -> None:
    """Every heading of the third level is a clause, and no id is given twice."""
    markdown = reader.source(edition)
    names = [clause.clause for clause in reader.clauses(markdown)]
    assert len(names) == markdown.count("\n### ")
    assert 60 <= len(names) <= 100
    assert len(set(names)) == len(names)


def test_clauses_stand_in_order_in_their_parts(edition: str) -> None:
    """Parts run from 1 to 13, clauses rise within their part, and each stands in the part it names."""
    part, last, parts = 0, 0, []
    for line in reader.source(edition).splitlines():
        if found := re.match(r"## Part (\d+)\. \S", line):
            part, last = int(found[1]), 0
            parts.append(part)
        elif found := re.match(r"### CP-(\d+)\.(\d+) \S", line):
            assert (int(found[1]), int(found[2]) > last) == (part, True), line
            last = int(found[2])
    assert parts == list(range(1, PARTS + 1))


def test_every_clause_has_a_heading_and_text(edition: str) -> None:
    """A clause is never a bare number, and its prose ends in full sentences."""
    for clause in reader.clauses(reader.source(edition)):
        assert clause.heading
        assert clause.text
        prose = [line for line in clause.text.splitlines() if line and not line.startswith(("|", "- "))]
        assert all(line.endswith((".", ":")) for line in prose), clause.clause


def test_cross_references_resolve(edition: str) -> None:
    """Whoever follows "see CP-4.2" arrives at a clause of the same edition, and not at the same clause."""
    manual = reader.clauses(reader.source(edition))
    names = {clause.clause for clause in manual}
    for clause in manual:
        for named in re.findall(r"CP-\d+\.\d+", clause.text):
            assert named in names, f"{clause.clause} refers to {named}"
            assert named != clause.clause, f"{clause.clause} refers to itself"
        for part in re.findall(r"Part (\d+)", clause.text):
            assert 1 <= int(part) <= PARTS


def test_there_are_tables(edition: str) -> None:
    """At least three clauses hold a table, and each row has as many cells as its head."""
    tables = [clause for clause in reader.clauses(reader.source(edition)) if "\n| --- |" in clause.text]
    assert len(tables) >= 3
    for clause in tables:
        rows = [line for line in clause.text.splitlines() if line.startswith("|")]
        assert len({row.count("|") for row in rows}) == 1, clause.clause
        assert len(rows) >= 4, clause.clause


def test_ids_are_stable_across_editions() -> None:
    """A clause keeps its id and heading; an edition adds and withdraws few and reuses no id."""
    headings: dict[str, set[str | None]] = {}
    for edition in reader.EDITIONS:
        for clause in reader.clauses(reader.source(edition)):
            headings.setdefault(clause.clause, set()).add(clause.heading)
    assert {name: found for name, found in headings.items() if len(found) > 1} == {}


def test_editions_differ_as_a_policy_changes() -> None:
    """Each edition changes the wording or the numbers of clauses; clauses are added, others withdrawn."""
    manuals = [{c.clause: c.text for c in reader.clauses(reader.source(e))} for e in reader.EDITIONS]
    for before, after in pairwise(manuals):
        changed = {name for name in before.keys() & after.keys() if before[name] != after[name]}
        assert 3 <= len(changed) <= 30
    assert manuals[1].keys() - manuals[0].keys() == {"CP-3.9"}
    assert manuals[2].keys() - manuals[1].keys() == {"CP-10.9"}
    assert "CP-7.8" in manuals[1].keys() - manuals[2].keys()


def test_definitions_define_what_they_are_named_for(edition: str) -> None:
    """A clause that reads "X means" is headed X, and every figure that the rules compare has one."""
    terms = {
        str(clause.heading).lower()
        for clause in reader.clauses(reader.source(edition))
        if clause.text.startswith(f"{clause.heading} means ")
    }
    needed = "income|debt|debt service|instalment|household expenses|price|score|adverse credit record"
    ratios = "debt service to income ratio|disposable income|loan-to-price ratio"
    assert set(f"{needed}|{ratios}".split("|")) <= terms


def test_the_manual_covers_the_life_of_a_consumer_loan(edition: str) -> None:
    """From who may apply to how a complaint is answered, each subject has its part."""
    titles = " | ".join(re.findall(r"^## Part \d+\. (.+)$", reader.source(edition), re.MULTILINE)).lower()
    subjects = (
        "definitions|eligibility|affordability|credit history|incomplete|self-employed|temporary|security"
        "|price|authority|exceptions|referral|pricing|counter-offers|adverse action|reasons|record keeping"
        "|fair lending|complaints|corrections"
    )
    assert [subject for subject in subjects.split("|") if subject not in titles] == []
