"""Which clauses a clause refers to, read from its words and resolved against its own document.

"§ 1002.9(b)", "§§ 1002.9(a)(1) and (2)(i)", "paragraphs (b) through (d) of this section",
"comment 9(b)(2)-1", "Appendix C", "CP-4.2": each becomes the number of a clause that the document has, or
that stands above clauses that it has. What leads elsewhere (another law, another part) is no reference.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from retrieval.model import Provision

Key = tuple[str, ...]
"""A clause's number as its parts: 1002.9(b)(1) is ("1002", "9", "b", "1")."""


@dataclass(frozen=True, slots=True)
class Reference:
    """The clause referred to, and the words that refer to it: text[start:end]."""

    clause: str
    start: int
    end: int


_PARENS = r"(?:\s?\([A-Za-z0-9]{1,5}\))"
_NUMBER = rf"\d+(?:\.\d+)*(?:[-\u2013]\d+)?{_PARENS}*(?:-\d+)?"
_ITEM = rf"(?:{_NUMBER}|{_PARENS}+)"
_BETWEEN = r"(?:\s*,\s*(?:and|or)\s+|\s*,\s*|\s+(?:and|or|through|to)\s+|\s*[-\u2013]\s*(?=\())"
_LIST = rf"(?P<items>{_ITEM}(?:{_BETWEEN}(?:§+\s*)?{_ITEM})*)"
_LEAD = (
    r"(?P<comment>comments?\s+(?=\d)|commentary\s+to\s+(?:§\s*|section\s+)(?=\d))"
    r"|(?P<paragraph>paragraphs?\s+)"
    r"|(?P<part>parts?\s+(?=\d))"
    r"|(?P<section>§+\s*|(?:sections?|rules?|clauses?|articles?|regulations?)\s*(?=\d))"
)
_CITED = re.compile(rf"(?:{_LEAD}){_LIST}", re.IGNORECASE)
_APPENDIX = re.compile(r"\bAppendi(?:x|ces)\s+(?P<letter>[A-Z])\b")
_FORM = re.compile(
    r"\bForms?\s+(?P<items>[A-Z]-\d+(?:(?:,\s*|\s+(?:and|or|through)\s+)[A-Z]-\d+)*)", re.IGNORECASE
)
_NAMED = re.compile(rf"\b(?P<items>[A-Z][A-Za-z]*-\d+(?:\.\d+)*{_PARENS}*)")
_WRITTEN = re.compile(
    rf"(?:\b\d+/)?(?<![\w./])(?:[A-Z][A-Za-z]*[- ])?\d+(?:\.\d+|[.\s]?{_PARENS})+(?![\w%]|\s*%|\.\d)|"
    rf"\b[A-Z][A-Za-z]*-\d[\w.]*(?<!\.){_PARENS}*"
)
_ELSEWHERE = re.compile(r"\s*of\s+(?!this\b|the\s+(?:regulation|manual|policy)\b)(?P<where>§+\s*\d[\d.]*)?")
_AROUND = ".,;:?!\"'`\u2018\u2019\u201c\u201d"
_ROMAN = re.compile(r"x{0,2}(?:ix|iv|v?i{0,3})")


def resolved(provisions: Sequence[Provision]) -> tuple[Provision, ...]:
    """The same provisions, each with the clauses that it refers to."""
    index = Index(one.clause for one in provisions)
    return tuple(
        replace(one, refers_to=tuple(dict.fromkeys(r.clause for r in index.references(one))))
        for one in provisions
    )


def keys(clause: str) -> list[str]:
    """The ways to name a clause: its number, and its number without the part before the first point."""
    key = key_of(clause)
    part = _part(clause)
    head = ("comment",) if key[:1] == ("comment",) else ()
    short = (*head, *key[len(head) + len(part) :])
    return list(dict.fromkeys(".".join(k) for k in (key, short) if len(k) > len(head)))


def named(question: str) -> list[str]:
    """The names of clauses that a question may name, as written and as keys; a bare number names none."""
    found: list[Key] = []
    for match in _CITED.finditer(question):
        if match["paragraph"] is None:
            before: Key = ()
            for item in re.finditer(_ITEM, match["items"]):
                before = _continued(before, (), item[0])
                found.append(("comment", *before) if match["comment"] else before)
    found += [("app", match["letter"]) for match in _APPENDIX.finditer(question)]
    for match in _FORM.finditer(question):
        forms = re.finditer(r"([A-Z])-(\d+)", match["items"], re.IGNORECASE)
        found += [("app", form[1].upper(), form[2]) for form in forms]
    found += [key_of(word[0]) for word in _WRITTEN.finditer(question)]
    words = (word.strip(_AROUND) for word in question.split())
    written = [word for word in words if re.search(r"\d", word) and re.search(r"[^\d.,%]", word)]
    return list(dict.fromkeys(written + [".".join(key) for key in found if key]))


def key_of(clause: str) -> Key:
    """A clause's number as its parts; what stands before a slash names the document and is left out."""
    head, slash, tail = clause.partition("/")
    number = tail if slash and head.isdigit() else clause
    return tuple(part.lower() if len(part) > 1 else part for part in re.findall(r"[A-Za-z]+|\d+", number))


class Index:
    """The numbers of one document, to resolve references against."""

    def __init__(self, clauses: Iterable[str]) -> None:
        self._clauses: dict[Key, str] = {}
        self._above: dict[Key, str] = {}
        for clause in clauses:
            self._clauses.setdefault(key_of(clause), clause)
            for above in ancestors(clause):
                self._above.setdefault(key_of(above), above)

    def find(self, key: Key) -> str | None:
        """The clause of that number, or the number itself where only clauses below it exist."""
        return self._clauses.get(key) or self._above.get(key)

    def references(self, one: Provision) -> list[Reference]:
        """What a provision refers to, in the order of its words."""
        return sorted(self._found(one), key=lambda r: (r.start, r.end))

    def _found(self, one: Provision) -> Iterator[Reference]:
        text = one.text
        for match in _CITED.finditer(text):
            for keys, start, end in self._cited(match, one):
                yield from self._resolve(keys, start, end)
        part = _part(one.clause)
        for match in _APPENDIX.finditer(text):
            yield from self._resolve(
                [(*part, "app", match["letter"]), ("app", match["letter"])], *match.span()
            )
        for match in _FORM.finditer(text):
            for form in re.finditer(r"([A-Z])-(\d+)", match["items"], re.IGNORECASE):
                start = match.start("items") + form.start()
                yield from self._resolve(
                    [(*part, "app", form[1].upper(), form[2])], start, match.start("items") + form.end()
                )
        for match in _NAMED.finditer(text):
            yield from self._resolve([key_of(match["items"])], *match.span())

    def _resolve(self, keys: Iterable[Key], start: int, end: int) -> Iterator[Reference]:
        for key in keys:
            if found := self.find(key):
                yield Reference(found, start, end)
                return

    def _cited(self, match: re.Match[str], one: Provision) -> Iterator[tuple[list[Key], int, int]]:
        """Each item of a list of numbers, as the keys that it may have."""
        base = self._base(match, one)
        if base is None:
            return
        before: Key = base
        for item in re.finditer(_ITEM, match["items"]):
            key = _continued(before, base, item[0])
            before = key
            start = match.start("items") + item.start()
            yield list(_readings(key, match, one)), start, match.start("items") + item.end()

    def _base(self, match: re.Match[str], one: Provision) -> Key | None:
        """Where a bare "(b)(1)" hangs: this section, the section named after it, or nowhere known."""
        if not match["paragraph"]:
            return ()
        after = _ELSEWHERE.match(one.text, match.end())
        if after is None:
            return key_of(_section(one.clause))
        return None


def _readings(key: Key, match: re.Match[str], one: Provision) -> Iterator[Key]:
    part = _part(one.clause)
    if match["comment"]:
        yield ("comment", *part, *key)
        yield ("comment", *key)
    elif match["part"]:
        yield ("part", *key)
    else:
        yield key
        if len(key) > 1:  # "section 7" alone is more often another law's
            yield (*part, *key)


def _continued(before: Key, base: Key, item: str) -> Key:
    """The key of an item in a list: a whole number, or what is left of it after the one before."""
    parts = key_of(item)
    if item.lstrip()[0] != "(":
        return parts
    if before == base:
        return (*base, *parts)
    level = _level(before, len(base), parts[0])
    return (*before[:level], *parts)


def _level(before: Key, base: int, first: str) -> int:
    """At which depth of the number before a shortened number goes on: the deepest that counts alike."""
    for level in range(len(before) - 1, max(base, 1) - 1, -1):
        if _counts_like(before[level], first, level == len(before) - 1):
            return level
    return len(before)


def _counts_like(a: str, b: str, last: bool) -> bool:
    if a.isdigit() or b.isdigit():
        return a.isdigit() and b.isdigit()
    if a.isupper() or b.isupper():
        return a.isupper() and b.isupper()
    both_roman = bool(_ROMAN.fullmatch(a)) and bool(_ROMAN.fullmatch(b))
    return both_roman or (len(a) == 1 and len(b) == 1 and (last or not _ROMAN.fullmatch(a)))


def _section(clause: str) -> str:
    """The section that a clause stands in: its number up to the first bracket."""
    return re.sub(r"^comment\s+", "", clause).split("(")[0]


def _part(clause: str) -> Key:
    """The number before the first point, under which a document may count its sections."""
    match = re.match(r"(?:comment\s+)?(\d+)(?=[. ])", clause)
    return (match[1],) if match else ()


def ancestors(clause: str) -> Iterator[str]:
    """The numbers above a clause: 1002.9(b) and 1002.9 above 1002.9(b)(1)."""
    while "(" in clause:
        clause = clause[: clause.rindex("(")].rstrip(". ")
        yield clause
