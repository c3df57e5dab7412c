"""`python -m evals.faults [SUITE …]`: seed every fault and print which gate noticed it."""

import argparse
import asyncio
import sys
from collections.abc import Iterator, Sequence

from app.logs import configure_logs
from app.settings import load_settings
from evals.bench import surroundings
from evals.faults import FAULTS
from evals.faults.model import Fault, Seeded, grouped, run_fault, seeded
from evals.faults.of_lived import live
from evals.faults.table import DOCUMENT, rows, table, with_table
from evals.frame import Options


def results(faults: Sequence[Fault], options: Options) -> Iterator[Seeded]:
    """Every fault seeded, the sound run made once for faults of the same cases."""
    for group in grouped(faults).values():
        sound = run_fault(group[0], options, seed=False)
        for fault in group if sound.not_run is None else ():
            print(".", end="", file=sys.stderr, flush=True)
            yield seeded(fault, options, sound)


async def _run(faults: Sequence[Fault]) -> list[Seeded]:
    settings = load_settings(database_url=None, llm_model=None)
    # A folder of its own: the cases of a service that lives two decisions must not replace the lender's.
    async with surroundings(Options(settings.home / "faults" / "evals"), settings) as options:
        await live(options)
        # Each suite begins an event loop of its own.
        found = await asyncio.to_thread(lambda: list(results(faults, options)))
    return sorted(found, key=lambda each: faults.index(each.fault))


def main() -> int:
    """Print the table; 1 where a fault went unnoticed, or could not be seeded for want of data."""
    parser = argparse.ArgumentParser(prog="python -m evals.faults", description=__doc__)
    parser.add_argument("suites", nargs="*", help="faults of these suites alone")
    parser.add_argument("--quick", action="store_true", help="without those that only all cases show")
    parser.add_argument("--write", action="store_true", help=f"put the rows into docs/{DOCUMENT.name}")
    asked = parser.parse_args()
    configure_logs("critical")
    chosen = [fault for fault in FAULTS if not asked.suites or fault.suite in asked.suites]
    chosen = [fault for fault in chosen if not (asked.quick and fault.whole)]
    found = asyncio.run(_run(chosen))
    made = rows(found)
    print(table(list(made.values())))
    if asked.write:
        document = with_table(DOCUMENT.read_text(encoding="utf-8"), made, FAULTS)
        DOCUMENT.write_text(document, encoding="utf-8")
    return 0 if len(found) == len(chosen) and all(each.noticed for each in found) else 1


if __name__ == "__main__":
    sys.exit(main())
