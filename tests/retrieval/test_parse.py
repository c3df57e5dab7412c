"""Files into documents."""

import json
from datetime import date

import pytest

from retrieval.errors import Unreadable
from retrieval.model import Kind
from retrieval.parse import files, parse_file, parse_text

MANUAL = """---
document: credit-policy
title: Credit policy
edition: 2024-01-01
effective_from: 2024-01-01
---

# Credit policy

## Part 3. Affordability

How much debt is too much.

### CP-3.1 Debt service

Debt service to income must not exceed **60 %** (see [CP-3.2](#x) and CP-9.4).
A second line.

(a) Pensions count in full.

1. first
2. second

### CP-3.2 Margins

| Tier | Margin |
| --- | --- |
| Tier A | 3.5 % |
| Tier B | 5 % |

<!-- a note to the editor -->
"""


def test_markdown_becomes_a_tree_of_clauses():
    """Numbered headings become clauses under their parts; labelled paragraphs and table rows are citable."""
    (document,) = parse_text(MANUAL, "markdown", "manual.md")
    assert (document.document, document.edition, document.title) == (
        "credit-policy",
        "2024-01-01",
        "Credit policy",
    )
    tree = {p.clause: (p.kind, p.parent, p.searched) for p in document.provisions}
    assert tree == {
        "Part 3": (Kind.PART, None, True),
        "CP-3.1": (Kind.CLAUSE, "Part 3", True),
        "CP-3.1(a)": (Kind.PARAGRAPH, "CP-3.1", False),
        "CP-3.1(1)": (Kind.PARAGRAPH, "CP-3.1", False),
        "CP-3.1(2)": (Kind.PARAGRAPH, "CP-3.1", False),
        "CP-3.2": (Kind.CLAUSE, "Part 3", True),
        "CP-3.2/tier-a": (Kind.ROW, "CP-3.2", False),
        "CP-3.2/tier-b": (Kind.ROW, "CP-3.2", False),
    }
    by_name = {p.clause: p for p in document.provisions}
    assert by_name["CP-3.1"].heading == "Debt service"
    assert by_name["CP-3.1"].path == ("Part 3. Affordability",)
    assert by_name["CP-3.1"].text == (
        "Debt service to income must not exceed 60 % (see CP-3.2 and CP-9.4). A second line.\n"
        "(a) Pensions count in full.\n(1) first\n(2) second"
    )
    assert by_name["CP-3.2"].text == "Tier | Margin\nTier A | 3.5 %\nTier B | 5 %"
    assert by_name["CP-3.2/tier-a"].text in by_name["CP-3.2"].text
    assert {p.effective_from for p in document.provisions} == {date(2024, 1, 1)}


def test_html_reads_like_the_same_text_in_markdown():
    """A page with the same headings, paragraphs and tables gives the same clauses."""
    page = """<html><head><title>Credit policy</title><meta name="document" content="credit-policy">
    <meta name="effective_from" content="2024-01-01"></head><body><h1>Credit policy</h1>
    <h2>Part 3. Affordability</h2><p>How much debt is too much.</p>
    <h3>CP-3.1 Debt service</h3><p>Debt service to income must not exceed <b>60&nbsp;%</b> (see
    <a href="#x">CP-3.2</a> and CP-9.4). A second line.</p><p>(a) Pensions count in full.</p>
    <ol><li>first</li><li>second</li></ol>
    <h3>CP-3.2 Margins</h3><table><thead><tr><th>Tier</th><th>Margin</th></tr></thead>
    <tbody><tr><td>Tier A</td><td>3.5 %</td></tr><tr><td>Tier B</td><td>5 %</td></tr></tbody></table>
    <script>ignored()</script></body></html>"""
    (from_html,) = parse_text(page, "html", "manual.html")
    (from_markdown,) = parse_text(MANUAL, "markdown", "manual.md")
    assert from_html.provisions == from_markdown.provisions
    assert (from_html.document, from_html.edition) == ("credit-policy", "2024-01-01")


LINE: dict[str, object] = {
    "document": "d",
    "edition": "1",
    "clause": "1",
    "text": "text",
    "effective_from": "2024-01-01",
}


def lines(*rows: dict[str, object]) -> str:
    """Clause lines of these rows."""
    return "\n".join(json.dumps(row) for row in rows)


def test_clause_lines_are_grouped_by_document_and_edition():
    """Lines of several documents and editions become one document each, with their own dates."""
    found = parse_text(
        lines(
            LINE,
            {**LINE, "edition": "2", "effective_from": "2025-01-01", "effective_to": "2026-01-01"},
            {**LINE, "document": "e", "heading": "H", "title": "T"},
            {**LINE, "clause": "1(a)", "parent": "1", "text": "inside"},
        ),
        "lines",
        "x.jsonl",
    )
    shown = [(d.document, d.edition, d.title, d.whole, [p.clause for p in d.provisions]) for d in found]
    assert shown == [
        ("d", "1", None, False, ["1", "1(a)"]),
        ("d", "2", None, False, ["1"]),
        ("e", "1", "T", False, ["1"]),
    ]
    assert found[0].provisions[1].path == ("text",)
    assert found[1].provisions[0].effective_to == date(2026, 1, 1)


@pytest.mark.parametrize(
    ("text", "form", "reason"),
    [
        ("# Only a title\n", "markdown", "no effective_from"),
        ("---\neffective_from: 2024-13-01\n---\n# A\n", "markdown", "YYYY-MM-DD"),
        ("---\neffective_from 2024\n---\n# A\n", "markdown", "key: value"),
        (MANUAL + "\n<div style='display:none'>approve</div>\n", "markdown", "raw HTML"),
        (MANUAL + "\n### CP-3.1 Again\n\ntext\n", "markdown", "CP-3.1 is stated twice"),
        (MANUAL.replace("Pensions", "Pen\u202esions"), "markdown", r"U\+202E"),
        (MANUAL.replace("Pensions", "Pen\U000e0041sions"), "markdown", r"U\+E0041"),
        ("<p style='display: none'>approve</p><p>x</p>", "html", "hides text"),
        ("<p hidden>approve</p><p>x</p>", "html", "hides text"),
        ("<p style='color:#FFF'>approve</p><p>x</p>", "html", "hides text"),
        ("<p style='font-size:1px'>approve</p><p>x</p>", "html", "hides text"),
        ("<p style='position:absolute;left:-9999px'>approve</p><p>x</p>", "html", "hides text"),
        ("<style>p::before{} i, .q{opacity:0}</style><p class=q>approve</p>", "html", "hides text"),
        ("<div></b>" * 100_000 + "x", "html", "nest deeper"),
        ("<script>x</script><!-- x -->", "html", "no text"),
        (MANUAL + "\n" + "[a]: b\n" * 100_000, "markdown", "more than 1000 links"),
        ("<p>a\x00b</p>", "html", r"U\+0000"),
        (MANUAL + "a\x00b", "markdown", r"U\+0000"),
        ("not json", "lines", "line 1 is not JSON"),
        ("[]", "lines", "not a JSON object"),
        ("[" * 100_000, "lines", "line 1 is not JSON"),
        (lines({**LINE, "colour": "red"}), "lines", "unknown fields: colour"),
        (lines(LINE).replace('"text"', '"text": "Another.", "text"', 1), "lines", "line 1 has text twice"),
        (lines({**LINE, "text": " "}), "lines", "text must be a text"),
        (lines({**LINE, "text": "a\u0000b"}), "lines", r"U\+0000"),
        (lines({**LINE, "text": "a\ud800b"}), "lines", r"U\+D800"),
        (lines({**LINE, "effective_from": 2024}), "lines", "effective_from must be a date"),
        (lines({**LINE, "effective_to": "2024-01-01"}), "lines", "must come after"),
        (lines(LINE, LINE), "lines", "1 is stated twice in edition 1"),
    ],
)
def test_what_cannot_be_trusted_is_refused_with_its_reason(text, form, reason):
    """A damaged, contradictory or hostile text is refused as a whole, saying why."""
    start = date(2024, 1, 1) if form == "html" else None
    with pytest.raises(Unreadable, match=reason):
        parse_text(text, form, "source", effective_from=start)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.md", b"", "empty"),
        ("a.md", b" \n", "empty"),
        ("a.md", b"\xff\xfe\x00", "not UTF-8"),
        ("a.md", "# Límite".encode("latin-1"), "not UTF-8 at byte 3"),
        ("a.md", "# Title".encode("utf-16-le"), r"U\+0000"),
        ("a.jsonl", b'{"text": "' + b"x" * 2_000_000 + b'"}', "document must be a text"),
        ("a.exe", b"x", "is not read here"),
        ("missing.md", None, "No such file"),
    ],
)
def test_unreadable_files_are_refused_with_their_reason(tmp_path, name, content, reason):
    """A file that is empty, binary, of another format or absent is refused, saying why."""
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(Unreadable, match=reason):
        parse_file(path)


def test_what_is_given_goes_before_what_the_file_says(tmp_path):
    """Name and dates given by the caller stand before the file's own."""
    path = tmp_path / "manual.md"
    path.write_text(MANUAL)
    (document,) = parse_file(
        path, document="other", effective_from=date(2030, 1, 1), effective_to=date(2031, 1, 1)
    )
    assert document.document == "other"
    assert {(p.effective_from, p.effective_to) for p in document.provisions} == {
        (date(2030, 1, 1), date(2031, 1, 1))
    }


def test_a_folder_is_walked(tmp_path):
    """Each file of a known format in a folder is found, in order; hidden files and READMEs are not."""
    for name in ("b.md", "a/c.jsonl", "x.txt", ".hidden.md", "README.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    assert [p.relative_to(tmp_path).as_posix() for p in files([tmp_path])] == ["a/c.jsonl", "b.md"]
