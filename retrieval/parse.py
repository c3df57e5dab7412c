"""Files into documents: Markdown, HTML, PDF, DOCX, clause lines. Pure but for reading the file itself.

What cannot be trusted to mean what it shows is refused: bytes that are not UTF-8, control characters,
characters that are there and cannot be seen, two texts under one number, no text at all.
"""

import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

from retrieval import definitions, html, lines, markdown, outline, references
from retrieval.errors import Unreadable
from retrieval.model import Document, Provision
from retrieval.outline import Block

FORMATS = {
    ".md": "markdown",
    ".markdown": "markdown",
    ".html": "html",
    ".htm": "html",
    ".jsonl": "lines",
    ".ndjson": "lines",
    ".pdf": "pdf",
    ".docx": "docx",
}
LARGEST_BYTES = 64 * 1024 * 1024
LONGEST_TEXT = 1_000_000
LONGEST_NAME = 200

_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0e-\x1f\x7f-\x84\x86-\x9f"  # control characters
    "\u202a-\u202e\u2066-\u2069"  # text that is shown in another order than it is read
    "\ud800-\udfff\U000e0000-\U000e007f]"  # halves of characters; tags that no font shows
)


def files(paths: Iterable[Path]) -> Iterator[Path]:
    """Each file named, and each file of a format read here in each folder named, sorted by path."""
    for path in paths:
        if path.is_dir():
            inside = (p for p in path.rglob("*") if p.is_file() and p.suffix.lower() in FORMATS)
            yield from sorted(p for p in inside if not p.name.startswith((".", "README")))
        else:
            yield path


def parse_file(
    path: Path,
    *,
    document: str | None = None,
    effective_from: date | None = None,
    effective_to: date | None = None,
) -> tuple[Document, ...]:
    """The editions that a file states; what is given here stands before what the file says.

    Raises Unreadable with the reason where the file cannot be taken in as a whole.
    """
    form = FORMATS.get(path.suffix.lower())
    if form is None:
        raise Unreadable(path.name, f"the format {path.suffix or 'without a suffix'} is not read here")
    content = _read(path)
    if form in {"pdf", "docx"}:
        fields, blocks = _unpacked(content, form, path.name)
        return _checked((_edition(fields, blocks, path.name, document, effective_from, effective_to),))
    return parse_text(
        _decoded(content, path.name),
        form,
        path.name,
        document=document,
        effective_from=effective_from,
        effective_to=effective_to,
    )


def parse_text(
    text: str,
    form: str,
    source: str,
    *,
    document: str | None = None,
    effective_from: date | None = None,
    effective_to: date | None = None,
) -> tuple[Document, ...]:
    """The same for a text at hand; `form` is "markdown", "html" or "lines"."""
    _check_text(source, "it", text)
    if form == "lines":
        return _checked(
            lines.documents(
                text, source, document=document, effective_from=effective_from, effective_to=effective_to
            )
        )
    page = markdown if form == "markdown" else html
    fields, rest = page.split(text, source)
    blocks = page.blocks(rest, source)
    return _checked((_edition(fields, blocks, source, document, effective_from, effective_to),))


def _checked(found: tuple[Document, ...]) -> tuple[Document, ...]:
    for one in found:
        _check(one)
    return tuple(
        replace(one, provisions=definitions.defining(references.resolved(one.provisions))) for one in found
    )


def _edition(
    fields: Mapping[str, str],
    blocks: Iterable[Block],
    source: str,
    name: str | None,
    start: date | None,
    end: date | None,
) -> Document:
    """A whole edition out of one file."""
    begins = start or _date(fields, "effective_from", source)
    if begins is None:
        raise Unreadable(source, "it says no effective_from, and none was given")
    ends = end or _date(fields, "effective_to", source)
    if ends is not None and ends <= begins:
        raise Unreadable(source, "effective_to must come after effective_from")
    return Document(
        document=name or fields.get("document") or outline.slug(Path(source).stem),
        edition=fields.get("edition") or begins.isoformat(),
        provisions=outline.provisions(blocks, begins, ends, fields.get("title")),
        source=source,
        title=fields.get("title"),
    )


def _date(fields: Mapping[str, str], name: str, source: str) -> date | None:
    value = fields.get(name)
    if not value or value == "null":
        return None
    return lines.parsed_date(value, name, source)


def _unpacked(content: bytes, form: str, source: str) -> tuple[dict[str, str], list[Block]]:
    # loaded for such files alone: these libraries take longer than most commands
    if form == "pdf":
        from retrieval import pdf

        return pdf.read(content, source)
    from retrieval import word

    return word.read(content, source)


def _read(path: Path) -> bytes:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise Unreadable(path.name, "it is no file")
        if status.st_size > LARGEST_BYTES:
            raise Unreadable(path.name, f"it is larger than {LARGEST_BYTES // 1024 // 1024} MB")
        content = path.read_bytes()
    except OSError as error:
        raise Unreadable(path.name, error.strerror or str(error)) from error
    if not content.strip():
        raise Unreadable(path.name, "it is empty")
    return content


def _decoded(content: bytes, source: str) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable(source, f"it is not UTF-8 at byte {error.start}") from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _check(document: Document) -> None:
    seen: set[str] = set()
    if not any(one.text.strip() or one.heading for one in document.provisions):
        raise Unreadable(document.source, "there is no text in it")
    if max(len(document.document), len(document.edition)) > LONGEST_NAME:
        raise Unreadable(document.source, "its name is too long")
    _check_text(document.source, "its name", f"{document.document}{document.edition}{document.title or ''}")
    for one in document.provisions:
        if one.clause in seen:
            raise Unreadable(document.source, f"{one.clause} is stated twice in edition {document.edition}")
        seen.add(one.clause)
        _check_provision(document.source, one)


def _check_provision(source: str, one: Provision) -> None:
    if len(one.clause) > LONGEST_NAME:
        raise Unreadable(source, f"a clause's number has {len(one.clause)} characters")
    if len(one.text) > LONGEST_TEXT:
        raise Unreadable(source, f"{one.clause} has {len(one.text)} characters")
    _check_text(source, one.clause[:40], f"{one.clause}\n{one.heading or ''}\n{one.parent or ''}\n{one.text}")


def _check_text(source: str, where: str, text: str) -> None:
    if match := _UNSEEN.search(text):
        raise Unreadable(source, f"{where!r} holds a character that cannot be seen (U+{ord(match[0]):04X})")
