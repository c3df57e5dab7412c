"""The reason catalogue of consumer-loan: specific, plain, mapped to the regulation, and silent on limits."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.decisioning import manual_reader as reader

FILE = Path(__file__).parents[2] / "decisioning/products/consumer_loan/reasons.json"
CATALOGUE: dict[str, dict[str, dict[str, Any]]] = json.loads(FILE.read_text(encoding="utf-8"))
REASONS, CONDITIONS = CATALOGUE["reasons"], CATALOGUE["conditions"]

SAMPLE_REASONS = frozenset(
    {
        "Length of employment",
        "Income insufficient for amount of credit requested",
        "Excessive obligations in relation to income",
        "Delinquent past or present credit obligations with others",
        "Unable to verify income",
        "Value or type of collateral not sufficient",
    }
)
"""Those of the sample reasons in form C-1 of Appendix C to Regulation B that this product can mean."""

VAGUE = re.compile(
    r"\b(?:scor\w+|points?|cut-?offs?|thresholds?|model|algorithm|system|internal|polic\w+|standards?|criteria"
    r"|requirements?|rating|profile|insufficient|unsatisfactory|unable|limits?|maximum|minimum|average)\b",
    re.IGNORECASE,
)


@pytest.mark.parametrize("code", REASONS)
def test_a_reason_is_specific(code: str) -> None:
    """A reason names what counted, in the applicant's words, never "score too low" or "internal policy"."""
    sentence = REASONS[code]["applicant"]
    assert VAGUE.findall(sentence) == []
    assert REASONS[code]["specific"] is True
    assert re.search(r"\b(?:you|your)\b", sentence, re.IGNORECASE)


@pytest.mark.parametrize(
    "vague",
    [
        "Your score was too low.",
        "You do not meet our internal standards.",
        "Your application does not fit our credit policy.",
        "You failed to reach the minimum number of points.",
        "Your income is below the minimum.",
    ],
)
def test_the_lint_finds_vague_reasons(vague: str) -> None:
    """The lint is worth something: it refuses the phrases that comment 9(b)(2)-1 and Appendix C rule out."""
    assert VAGUE.search(vague)


@pytest.mark.parametrize("code", REASONS)
def test_an_applicant_is_told_no_limit(code: str) -> None:
    """The applicant's sentence holds no number, no percentage and no clause."""
    assert not re.search(r"\d|%|CP-", REASONS[code]["applicant"])


@pytest.mark.parametrize("code", REASONS)
def test_a_reason_maps_to_appendix_c(code: str) -> None:
    """A sample reason is used where it is the factor; otherwise the true factor follows "other:"."""
    mapped = REASONS[code]["appendix_c"]
    if mapped not in SAMPLE_REASONS:
        assert re.fullmatch(r"other: [a-z].{8,}[^.]", mapped)
        assert VAGUE.findall(mapped) == []


def test_sentences_are_sentences_and_none_says_the_same_twice() -> None:
    """Every text is one plain sentence or two, and two codes never share one."""
    texts = [r[key] for r in REASONS.values() for key in ("applicant", "analyst")]
    texts += [c[key] for c in CONDITIONS.values() for key in ("text", "analyst")]
    assert all(re.fullmatch(r"[A-Z][^\n]{20,200}\.", text) for text in texts)
    assert len(set(texts)) == len(texts)


def test_there_are_enough_reasons_on_enough_clauses() -> None:
    """The catalogue can tell applicants apart: at least 15 reasons over at least 30 clauses."""
    cited = {clause for entry in [*REASONS.values(), *CONDITIONS.values()] for clause in entry["clauses"]}
    assert len(REASONS) >= 15
    assert len(cited) >= 30


def test_cited_clauses_stand_in_some_edition() -> None:
    """No reason cites a clause that never was; the policy check looks at each edition's own days."""
    manuals = [reader.clauses(reader.source(edition)) for edition in reader.EDITIONS]
    known = {clause.clause for manual in manuals for clause in manual}
    cited = {clause for entry in [*REASONS.values(), *CONDITIONS.values()] for clause in entry["clauses"]}
    assert cited <= known


def test_every_entry_cites_distinct_clauses() -> None:
    """The first clause is the one that a reason rests on; none is listed twice."""
    for entry in [*REASONS.values(), *CONDITIONS.values()]:
        assert entry["clauses"]
        assert len(set(entry["clauses"])) == len(entry["clauses"])
