"""`credence policy`: documents in, clauses out, as of any day; the manual against the rules."""

import json
import shutil

import pytest

from decisioning.product import PRODUCTS
from tests.app.cli.conftest import MANUAL

LINE = {
    "document": "leaflet",
    "edition": "1",
    "clause": "L-1",
    "heading": "Late payment",
    "text": "A late payment costs nothing for the first ten days.",
    "effective_from": "2026-01-01",
}


@pytest.fixture
def leaflet(tmp_path):
    """Writes a document of one clause, with these changes."""

    def write(**changes: object) -> str:
        (tmp_path / "leaflet.jsonl").write_text(json.dumps(LINE | changes))
        return "leaflet.jsonl"

    return write


def written(ran) -> list[tuple[str, int, int]]:
    """Edition, clauses opened and closed of each written document."""
    assert (ran.code, ran.answer["refused"]) == (0, {})
    return [(w["edition"], w["opened"], w["closed"]) for w in ran.answer["written"]]


def test_the_same_input_again_writes_nothing(lender):
    """The whole folder of the manual, which is there already: nothing is opened and nothing closed."""
    again = written(lender("policy", "ingest", MANUAL[0].parent, "--supersede", "--json"))
    assert [edition for edition, _, _ in again] == [path.stem for path in MANUAL]
    assert {(opened, closed) for _, opened, closed in again} == {(0, 0)}


def test_another_text_of_the_same_edition_is_a_correction(lender, leaflet):
    """The old text's known period closes; both are found, each as it was known."""
    assert written(lender("policy", "ingest", leaflet(), "--json")) == [("1", 1, 0)]
    before = lender("policy", "show", "L-1", "--json").answer
    text = "A late payment costs nothing for the first five days."
    assert written(lender("policy", "ingest", leaflet(text=text), "--json")) == [("1", 1, 1)]
    assert lender("policy", "show", "L-1", "--json").answer == before | {"text": text}


def test_a_later_edition_ends_an_open_one_only_when_told_to(lender, leaflet):
    """Without --supersede it is refused with exit code 1 and says so; with it the first one ends."""
    lender("policy", "ingest", leaflet())
    later = {"edition": "2", "effective_from": "2026-07-01", "text": "A late payment costs 1 %."}
    refused = lender("policy", "ingest", leaflet(**later))
    assert refused.code == 1
    assert "leaflet.jsonl" in refused.err
    assert "--supersede" in refused.err
    assert lender("policy", "ingest", leaflet(**later), "--json").err == refused.err
    written(lender("policy", "ingest", leaflet(**later), "--supersede", "--json"))
    [first] = lender("policy", "show", "L-1", "--as-of=2026-06-30", "--json").lines
    [second] = lender("policy", "show", "L-1", "--as-of=2026-07-01", "--json").lines
    assert (first["edition"], first["effective_to"]) == ("1", "2026-07-01")
    assert (second["edition"], second["effective_to"]) == ("2", None)


def test_a_clause_is_withdrawn_on_a_day(lender, leaflet):
    """In force the day before, not in force from that day on: exit code 1 where it is asked for."""
    lender("policy", "ingest", leaflet())
    ran = lender("policy", "ingest", "--withdraw", "L-1", "--on", "2026-09-01", "--json")
    assert ran.code == 0
    assert lender("policy", "show", "L-1", "--as-of=2026-08-31").code == 0
    gone = lender("policy", "show", "L-1", "--as-of=2026-09-01", "--json")
    assert gone.code == 1
    assert gone.complaint == "credence: L-1 is not in force on 2026-09-01"


def test_search_ranks_clauses_as_of_a_day(lender):
    """The clause that is asked for by its number comes first, in the edition of the day, with its score."""
    for day, edition in (("2025-01-01", "2024-01-01"), ("2026-06-01", "2026-06-01")):
        ran = lender("policy", "search", "CP-3.4", "--as-of", day, "--k=3", "--json")
        assert len(ran.answer["clauses"]) <= 3
        first = ran.answer["clauses"][0]
        assert (first["clause"], first["edition"], first["document"]) == ("CP-3.4", edition, "credit-policy")
        assert {"heading", "text", "parent", "effective_from", "effective_to", "score"} <= set(first)
    assert "CP-3.4" in lender("policy", "search", "CP-3.4").out.decode()


def test_a_batch_of_searches_is_a_line_each(lender, tmp_path):
    """Lines in, lines out in the same order; a line that cannot be searched says why, exit code 1."""
    asked = [
        {"id": 1, "query": "CP-4.3"},
        {"id": "two", "query": "CP-4.3", "as_of": "2024-06-01", "document": "credit-policy"},
        {"id": 3},
        {"id": 4, "query": "CP-4.3", "as_of": "yesterday"},
        {"id": 5, "query": 7},
        {"id": 6, "query": "CP-4.3", "document": 7},
        {"id": 7, "query": " "},
        {"id": 8, "query": "CP-4.3", "document": "no-such-document", "relevant": ["CP-4.3"]},
    ]
    lines = "\n".join([*map(json.dumps, asked), "no JSON", "[]"])
    (tmp_path / "in.jsonl").write_text(lines)
    ran = lender("policy", "search", "--batch", "in.jsonl", "--k=2")
    assert ran.code == 1
    assert ran.err.splitlines() == [
        "credence: fields that mean nothing here were left out: relevant",
        "credence: 7 of the lines could not be read; each says why",
    ]
    assert lender("policy", "search", "--batch", "-", "--k=2", stdin=lines.encode()).out == ran.out
    assert [line["id"] for line in ran.lines] == [1, "two", 3, 4, 5, 6, 7, 8, None, None]
    today, then, *bad, nothing, not_json, no_object = ran.lines
    assert [c["edition"] for c in (today["clauses"][0], then["clauses"][0])] == ["2026-06-01", "2024-01-01"]
    assert set(today["clauses"][0]) == {"document", "clause", "edition", "score"}
    assert nothing["clauses"] == []
    assert all(set(line) == {"id", "line", "error"} for line in (*bad, not_json, no_object))
    assert [(line["line"], line["error"]) for line in bad] == [
        (3, "query: Field required"),
        (4, "as_of: must be a date as YYYY-MM-DD"),
        (5, "query: Input should be a valid string"),
        (6, "document: Input should be a valid string"),
        (7, "query: must not be blank"),
    ]


def test_a_difference_of_two_days_names_each_changed_clause(lender):
    """What the third edition changed, one line a clause; a day against itself has none."""
    changes = lender("policy", "diff", "2026-05-31", "2026-06-01", "--json").lines
    assert {(c["change"], c["clause"]) for c in changes} >= {
        ("reworded", "CP-3.4"),
        ("added", "CP-10.9"),
        ("ended", "CP-4.8"),
    }
    assert lender("policy", "diff", "2026-06-01", "2026-06-02", "--json").out == b""


def test_a_change_has_the_day_on_which_the_text_changed(lender):
    """Over several editions: the day of the edition that changed it, whatever the later ones repeat."""
    ran = lender("policy", "diff", "2024-01-01", "2026-06-01", "--json")
    changed = {change["clause"]: (change["on"], change["words"]) for change in ran.lines}
    assert changed["CP-2.4"][0] == "2025-07-01"
    assert " reads differently from 2025-07-01: " in changed["CP-2.4"][1]
    assert changed["CP-3.4"][0] == "2026-06-01"
    assert lender("policy", "diff", "2026-06-01", "2024-01-01", "--json").out == ran.out


def test_the_manual_and_the_rules_agree(credence):
    """`policy check` on the product as it is: exit code 0, no finding, no database needed."""
    assert (credence("policy", "check").code, credence("policy", "check", "--json").answer) == (
        0,
        {"findings": []},
    )


@pytest.mark.parametrize("side", ["manual", "parameters"])
def test_a_threshold_changed_on_one_side_is_named_with_both_places(credence, monkeypatch, tmp_path, side):
    """A copy of the product with 60 % in one place and 61 % in the other: exit code 1, both places named."""
    copy = tmp_path / "products" / "copied_loan"
    shutil.copytree(PRODUCTS / "consumer_loan", copy)
    replace(copy / "product.json", '"consumer-loan"', '"copied-loan"')
    if side == "manual":
        replace(copy / "manual" / "2026-06-01.md", "60 %", "61 %")
    else:
        parameters = json.loads((copy / "parameters.json").read_text())
        parameters["max_debt_service_to_income"]["history"][-1]["value"] = 0.61
        (copy / "parameters.json").write_text(json.dumps(parameters))
    monkeypatch.setenv("CREDENCE_PRODUCTS", str(copy.parent))
    ran = credence("policy", "check", "--json")
    assert (ran.code, ran.err) == (1, "")
    found = [f for f in ran.answer["findings"] if f["clause"] == "CP-3.4"]
    assert found
    assert {f["product"] for f in ran.answer["findings"]} == {"copied-loan"}
    for finding in found:
        assert "manual/2026-06-01.md" in finding["manual"]
        assert "max_debt_service_to_income" in finding["rules"]
    told = credence("policy", "check")
    assert told.code == 1
    assert "max_debt_service_to_income" in told.out.decode()


def replace(path, old: str, new: str) -> None:
    """Another word in a file."""
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


@pytest.mark.parametrize(
    "arguments",
    [
        ["ingest"],
        ["ingest", "no-such-file.md"],
        ["ingest", "--withdraw", "CP-3.4"],
        ["ingest", "--effective-from", "1 June", "."],
        ["search"],
        ["search", " "],
        ["search", "words", "--batch", "no-such-file"],
        ["search", "words", "--k", "0"],
        ["search", "words", "--as-of", "2026-13-01"],
        ["search", "words", "--known-at", "noon"],
        ["show"],
        ["diff", "2026-01-01"],
    ],
    ids=" ".join,
)
def test_bad_usage_is_exit_code_2(credence, arguments):
    """Refused before anything starts, on standard error alone."""
    ran = credence("policy", *arguments)
    assert (ran.code, ran.out) == (2, b"")
    assert ran.err


def test_a_clause_is_shown_with_what_it_is_read_with(lender):
    """Its parent, the definitions of its words, what it refers to, and what refers to it."""
    [clause] = lender("policy", "show", "CP-3.4", "--around", "--json").lines
    around = {relation: {c["clause"] for c in found} for relation, found in clause["around"].items()}
    assert "CP-1.9" in around["definitions"]
    assert around["parents"]
    shown = lender("policy", "show", "CP-3.4", "--around").out
    assert b"Defined by CP-1.9" in shown


def test_the_vectors_of_the_model_in_use_are_told(lender):
    """Nothing is left to build for the model in use, and no other has vectors."""
    answer = lender("policy", "embed", "--json").answer
    assert answer["built"] == 0
    [model] = answer["models"]
    assert (model["name"], model["overlap"]) == (answer["model"], None)
    assert model["vectors"] == model["passages"] > 0
