"""What a model's tokens cost, by a table that the lender keeps: a provider's own figures go out of date.

{"gpt-x": {"input_usd": 0.15, "output_usd": 0.6}}    per million tokens
"""

from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from decisioning.errors import CredenceError

MILLION = 1_000_000


class InvalidPrices(CredenceError):
    """A price table that is not there or cannot be read."""


@dataclass(frozen=True)
class Price:
    """US dollars for a million tokens."""

    input_usd: float
    output_usd: float

    def of(self, input_tokens: int, output_tokens: int) -> float:
        """US dollars for that many tokens."""
        return (input_tokens * self.input_usd + output_tokens * self.output_usd) / MILLION


_TABLE = TypeAdapter(dict[str, Price])


def price_of(model: str | None, table: Path | None) -> Price | None:
    """The model's price; None where the table does not list it. Raises InvalidPrices."""
    if model is None or table is None:
        return None
    try:
        return _TABLE.validate_json(table.read_bytes(), strict=True).get(model)
    except (OSError, ValidationError) as error:
        raise InvalidPrices(f"{table}: {error}") from None
