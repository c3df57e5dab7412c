"""A product with other numbers: what a change would do, before anybody writes it into the manual."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from decisioning.edition import edition_of
from decisioning.product import Product
from evals.cases import InvalidCases

_NUMBERS = TypeAdapter(dict[str, float])


def read_changes(path: Path) -> Mapping[str, float]:
    """Parameters by name with their new values; raises InvalidCases for a file that holds anything else."""
    try:
        return _NUMBERS.validate_json(path.read_bytes())
    except ValidationError as refused:
        problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in refused.errors())
        raise InvalidCases(f"{path.name}: {problems}") from None


def with_parameters(product: Product, day: date, changes: Mapping[str, float]) -> Product:
    """The product whose edition of that day has these numbers, and every other one is as it was.

    Raises InvalidCases for a number that this edition does not have, InvalidProduct where they cannot go
    together.
    """
    edition = product.on(day)
    if unknown := sorted(changes.keys() - edition.parameters.keys()):
        raise InvalidCases(f"no parameter in force on {day} is called {', '.join(unknown)}")
    parameters = dict(edition.artefacts["parameters"])
    for name, value in changes.items():
        parameters[name] = {**parameters[name], "value": value}
    other = edition_of({**edition.artefacts, "parameters": parameters})
    editions = tuple(other if each is edition else each for each in product.editions)
    return replace(product, editions=editions)
