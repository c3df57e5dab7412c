"""Loads a prompt by name and fills its slots: a missing or unknown name is an error."""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

_SLOT = re.compile(r"\{\{([a-z_]+)\}\}")
_DIGEST_LENGTH = 16


class PromptError(Exception):
    """A prompt, or a slot of one, that is not there, or a value too many."""


@dataclass(frozen=True)
class Prompt:
    """A prompt's text with its slots, and the digest of that text."""

    name: str
    text: str

    @property
    def slots(self) -> frozenset[str]:
        """The names in double braces that `render` must be given."""
        return frozenset(_SLOT.findall(self.text))

    @property
    def digest(self) -> str:
        """The first 16 hex digits of the sha256 of the text."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:_DIGEST_LENGTH]

    def render(self, **values: str) -> str:
        """The text with each slot filled by its value; braces in a value stay as they are."""
        if values.keys() != self.slots:
            missing, unknown = sorted(self.slots - values.keys()), sorted(values.keys() - self.slots)
            raise PromptError(f"{self.name}: missing {missing}, unknown {unknown}")
        return _SLOT.sub(lambda found: values[found[1]], self.text)


@cache
def load(name: str) -> Prompt:
    """The prompt of that name, as it stands in its file."""
    if name not in names():
        raise PromptError(f"there is no prompt {name!r}; there are {', '.join(names())}")
    text = resources.files("prompts").joinpath(f"{name}.md").read_text(encoding="utf-8")
    return Prompt(name, text.strip() + "\n")


@cache
def names() -> tuple[str, ...]:
    """The names of all prompts, sorted."""
    files = (entry.name for entry in resources.files("prompts").iterdir())
    return tuple(sorted(f.removesuffix(".md") for f in files if f.endswith(".md")))


def digest_of(*used: str) -> str:
    """One digest for several prompts used together, whatever their order."""
    each = "\n".join(f"{name} {load(name).digest}" for name in sorted(used))
    return hashlib.sha256(each.encode()).hexdigest()[:_DIGEST_LENGTH]


def fenced(kind: str, items: Sequence[object]) -> str:
    """Outside text as data: JSON lines between two marks that no line inside can imitate.

    JSON writes every line break and every angle bracket of a value as an escape, so that nothing in
    a clause or a name can close the fence or open another.
    """
    lines = (json.dumps(i, ensure_ascii=False, default=str) for i in items)
    safe = (line.replace("<", "\\u003c").replace(">", "\\u003e") for line in lines)
    return "\n".join((f"<data kind={json.dumps(kind)}>", *safe, "</data>"))
