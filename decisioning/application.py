"""What an application to a product looks like: one data file compiled into a strict model."""

import math
import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, cast

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, WithJsonSchema, create_model
from pydantic_core import ErrorDetails, PydanticCustomError

from decisioning.errors import FieldProblem, InvalidApplication
from decisioning.model import Frozen, Unit, Value
from decisioning.rounding import rounded

LARGEST = 1e12
"""No number of an application is larger, in whatever unit; keeps every later sum exact enough."""

MOST_PROBLEMS = 50
"""An answer names no more refused fields than this."""

_DECIMAL = re.compile(r"-?\d{1,30}(\.\d{1,30})?", re.ASCII)


class Field(Frozen):
    """One field as `application.json` describes it.

    `required`: the product cannot decide without it. `zero_is_missing`: a zero says nothing (an income
    of 0). `unknown`: choices that mean "not known". A missing value is never a reason.
    """

    type: Literal["number", "integer", "choice"]
    unit: Unit
    title: str
    description: str
    nullable: bool
    required: bool
    minimum: float | None = None
    exclusive_minimum: float | None = None
    maximum: float = LARGEST
    choices: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    zero_is_missing: bool = False

    def is_missing(self, value: Value) -> bool:
        """Whether the value tells nothing."""
        return value is None or value in self.unknown or (self.zero_is_missing and value == 0)


class ApplicationFile(Frozen):
    """The whole of `application.json`; the order of fields is the order of the form."""

    fields: dict[str, Field]


class ApplicationSchema:
    """Reads applications of one product; anything impossible is refused with its field named."""

    def __init__(self, file: ApplicationFile) -> None:
        self.fields: Mapping[str, Field] = file.fields
        self._required = tuple((name, field) for name, field in sorted(file.fields.items()) if field.required)
        definitions: dict[str, Any] = {name: _annotated(field) for name, field in file.fields.items()}
        self._model: type[BaseModel] = create_model(
            "Application", __config__=ConfigDict(extra="forbid", frozen=True), **definitions
        )

    def read(self, raw: object) -> dict[str, Value]:
        """Every field of the product with its rounded value, None where a nullable one is null or absent.

        Raises InvalidApplication naming each refused field as `application.<field>`.
        """
        try:
            return dict(self._model.model_validate(raw))
        except ValidationError as refused:
            errors = refused.errors(include_url=False, include_input=False)[:MOST_PROBLEMS]
            raise InvalidApplication(tuple(_problem(error) for error in errors)) from None

    def missing(self, application: Mapping[str, Value]) -> tuple[str, ...]:
        """The required fields that this application leaves open: without them nothing is decided.

        In the order of their names: a stored product keeps its fields and not their order.
        """
        return tuple(name for name, field in self._required if field.is_missing(application[name]))

    def unknown(self, application: Mapping[str, Value]) -> frozenset[str]:
        """Every field that this application leaves open, required or not."""
        return frozenset(name for name, field in self.fields.items() if field.is_missing(application[name]))

    def json_schema(self) -> dict[str, Any]:
        """The JSON Schema of an application, for OpenAPI."""
        return self._model.model_json_schema()


def _annotated(field: Field) -> tuple[Any, Any]:
    reader = {"number": _number, "integer": _integer, "choice": _choice}[field.type](field)
    schema = _json_schema(field)
    if not field.nullable:
        return Annotated[Any, BeforeValidator(reader), WithJsonSchema(schema)], ...
    optional = {**schema, "anyOf": [*schema.pop("anyOf"), {"type": "null"}]}
    return Annotated[
        Any, BeforeValidator(lambda v: None if v is None else reader(v)), WithJsonSchema(optional)
    ], None


def _number(field: Field) -> Callable[[object], float]:
    def read(value: object) -> float:
        if isinstance(value, str) and _DECIMAL.fullmatch(value):
            value = float(value)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise _refused("must be a number, or a decimal number in a string")
        if isinstance(value, float) and not math.isfinite(value):
            raise _refused("must be a finite number")
        if abs(value) <= LARGEST:
            value = rounded(float(value), field.unit)
        return float(_bounded(value, field))

    return read


def _integer(field: Field) -> Callable[[object], int]:
    def read(value: object) -> int:
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise _refused("must be a whole number")
        return cast("int", _bounded(value, field))

    return read


def _choice(field: Field) -> Callable[[object], str]:
    def read(value: object) -> str:
        if not isinstance(value, str) or value not in field.choices:
            raise _refused(f"must be one of {', '.join(field.choices)}")
        return value

    return read


def _bounded(value: float, field: Field) -> float:
    if field.exclusive_minimum is not None and value <= field.exclusive_minimum:
        raise _refused(f"must be greater than {field.exclusive_minimum:,.12g}")
    if field.minimum is not None and value < field.minimum:
        raise _refused(f"must be at least {field.minimum:,.12g}")
    if value > field.maximum:
        raise _refused(f"must be at most {field.maximum:,.12g}")
    if value < -LARGEST:
        raise _refused(f"must be at least {-LARGEST:,.12g}")
    return value


def _refused(problem: str) -> PydanticCustomError:
    return PydanticCustomError("refused", "{problem}", {"problem": problem})


def _json_schema(field: Field) -> dict[str, Any]:
    return {"title": field.title, "description": field.description, "anyOf": _alternatives(field)}


def _alternatives(field: Field) -> list[dict[str, Any]]:
    if field.type == "choice":
        return [{"type": "string", "enum": list(field.choices)}]
    limits = {
        "minimum": field.minimum,
        "exclusiveMinimum": field.exclusive_minimum,
        "maximum": field.maximum,
    }
    number = {"type": field.type, **{name: limit for name, limit in limits.items() if limit is not None}}
    if field.type == "integer":
        return [number]
    return [number, {"type": "string", "pattern": f"^{_DECIMAL.pattern}$"}]


_WORDS = {
    "missing": "is required",
    "extra_forbidden": "is not a field of this product's application",
    "model_type": "must be an object with the fields of the product",
}


def _problem(error: ErrorDetails) -> FieldProblem:
    """The names come from outside: cut short, and printable as UTF-8 whatever they held."""
    path = ".".join(["application", *(str(part)[:80] for part in error["loc"])])
    path = path.encode("utf-8", "replace").decode()
    return FieldProblem(path, _WORDS.get(error["type"], error["msg"]))
