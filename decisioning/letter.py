"""A letter as values: who writes to whom, and blocks of text that any form can print.

Every text in it is plain text. The forms (HTML, Markdown, PDF) escape it: a name is what somebody typed.
"""

from dataclasses import dataclass
from typing import Literal


class Unprintable(ValueError):
    """A character that a form cannot print."""


NoticeKind = Literal["adverse_action", "counter_offer", "incompleteness"]


@dataclass(frozen=True)
class Recipient:
    """Whom a letter goes to, as they wrote it."""

    name: str
    address: str


@dataclass(frozen=True)
class Block:
    """A part of a letter: paragraphs, then labelled facts, then a list with its lead, then what comes after.

    `id` names the block for who reads it by machine.
    """

    id: str
    heading: str | None
    paragraphs: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    lead: str | None = None
    items: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


@dataclass(frozen=True)
class Letter:
    """A whole letter; addresses are lines."""

    kind: NoticeKind
    title: str
    date: str
    sender: tuple[str, ...]
    recipient: tuple[str, ...]
    salutation: str
    blocks: tuple[Block, ...]
