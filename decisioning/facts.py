"""Facts: what the rules read, derived once from the application, the score and the price.

A fact is an expression of the rule engine over named paths. It sees those paths and nothing else,
and it is absent when one of the paths that it needs is.
"""

import re
from collections.abc import Iterable, Mapping, Sequence, Set

import zen

from decisioning.errors import InvalidProduct, RulesFailed
from decisioning.model import Frozen, Unit, Value
from decisioning.rounding import rounded

SCORE_PATHS = frozenset({"score.value", "score.pd", "score.min", "score.max"})
PRICING_PATHS = frozenset(
    f"pricing.{name}" for name in ("nominal_rate", "apr", "monthly_payment", "total_payable", "tier")
)
_TEXT = re.compile(r"'[^']*'|\"[^\"]*\"")
_NAME = re.compile(r"\b[A-Za-z_][A-Za-z0-9_.]*\b(?!\s*\()")
_WORDS_OF_THE_ENGINE = frozenset({"and", "or", "not", "in", "true", "false", "null"})

Context = Mapping[str, Mapping[str, Value]]


class FactDefinition(Frozen):
    """One entry of `facts.json`; `needs` are the paths without which there is no such fact."""

    name: str
    title: str
    unit: Unit
    expression: str
    needs: tuple[str, ...]


class CompiledFact:
    """A fact ready to be derived; a bare path is read as it is, without the engine."""

    def __init__(self, definition: FactDefinition) -> None:
        paths = _paths(definition.expression)
        self.name = definition.name
        self._unit = definition.unit
        self._reads = tuple(_split(path) for path in paths)
        self._needs = tuple(_split(path) for path in definition.needs)
        self._bare = self._reads[0] if definition.expression.strip() in paths else None
        self._expression = _compiled(definition)

    def derive(self, context: Context) -> Value:
        """The fact's rounded value, None where it is absent.

        Raises RulesFailed when the engine cannot evaluate it or its result is no fact.
        """
        if self._bare is not None:
            root, name = self._bare
            return self._finished(context[root].get(name))
        for root, name in self._needs:
            if context[root].get(name) is None:
                return None
        return self._finished(self._evaluated(context))

    def _evaluated(self, context: Context) -> object:
        seen: dict[str, dict[str, Value]] = {}
        for root, name in self._reads:
            seen.setdefault(root, {})[name] = context[root].get(name)
        try:
            return self._expression.evaluate(seen)
        except RuntimeError as error:
            raise RulesFailed(f"fact {self.name}: {_first_line(error)}") from None

    def _finished(self, value: object) -> Value:
        if value is None:
            return None
        if self._unit is Unit.CATEGORY and isinstance(value, str):
            return value
        if self._unit is Unit.CATEGORY or isinstance(value, bool) or not isinstance(value, int | float):
            raise RulesFailed(f"fact {self.name}: {value!r} is not a {self._unit.value}")
        return rounded(value, self._unit)


class FactSheet:
    """All facts of a product in the order they are derived."""

    def __init__(self, definitions: Sequence[FactDefinition], always: Set[str], sometimes: Set[str]) -> None:
        """`always` are the paths outside facts that have a value, `sometimes` those that may have none.

        Raises InvalidProduct naming the fact.
        """
        _check(definitions, always, sometimes)
        self.definitions: Mapping[str, FactDefinition] = {entry.name: entry for entry in definitions}
        self.units: Mapping[str, Unit] = {entry.name: entry.unit for entry in definitions}
        self._facts = tuple(CompiledFact(entry) for entry in definitions)

    def derive(self, sources: Context) -> dict[str, Value]:
        """The facts by name, absent ones left out; `sources` has application, score, pricing, parameters."""
        values: dict[str, Value] = {}
        context = {**sources, "facts": values}
        for fact in self._facts:
            value = fact.derive(context)
            if value is not None:
                values[fact.name] = value
        return values

    def roots(self, name: str) -> frozenset[str]:
        """The paths outside facts without which this fact is absent."""
        own = self.definitions[name].needs
        inner = [self.roots(path.removeprefix("facts.")) for path in own if path.startswith("facts.")]
        return frozenset(path for path in own if not path.startswith("facts.")).union(*inner)


def _paths(expression: str) -> tuple[str, ...]:
    """Every name in the expression that is neither a function nor a word of the engine, each once."""
    names = _NAME.findall(_TEXT.sub(" ", expression))
    return tuple(dict.fromkeys(name for name in names if name not in _WORDS_OF_THE_ENGINE))


def _check(definitions: Iterable[FactDefinition], always: Set[str], sometimes: Set[str]) -> None:
    """Every name exists, and one that may have no value is needed or has a stand-in (`path ?? 0`)."""
    earlier: set[str] = set()
    for fact in definitions:
        where = f"facts.json: {fact.name}"
        if fact.name in earlier:
            raise InvalidProduct(f"{where}: is defined twice")
        maybe = sometimes | {f"facts.{name}" for name in earlier}
        named = _paths(fact.expression)
        for path in named:
            if path not in always and path not in maybe:
                raise InvalidProduct(f"{where}: names {path}, which does not exist or comes later")
            if path in maybe and path not in fact.needs and not _has_stand_in(path, fact.expression):
                raise InvalidProduct(f"{where}: names {path}, which may have no value: list it in needs")
        if unread := [path for path in fact.needs if path not in named]:
            raise InvalidProduct(f"{where}: needs {unread[0]}, which its expression does not name")
        earlier.add(fact.name)


def _has_stand_in(path: str, expression: str) -> bool:
    return re.search(rf"\b{re.escape(path)}\b(?!\s*\?\?)", expression) is None


def _split(path: str) -> tuple[str, str]:
    root, _, name = path.partition(".")
    return root, name


def _compiled(definition: FactDefinition) -> "zen.Expression":
    try:
        return zen.compile_expression(definition.expression)
    except RuntimeError as error:
        raise InvalidProduct(f"facts.json: {definition.name}: {_first_line(error)}") from None


def _first_line(error: RuntimeError) -> str:
    """The engine's own words, without the stack it appends."""
    return str(error).splitlines()[0]
