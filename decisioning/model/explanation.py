"""Checked sentences, what they cite, and what they were made from."""

from typing import Literal

from decisioning.model.words import Frozen, Reader, Writer


class Citation(Frozen):
    """A quote and where it stands: `text[start:end] == quote` in that clause's stored text."""

    document: str
    clause: str
    edition: str
    quote: str
    start: int
    end: int


class Sentence(Frozen):
    """A checked sentence: the claim it words, the facts it names, the clauses it rests on."""

    text: str
    writer: Literal[Writer.LLM, Writer.DETERMINISTIC]
    claim: str
    facts: tuple[str, ...]
    citations: tuple[Citation, ...]


class Problem(Frozen):
    """Why a sentence was thrown away; `sentence` is None where a whole text lacks something."""

    sentence: str | None
    code: str
    problem: str


class Explanation(Frozen):
    """Sentences that were each checked, and what was thrown away on the way."""

    status: Literal["verified", "fallback", "pending"]
    writer: Writer
    reader: Reader
    sentences: tuple[Sentence, ...]
    problems: tuple[Problem, ...] = ()


class ClauseRef(Frozen):
    """A clause as it was read: enough to find the same text again and to see that it is the same."""

    document: str
    clause: str
    edition: str
    sha256: str


class Evidence(Frozen):
    """What an explanation was made from: enough to write and check it again, byte for byte.

    `retrieval_snapshot` is the state of the corpus that was searched; None where that was empty.
    `writer` is the version of the code that worded and checked; None in evidence from before it was kept.
    """

    clauses: tuple[ClauseRef, ...]
    retrieval_snapshot: str | None
    prompt: str | None
    llm: str | None
    llm_outputs: tuple[str, ...]
    writer: str | None = None
