"""Reading a product's files: JSON without ambiguity, shapes checked, errors that name file and place."""

import json
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from pydantic import TypeAdapter, ValidationError

from decisioning.errors import InvalidProduct

Shape = TypeVar("Shape")


def read_json(path: Path, name: str) -> Any:
    """The content of a JSON file; a repeated key, NaN and infinity are refused. `name` stands in errors."""
    try:
        return json.loads(read_text(path, name), object_pairs_hook=_unique, parse_constant=_no_constant)
    except ValueError as error:
        raise InvalidProduct(f"{name}: {error}") from None


def read_text(path: Path, name: str) -> str:
    """The text of a file; raises InvalidProduct where it is not there or is not UTF-8."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InvalidProduct(f"{name}: there is no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidProduct(f"{name}: cannot be read: {error}") from None


def validated(shape: type[Shape], content: object, where: str) -> Shape:
    """The content as that shape; raises InvalidProduct with the first place that does not fit."""
    try:
        return TypeAdapter(shape).validate_python(content)
    except ValidationError as refused:
        first = refused.errors()[0]
        place = "".join(f"{part}: " for part in first["loc"])
        raise InvalidProduct(f"{where}: {place}{first['msg']}") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"{next(name for name in names if names.count(name) > 1)!r} stands twice")
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number")
