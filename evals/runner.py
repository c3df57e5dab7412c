"""Runs one suite: every case once, several at a time, resumed where an earlier run of the same was stopped.

Each measured case is a line of a journal that bears a hash of the code, the cases and the settings; only a
run of exactly the same takes it up. Whoever watches the journal sees how far the suite is.
"""

import asyncio
import hashlib
import json
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AsyncExitStack, closing, contextmanager
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path
from typing import Any, Final

import orjson

from decisioning.canonical import digest
from evals.bench import cache_of, opened
from evals.cache import ResponseCache
from evals.cases import CaseSet, InvalidCases, NotRun
from evals.frame import Bench, CaseSuite, Findings, Options, PartSuite, Suite
from evals.gates import Gate, Result, exactly
from evals.ids import of_case
from evals.measured import Measured, Run

ROOT: Final = Path(__file__).parents[1]
SOURCES: Final = ("app", "decisioning", "retrieval", "prompts", "evals", "migrations")
WHOLE = "a case that is missing, or that crashed, is not a passing case"


def run_suite(suite: Suite, options: Options) -> Result:
    """The suite's result; what its data lack makes it *not run*, what they break fails it."""
    started = time.perf_counter()
    try:
        result = _parts(suite, options) if isinstance(suite, PartSuite) else asyncio.run(_run(suite, options))
    except NotRun as absent:
        result = Result(suite.name, not_run=str(absent), about=suite.about)
    except InvalidCases as problem:
        gate = exactly("cases can be read", 0, "at least", 1, str(problem))
        result = Result(suite.name, (gate,), about=suite.about)
    return replace(result, run=replace(result.run, seconds=time.perf_counter() - started))


def _parts(suite: PartSuite, options: Options) -> Result:
    """Every part that has its data; raises NotRun where none has."""
    found: list[Findings] = []
    absent: list[str] = []
    for name, part in suite.parts.items():
        try:
            found.append(part(options))
        except NotRun as missing:
            absent.append(f"{name} not run: {missing}")
        except Exception as error:  # noqa: BLE001 - whatever a part raises, it has failed and the rest go on
            said = f"{type(error).__name__}: {error}"
            found.append(Findings((exactly(f"{name} measured to its end", 0, "at least", 1, said),)))
    if not found:
        raise NotRun("; ".join(absent))
    return Result(
        suite=suite.name,
        gates=tuple(gate for each in found for gate in each.gates),
        about=suite.about,
        cases=tuple(case for each in found for case in each.cases),
        charts=tuple(chart for each in found for chart in each.charts),
        matrices=tuple(matrix for each in found for matrix in each.matrices),
        notes=(*(note for each in found for note in each.notes), *absent),
    )


async def _run(suite: CaseSuite[Any], options: Options) -> Result:
    answers = cache_of(options)
    async with AsyncExitStack() as stack:
        stack.callback(answers.close)
        services = await stack.enter_async_context(opened(options, answers)) if suite.services else None
        bench = Bench(options, services)
        cases = suite.cases(bench).thinned(options.most)
        journal = Journal(
            journal_of(suite.name, options), fingerprint(suite, cases, options), len(cases.cases)
        )
        done = {} if options.fresh else journal.resumed()
        with journal.open(done.values()):
            measured = await measured_all(suite, bench, cases, done, journal)
    return summed_up(suite, cases, measured, answers, len(done))


async def measured_all(
    suite: CaseSuite[Any],
    bench: Bench,
    cases: CaseSet[Any],
    done: dict[str, Measured] | None = None,
    journal: "Journal | None" = None,
) -> tuple[Measured, ...]:
    """Every case measured, in the set's order; a crash is a measurement too."""
    found = dict(done or {})
    turn = asyncio.Semaphore(suite.at_once)

    async def one(case: Any) -> None:
        async with turn:
            found[case.id] = await _measured(suite, bench, case)
            if journal is not None:
                journal.add(found[case.id])

    async with asyncio.TaskGroup() as group:
        for case in cases.cases:
            if case.id not in found:
                group.create_task(one(case))
    return tuple(found[case.id] for case in cases.cases)


async def _measured(suite: CaseSuite[Any], bench: Bench, case: Any) -> Measured:
    started = time.perf_counter()
    try:
        with of_case(f"{suite.name} {case.id}"):
            measured = await suite.measure(bench, case)
    except Exception as error:  # noqa: BLE001 - whatever a case raises, it has failed and the rest go on
        return Measured(case.id, error=f"{type(error).__name__}: {error}", asked=repr(case)[:500])
    return replace(measured, id=case.id, latency_ms=(time.perf_counter() - started) * 1000)


def summed_up(
    suite: CaseSuite[Any],
    cases: CaseSet[Any],
    measured: Sequence[Measured],
    answers: ResponseCache | None = None,
    resumed: int = 0,
) -> Result:
    """The result: the suite's own gates behind the one that every suite has."""
    found = suite.find(measured)
    run = Run(
        latency_ms=tuple(m.latency_ms for m in measured if m.latency_ms is not None),
        cache_asked=answers.asked if answers else 0,
        cache_hits=answers.hits if answers else 0,
        resumed=resumed,
    )
    return Result(
        suite=suite.name,
        gates=(complete(cases, measured), *found.gates),
        about=suite.about,
        version=cases.version,
        cases=tuple(measured),
        charts=found.charts,
        matrices=found.matrices,
        notes=found.notes,
        run=run,
    )


def complete(cases: CaseSet[Any], measured: Sequence[Measured]) -> Gate:
    """All the cases that there must be were measured, none crashed."""
    whole = sum(case.error is None for case in measured)
    gate = exactly("cases measured of those promised", whole / max(1, cases.promised), "at least", 1, WHOLE)
    return replace(gate, n=cases.promised)


def journal_of(name: str, options: Options) -> Path:
    """The file in which a suite's measurements are kept while it runs."""
    return options.home / "journal" / f"{name}.jsonl"


def fingerprint(suite: CaseSuite[Any], cases: CaseSet[Any], options: Options) -> str:
    """The same for runs whose measurements may be mixed."""
    settings = options.settings
    models = [settings.llm_model, settings.embedding_model] if settings else []
    changed = options.parameters.read_text(encoding="utf-8") if options.parameters else None
    return digest([suite.name, cases.version, source_digest(), models, changed])


@cache
def source_digest() -> str:
    """A hash of all code, data and manuals that a run depends on."""
    whole = hashlib.sha256()
    for folder in SOURCES:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                whole.update(
                    f"{path.relative_to(ROOT)}\0".encode() + hashlib.sha256(path.read_bytes()).digest()
                )
    return whole.hexdigest()[:16]


class Journal:
    """Measurements as they come, a line each below a header; a line cut off by a kill is not read."""

    def __init__(self, path: Path, mark: str, total: int) -> None:
        self.path, self._header = path, {"mark": mark, "cases": total}

    def resumed(self) -> dict[str, Measured]:
        """What an earlier run of the same has measured, by the case's id; crashes are tried again."""
        if not self.path.is_file():
            return {}
        header, *lines = self.path.read_bytes().split(b"\n")[:-1] or [b"{}"]
        if json.loads(header) != self._header:
            return {}
        found = [Measured(**orjson.loads(line)) for line in lines]
        return {each.id: each for each in found if each.error is None}

    @contextmanager
    def open(self, done: Iterable[Measured]) -> Iterator[None]:
        """A fresh journal with what is already known; gone where the suite came to its end."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self.path.open("wb", buffering=0)
        self._file.write(json.dumps(self._header).encode() + b"\n")
        with closing(self._file):
            for measured in done:
                self.add(measured)
            yield
        self.path.unlink()

    def add(self, measured: Measured) -> None:
        """One more line."""
        self._file.write(orjson.dumps(asdict(measured)) + b"\n")
