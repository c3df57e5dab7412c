"""Markdown as blocks: CommonMark with tables, front matter apart, marks of emphasis and links taken off."""

import re
from collections.abc import Iterator, Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token

from retrieval.errors import Unreadable
from retrieval.outline import Block, Shape

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(?P<body>.*?)^---[ \t]*$\n?", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"^[ >]*\[[^\]\n]{1,1000}\]:", re.MULTILINE)
_MOST_LINKS = 1000
"""Reading takes the square of them."""
_COMMENT = re.compile(r"\A\s*<!--.*?-->\s*\Z", re.DOTALL)


def split(text: str, source: str) -> tuple[dict[str, str], str]:
    """The front matter (`key: value` lines) and the rest."""
    match = _FRONT_MATTER.match(text)
    if match is None:
        return {}, text
    fields = {}
    for line in match["body"].splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            key, colon, value = line.partition(":")
            if not colon:
                raise Unreadable(source, f"front matter is not `key: value`: {line.strip()!r}")
            fields[key.strip().lower()] = value.strip().strip("\"'")
    return fields, text[match.end() :]


def blocks(text: str, source: str) -> Iterator[Block]:
    """The blocks of a Markdown text; raw HTML is refused, comments are left out."""
    if len(_LINK.findall(text)) > _MOST_LINKS:
        raise Unreadable(source, f"it defines more than {_MOST_LINKS} links")
    tokens = MarkdownIt("commonmark", {"html": True, "maxNesting": 20}).enable("table").parse(text)
    yield from _Reader(tokens, source).blocks()


class _Reader:
    """Walks the tokens once; lists may nest, tables may not."""

    def __init__(self, tokens: Sequence[Token], source: str) -> None:
        self._tokens = tokens
        self._source = source
        self._items: list[int | None] = []
        self._cells: list[str] = []
        self._fresh_item = False

    def blocks(self) -> Iterator[Block]:
        for index, token in enumerate(self._tokens):
            match token.type:
                case "inline":
                    yield from self._inline(token, self._tokens[index - 1])
                case "fence" | "code_block":
                    yield Block(Shape.PARAGRAPH, token.content.strip())
                case "html_block":
                    self._refuse_html(token.content)
                case "tr_close":
                    yield from self._row(self._tokens[index + 1].type == "thead_close")
                case _:
                    self._follow_list(token)

    def _inline(self, token: Token, opening: Token) -> Iterator[Block]:
        text = self._plain(token)
        if opening.type == "heading_open":
            yield Block(Shape.HEADING, text, level=int(opening.tag[1]))
        elif opening.type in {"td_open", "th_open"}:
            self._cells.append(text)
        elif text:
            label = str(self._items[-1]) if self._fresh_item and self._items and self._items[-1] else ""
            yield Block(Shape.ITEM if self._items else Shape.PARAGRAPH, text, label=label)
            self._fresh_item = False

    def _row(self, heading: bool) -> Iterator[Block]:
        text, self._cells = " | ".join(self._cells), []
        if text.replace("|", "").strip():
            yield Block(Shape.TABLE_HEAD if heading else Shape.TABLE_ROW, text)

    def _follow_list(self, token: Token) -> None:
        if token.type == "ordered_list_open":
            self._items.append(int(token.attrGet("start") or 1) - 1)
        elif token.type == "bullet_list_open":
            self._items.append(None)
        elif token.type in {"ordered_list_close", "bullet_list_close"}:
            self._items.pop()
        elif token.type == "list_item_open":
            self._fresh_item = True
            number = self._items[-1]
            self._items[-1] = None if number is None else number + 1

    def _plain(self, token: Token) -> str:
        words = []
        for child in token.children or []:
            if child.type == "html_inline":
                self._refuse_html(child.content)
            elif child.type == "softbreak":
                words.append(" ")
            elif child.type == "hardbreak":
                words.append("\n")
            else:
                words.append(child.content)
        return "".join(words).strip()

    def _refuse_html(self, content: str) -> None:
        if not _COMMENT.match(content):
            raise Unreadable(self._source, f"raw HTML inside Markdown: {content.strip()[:40]!r}")
