"""Errors of the corpus, in one tree.

CorpusError
├── Unreadable            a file cannot be taken in; says why, the other files go on
├── Refused               the corpus would contradict itself; nothing was written
├── QuoteNotFound         a quote does not stand in the clause it is said to come from
└── CorpusUnavailable     the database could not be asked
"""


class CorpusError(Exception):
    """The root: every error that this library raises on purpose."""


class Unreadable(CorpusError):
    """A file is empty, damaged, hostile, or in no format that is read here."""

    def __init__(self, source: str, reason: str) -> None:
        super().__init__(f"{source}: {reason}")
        self.source = source
        self.reason = reason


class Refused(CorpusError):
    """A change would put two texts in force at once, or end an edition that nobody asked to end."""


class QuoteNotFound(CorpusError):
    """A quote does not stand in the clause it is said to come from."""


class CorpusUnavailable(CorpusError):
    """The database could not be asked, or does not answer in time."""
