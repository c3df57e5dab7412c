"""What a product calls its facts, and a decision together with those names."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from decisioning.edition import Edition
from decisioning.model import Currency, Decision, Unit
from decisioning.wording import fact_name


def titles_of(edition: Edition) -> dict[str, str]:
    """The titles of the edition's application fields and facts by name."""
    fields = {name: entry.title for name, entry in edition.application.fields.items()}
    return fields | {name: entry.title for name, entry in edition.facts.definitions.items()}


@dataclass(frozen=True)
class Told:
    """A decision to be told of, with its product's titles; a fact without one goes by its own name."""

    decision: Decision
    titles: Mapping[str, str] = field(default_factory=dict)

    @property
    def currency(self) -> Currency:
        """The currency that its money is in."""
        return self.decision.currency

    def name(self, fact: str, unit: Unit | None = None) -> str:
        """The fact's title, lower-case as a sentence needs it."""
        title = self.titles.get(fact)
        return title[:1].lower() + title[1:] if title else fact_name(fact, unit)
