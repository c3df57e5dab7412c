"""The forms of a letter: the same words in each, and no text that becomes markup."""

import html
import io
import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from pypdf import PdfReader

from decisioning.letter import Block, Letter, Unprintable
from decisioning.letter_forms import as_html, as_markdown, printable
from decisioning.letter_pdf import as_pdf


def letter(text: str, items: int = 2) -> Letter:
    """A letter with that text at every place where one can stand."""
    block = Block("b", text, (text, text), ((text, text),), text, (text,) * items, (text,))
    return Letter("adverse_action", text, text, (text, text), (text,), text, (block, block))


def words_of_html(document: str) -> str:
    """What a reader sees, without spaces."""
    body = document[document.index("<body>") :]
    return "".join(html.unescape(re.sub(r"<[^>]*>", " ", body)).split())


def words_of_pdf(document: bytes) -> str:
    """What a reader sees, without spaces and bullets."""
    pages = PdfReader(io.BytesIO(document)).pages
    return "".join("".join(page.extract_text().replace("\u2022", "") for page in pages).split())


def words_of_markdown(document: str) -> tuple[str, set[str]]:
    """What a reader sees, without spaces, and the kinds of markup there are."""
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(document)
    seen = [child for token in tokens for child in (token.children or [])]
    text = "".join(child.content for child in seen if child.type == "text")
    return "".join(text.split()), {token.type for token in [*tokens, *seen]}


TEXT = st.text(max_size=60).map(printable).filter(str.strip)
PLAIN = {
    "paragraph_open", "paragraph_close", "inline", "text", "heading_open", "heading_close", "hardbreak",
    "bullet_list_open", "bullet_list_close", "list_item_open", "list_item_close", "softbreak",
}  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(TEXT)
def test_html_says_the_text_and_nothing_else(text):
    """Whatever the text, a reader sees it at each of its places, and the tags are ours."""
    made = as_html(letter(text))
    assert words_of_html(made).count("".join(text.split())) >= 18
    tags = set(re.findall(r"</?([a-z0-9]+)", made[made.index("<body>") :]))
    assert tags <= {"body", "address", "p", "h1", "h2", "section", "dl", "dt", "dd", "ul", "li", "html"}


MARKS = st.text(alphabet="*_`[]()<>#+-=.!|~&;:/@\\ 1aw\u00e9", min_size=1, max_size=25).filter(str.strip)


@settings(max_examples=100, deadline=None)
@given(MARKS)
def test_markdown_says_the_text_and_nothing_else(text):
    """Text full of markup is read back as it is: no emphasis, link, code, table, rule or list of its own."""
    seen, kinds = words_of_markdown(as_markdown(letter(text)))
    assert "".join(printable(text).split()) in seen
    assert kinds <= PLAIN


WESTERN = st.text(
    alphabet=st.characters(codec="cp1252", exclude_categories=("C", "Z")), min_size=1, max_size=120
).filter(lambda text: unicodedata.normalize("NFC", text) == text)


@settings(max_examples=50, deadline=None)
@given(WESTERN, st.integers(1, 40))
def test_pdf_says_the_text_over_as_many_pages_as_it_takes(text, items):
    """Long words are broken, long lists go on; nothing is lost, and the same letter is the same bytes."""
    made = as_pdf(letter(text, items))
    assert made == as_pdf(letter(text, items))
    document = PdfReader(io.BytesIO(made))
    assert document.metadata is not None
    assert len(document.pages) >= 1
    assert len(words_of_pdf(made)) >= len("".join(text.replace("\u2022", "").split())) * (items + 10)


WIDER = st.text(
    alphabet=st.sampled_from("ŁukaszŻółćęășțőűđŘ ΑθήναΜαρίαϊ КиївЇжакЂѓ\u2019\u201c\u201e\u2013№€½"),
    min_size=1,
    max_size=80,
).filter(str.strip)


@settings(max_examples=12, deadline=None)
@given(WIDER)
def test_pdf_prints_polish_greek_and_cyrillic(text):
    """What Windows-1252 lacks is printed with glyphs that the letter brings, and can be read out again."""
    made = as_pdf(letter(text))
    assert made == as_pdf(letter(text))
    assert "".join(printable(text).split()) in words_of_pdf(made)
    assert len(made) < 60_000


@pytest.mark.parametrize("name", ["田中", "🙂", "محمد", "नमस्ते", "גון", "x\u0323\u0302\u0301"])
def test_pdf_refuses_what_it_would_print_wrong(name):
    """A name outside the form's characters is never printed as another one."""
    with pytest.raises(Unprintable, match="cannot print"):
        as_pdf(letter(name))
    assert name in as_html(letter(name))
