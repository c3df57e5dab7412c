"""The recording of a run: a line for each explanation or answer, and what became of each sentence in it."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from decisioning.chat.drafts import drafted
from decisioning.drafts import parsed, tidied
from decisioning.model import Problem, Sentence, Writer
from evals.words.with_model.heard import Call

How = Literal["passed", "rewritten", "refused", "not worded"]
"""A claim's words: the model's at once, the model's after its one rewriting, ours since the model's were
refused, ours since it had none."""


@dataclass(frozen=True)
class Fate:
    """What became of a claim or source: what the model said of it, in turn, and which words left."""

    claim: str
    drafts: tuple[str, ...]
    how: How
    left: str


@dataclass(frozen=True)
class Recorded:
    """What was asked and said; sentences that are not `offered` were ours from the start."""

    id: str
    kind: str
    row: int | None
    as_of: str
    outcome: str | None
    question: str | None
    calls: tuple[Call, ...]
    sentences: tuple[Mapping[str, str], ...]
    problems: tuple[Mapping[str, Any], ...]

    @property
    def offered(self) -> tuple[str, ...]:
        """The claims or sources that the model was shown."""
        return self.calls[0].offered if self.calls else ()

    @cached_property
    def fates(self) -> tuple[Fate, ...]:
        """Of each claim or source that the model was shown."""
        said = [drafts_of(call.raw) for call in self.calls]
        drafts = {name: [d[name] for d in said if d.get(name)] for name in self.offered}
        left = _numbered(self.sentences)
        return tuple(_fate(name, drafts[name], left.get(name)) for name in self.offered)

    @property
    def problems_of(self) -> Mapping[str, Sequence[str]]:
        """The codes of what was found wrong, by sentence."""
        found: dict[str, list[str]] = {}
        for each in self.problems:
            found.setdefault(each["sentence"] or "", []).append(each["code"])
        return found


def _numbered(sentences: Iterable[Mapping[str, str]]) -> dict[str, Mapping[str, str]]:
    """The sentences by source as a model is offered it: a clause that is quoted twice is two."""
    seen: Counter[str] = Counter()
    found = {}
    for each in sentences:
        name = each["claim"]
        seen[name] += 1
        found[name if seen[name] == 1 else f"{name}#{seen[name]}"] = each
    return found


def _fate(name: str, drafts: Sequence[str], left: Mapping[str, str] | None) -> Fate:
    text = left["text"] if left else ""
    how: How = "refused" if drafts else "not worded"
    if left and left["writer"] == Writer.LLM:
        how = "passed" if text == drafts[0] else "rewritten"
    return Fate(name, tuple(drafts), how, text)


def drafts_of(raw: str | None) -> dict[str, str]:
    """What an answer says of each claim or source, the first of each; nothing where it is no such JSON."""
    listed = drafted(raw or "")
    if listed is not None:
        return {each.source: tidied(each.text) for each in reversed(listed)}
    return parsed(raw or "")[0]


def line_of(
    facts: Mapping[str, Any],
    calls: Iterable[Call],
    sentences: Iterable[Sentence],
    problems: Iterable[Problem],
) -> str:
    """A line of the recording."""
    said = [{"claim": s.claim, "writer": s.writer.value, "text": s.text} for s in sentences]
    found = [p.model_dump(mode="json") for p in problems]
    whole = {**facts, "calls": [asdict(c) for c in calls], "sentences": said, "problems": found}
    return json.dumps(whole, ensure_ascii=False)


def recordings(path: Path) -> list[Recorded]:
    """What was recorded so far; a line that was cut off by a kill is none."""
    if not path.is_file():
        return []
    whole = path.read_text(encoding="utf-8").rpartition("\n")[0]
    return [_read(json.loads(line)) for line in whole.splitlines()]


def _read(line: Mapping[str, Any]) -> Recorded:
    calls = tuple(Call(**{**call, "offered": tuple(call["offered"])}) for call in line["calls"])
    rest = {"sentences": tuple(line["sentences"]), "problems": tuple(line["problems"])}
    return Recorded(**{**line, **rest, "calls": calls})
