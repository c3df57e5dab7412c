"""A letter as HTML and as Markdown: whole documents, every text escaped, nothing fetched from elsewhere."""

import re
from collections.abc import Iterable
from html import escape

from decisioning.letter import Block, Letter

_INLINE = re.compile(r"([\\`*_\[\]<>|~&@])|(?<=:)(?=//)|(?<=\bwww)(?=\.)", re.IGNORECASE)
_AT_START = re.compile(r"^(\d{1,9}(?=[.)])|(?=[-+=#]))")

_STYLE = (
    "body{font:16px/1.5 Georgia,'Times New Roman',serif;color:#1a1a1a;max-width:42rem;margin:3rem auto;"
    "padding:0 1.5rem}h1{font-size:1.5rem;line-height:1.25;margin:2rem 0 1rem}h2{font-size:1.1rem;"
    "margin:1.75rem 0 .5rem}address{font-style:normal;white-space:pre-line;margin-bottom:1.5rem}"
    "dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1.5rem;margin:.75rem 0}dt{color:#555}"
    "dd{margin:0}li{margin:.35rem 0}p,li,dd,address{overflow-wrap:anywhere}"
    "@media(max-width:32rem){dl{grid-template-columns:1fr}dd{margin-bottom:.5rem}}"
    "@media print{body{margin:0;max-width:none;font-size:11pt}section{break-inside:avoid}}"
)


def as_html(letter: Letter) -> str:
    """The letter as one HTML document that asks for nothing else and runs nothing."""
    sections = "\n".join(_section(block) for block in letter.blocks)
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_text(letter.title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f'<address class="sender">{_lines(letter.sender)}</address>\n'
        f'<address class="recipient">{_lines(letter.recipient)}</address>\n'
        f"<p>{_text(letter.date)}</p>\n<h1>{_text(letter.title)}</h1>\n<p>{_text(letter.salutation)}</p>\n"
        f"{sections}\n</body>\n</html>\n"
    )


def as_markdown(letter: Letter) -> str:
    """The letter as CommonMark; a backslash at a line's end breaks the line."""
    parts = [_broken(letter.sender), _broken(letter.recipient), _mark(letter.date)]
    parts += [f"# {_mark(letter.title)}", _mark(letter.salutation)]
    for block in letter.blocks:
        parts += _marked(block)
    return "\n\n".join(part for part in parts if part) + "\n"


def _section(block: Block) -> str:
    inside = [f"<h2>{_text(block.heading)}</h2>"] if block.heading else []
    inside += [f"<p>{_text(paragraph)}</p>" for paragraph in block.paragraphs]
    if block.facts:
        facts = "".join(f"<dt>{_text(label)}</dt><dd>{_text(value)}</dd>" for label, value in block.facts)
        inside.append(f"<dl>{facts}</dl>")
    if block.lead:
        inside.append(f"<p>{_text(block.lead)}</p>")
    if block.items:
        inside.append(f"<ul>{''.join(f'<li>{_text(item)}</li>' for item in block.items)}</ul>")
    inside += [f"<p>{_text(paragraph)}</p>" for paragraph in block.after]
    return f'<section id="{escape(block.id)}">\n' + "\n".join(inside) + "\n</section>"


def _marked(block: Block) -> Iterable[str]:
    if block.heading:
        yield f"## {_mark(block.heading)}"
    yield from map(_mark, block.paragraphs)
    yield "\n".join(f"- {_mark(label)}: {_inside(value)}" for label, value in block.facts)
    yield _mark(block.lead or "")
    yield "\n".join(f"- {_mark(item)}" for item in block.items)
    yield from map(_mark, block.after)


def printable(text: str) -> str:
    """One line of text without control characters, nor marks that turn the direction of reading around."""
    return "".join(c for c in " ".join(text.split()) if c.isprintable())


def _text(text: str) -> str:
    """Text between two tags."""
    return escape(printable(text), quote=False)


def _lines(lines: Iterable[str]) -> str:
    return "\n".join(_text(line) for line in lines)


def _mark(text: str) -> str:
    """Text that is no markup, not even a link that a reader makes of an address by itself."""
    return _AT_START.sub(r"\1\\", _INLINE.sub(r"\\\1", printable(text)))


def _inside(text: str) -> str:
    """The same for a text that begins no line: a number's point needs no escape there."""
    return _INLINE.sub(r"\\\1", printable(text))


def _broken(lines: Iterable[str]) -> str:
    return "\\\n".join(_mark(line) for line in lines)
