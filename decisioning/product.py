"""A product: a folder of data files, loaded and checked whole, every edition of it."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from decisioning.canonical import text_digest
from decisioning.edition import Edition, edition_of
from decisioning.errors import InvalidProduct, NoPolicyInForce, UnknownProduct
from decisioning.files import read_json, read_text, validated
from decisioning.parameters import History, in_force

PRODUCTS = Path(__file__).parent / "products"
"""The folder of the products that come with Credence."""


@dataclass(frozen=True)
class Product:
    """A product with all its editions; `starts[i]` is the first day of `editions[i]`."""

    name: str
    folder: Path
    starts: tuple[date, ...]
    editions: tuple[Edition, ...]

    @property
    def document(self) -> str:
        """The name of the policy manual, as clauses cite it."""
        return self.editions[-1].product.document

    def on(self, day: date) -> Edition:
        """The edition in force on that day; raises NoPolicyInForce before the first."""
        place = bisect_right(self.starts, day)
        if place == 0:
            raise NoPolicyInForce(
                f"{self.name} has no policy in force on {day}, the first is from {self.starts[0]}"
            )
        return self.editions[place - 1]

    def today(self, now: datetime) -> date:
        """The day it is for the lender."""
        return now.astimezone(ZoneInfo(self.editions[-1].product.timezone)).date()

    def manuals(self) -> Mapping[date, Path]:
        """The policy manual's files by the day from which each is in force."""
        return _dated(self.folder / "manual", ".md")


def load_product(folder: Path) -> Product:
    """The product of that folder; raises InvalidProduct naming the file and the place in it."""
    try:
        starts, editions = zip(*_editions(folder), strict=True)
    except InvalidProduct as error:
        raise InvalidProduct(f"{folder.name}/{error}") from None
    return Product(editions[0].product.name, folder, starts, editions)


def load_products(folders: Iterable[Path]) -> dict[str, Product]:
    """Products by name. Each folder is a product's, or holds products' folders."""
    products: dict[str, Product] = {}
    for folder in folders:
        for product in map(load_product, _product_folders(folder)):
            if product.name in products:
                raise InvalidProduct(
                    f"{product.folder}: another folder already has the product {product.name}"
                )
            products[product.name] = product
    return products


def named(products: Mapping[str, Product], name: str) -> Product:
    """The product of that name; raises UnknownProduct."""
    if name not in products:
        raise UnknownProduct(f"there is no product {name!r}; there are {', '.join(sorted(products))}")
    return products[name]


def _product_folders(folder: Path) -> list[Path]:
    if (folder / "product.json").is_file():
        return [folder]
    found = sorted(file.parent for file in folder.glob("*/product.json"))
    if not found:
        raise InvalidProduct(f"{folder}: holds no product.json, nor does a folder in it")
    return found


def _editions(folder: Path) -> Iterator[tuple[date, Edition]]:
    """One edition for each day on which the rules, the manual or a parameter change."""
    fixed = _fixed(folder)
    parameters = read_json(folder / "parameters.json", "parameters.json")
    histories = validated(dict[str, History], parameters, "parameters.json")
    rules = {
        day: read_json(path, f"rules/{path.name}") for day, path in _dated(folder / "rules", ".json").items()
    }
    manuals = {
        day: text_digest(read_text(path, f"manual/{path.name}"))
        for day, path in _dated(folder / "manual", ".md").items()
    }
    first = max(min(rules), min(manuals))
    changes = {
        *rules,
        *manuals,
        *(entry.since for history in histories.values() for entry in history.history),
    }
    for day in sorted({first, *(change for change in changes if change > first)}):
        yield day, edition_of({**fixed, **_dated_artefacts(day, histories, rules, manuals)})


def _fixed(folder: Path) -> dict[str, Any]:
    product, application, facts, reasons, averages = (
        read_json(folder / name, name)
        for name in ("product.json", "application.json", "facts.json", "reasons.json", "averages.json")
    )
    return {
        "product": {"product": product, "application": application, "facts": facts},
        "reasons": {"reasons": reasons, "averages": averages},
    }


def _dated_artefacts(
    day: date, histories: Mapping[str, History], rules: Mapping[date, Any], manuals: Mapping[date, str]
) -> dict[str, Any]:
    rules_from = max(start for start in rules if start <= day)
    manual_from = max(start for start in manuals if start <= day)
    return {
        "parameters": {
            name: parameter.model_dump(mode="json") for name, parameter in in_force(histories, day).items()
        },
        "rules": {"from": rules_from.isoformat(), "content": rules[rules_from]},
        "policy": {"edition": manual_from.isoformat(), "manual": manuals[manual_from]},
    }


def _dated(folder: Path, suffix: str) -> dict[date, Path]:
    """The files of a folder by the date that is their name."""
    files: dict[date, Path] = {}
    for path in sorted(folder.glob(f"*{suffix}")):
        try:
            files[date.fromisoformat(path.stem)] = path
        except ValueError:
            raise InvalidProduct(
                f"{folder.name}/{path.name}: its name must be the date it is in force from"
            ) from None
    if not files:
        raise InvalidProduct(f"{folder.name}/: holds no edition, a file such as 2024-01-01{suffix}")
    return files
