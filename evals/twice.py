"""`python -m evals.twice [SUITE …]`: run suites twice, in processes that hash otherwise, and compare.

Two runs of one commit must be equal in every byte that does not tell of time: what order a set happens to
have, or what the first run left in the database, must not show. `--most` takes so many cases of each suite.
"""

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from difflib import unified_diff
from multiprocessing import get_context

from app.logs import configure_logs
from app.settings import load_settings
from evals.bench import surroundings
from evals.frame import Options, PartSuite
from evals.runner import run_suite
from evals.suites import SUITES

SEEDS = ("1", "2")
"""PYTHONHASHSEED of the two runs."""
SHOWN = 12


def differences(names: Sequence[str], options: Options) -> Mapping[str, tuple[str, ...]]:
    """By suite the lines in which two runs differ, none where they are equal."""
    first, second = (_in_a_process(names, options, seed) for seed in SEEDS)
    return {name: tuple(unified_diff(first[name], second[name], *SEEDS, lineterm="", n=0)) for name in names}


def _in_a_process(names: Sequence[str], options: Options, seed: str) -> Mapping[str, list[str]]:
    with _hashing(seed), ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(lines, names, options).result()


@contextmanager
def _hashing(seed: str) -> Iterator[None]:
    """What processes begun here inherit."""
    before = os.environ.get("PYTHONHASHSEED")
    os.environ["PYTHONHASHSEED"] = seed
    try:
        yield
    finally:
        del os.environ["PYTHONHASHSEED"]
        if before is not None:
            os.environ["PYTHONHASHSEED"] = before


def lines(names: Sequence[str], options: Options) -> Mapping[str, list[str]]:
    """By suite what lasts of its result, as lines of JSON; what measures time alone is not run."""
    configure_logs("critical")
    return {name: _lines(name, options) for name in names}


def _lines(name: str, options: Options) -> list[str]:
    suite = SUITES[name]
    if isinstance(suite, PartSuite):
        suite = replace(suite, parts={k: part for k, part in suite.parts.items() if k != "speed"})
    result = run_suite(suite, replace(options, fresh=True))
    return json.dumps(result.lasting(), indent=1, ensure_ascii=False, default=str).splitlines()


async def _all(names: Sequence[str], most: int | None) -> Mapping[str, tuple[str, ...]]:
    settings = load_settings(database_url=None, llm_model=None)
    options = Options(settings.home / "twice" / "evals", cache=False, most=most)
    async with surroundings(options, settings) as complete:
        return await asyncio.to_thread(differences, names, complete)


def main() -> int:
    """Print what differs; 1 where anything does."""
    parser = argparse.ArgumentParser(prog="python -m evals.twice", description=__doc__)
    parser.add_argument("suites", nargs="*", default=list(SUITES), help="these suites alone")
    parser.add_argument("--most", type=int, help="at most so many cases a suite")
    asked = parser.parse_args()
    configure_logs("critical")
    found = asyncio.run(_all(asked.suites, asked.most))
    for name, differing in found.items():
        print(f"{name:14} {'differs' if differing else 'equal'}")
        print("".join(f"  {line}\n" for line in differing[:SHOWN]), end="")
    return 1 if any(found.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
