"""`python -m evals.faults [SUITE …]`: seed every fault and print which gate noticed it."""

import argparse
import asyncio
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from app.logs import configure_logs
from app.settings import load_settings
from evals.bench import surroundings
from evals.faults import FAULTS
from evals.faults.model import Fault, Seeded, grouped, run_fault, seeded, table
from evals.frame import Options


def results(faults: Sequence[Fault], options: Options) -> Iterator[Seeded]:
    """Every fault seeded, the sound run made once for faults of the same cases."""
    for group in grouped(faults).values():
        sound = run_fault(group[0], options, seed=False)
        for fault in group if sound.not_run is None else ():
            yield seeded(fault, options, sound)


async def _run(names: Sequence[str], home: Path) -> list[Seeded]:
    settings = load_settings(database_url=None, llm_model=None)
    async with surroundings(Options(home), settings) as options:
        chosen = [fault for fault in FAULTS if not names or fault.suite in names]
        # Each suite begins an event loop of its own.
        return await asyncio.to_thread(lambda: list(results(chosen, options)))


def main() -> int:
    """Print the table; 1 where a fault went unnoticed."""
    parser = argparse.ArgumentParser(prog="python -m evals.faults", description=__doc__)
    parser.add_argument("suites", nargs="*", help="faults of these suites alone")
    asked = parser.parse_args()
    configure_logs("critical")
    found = asyncio.run(_run(asked.suites, load_settings().home / "evals"))
    print(table(found))
    return 0 if found and all(each.noticed for each in found) else 1


if __name__ == "__main__":
    sys.exit(main())
