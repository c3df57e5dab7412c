"""How good the checker of explanations is: mutants, paraphrases, a foreign set, speed.

`python -m evals.verifier [--decisions N] [--seed N] [--faithfulness FILE] [--show]` prints it.
"""

import argparse
import asyncio
import math
import sys
from collections.abc import Iterable
from pathlib import Path
from random import Random

from evals.words.breaking import Broken, broken
from evals.words.decided import decided
from evals.words.faithfulness import Judged, judged
from evals.words.labelled import SETS, Counted, count, labelled

_Z = 1.96


def interval(right: int, total: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson)."""
    if not total:
        return 0.0, 1.0
    share, squared = right / total, _Z * _Z
    middle = (share + squared / (2 * total)) / (1 + squared / total)
    half = _Z * math.sqrt(share * (1 - share) / total + squared / (4 * total * total)) / (1 + squared / total)
    return middle - half, middle + half


def lines_of_mutants(found: Broken, *, show: bool) -> Iterable[str]:
    """Mutants rejected by kind, true sentences rejected, and milliseconds an explanation."""
    yield f"{'mutation':22s}{'made':>7s}{'rejected':>10s}"
    for kind in sorted(found.made):
        yield f"{kind:22s}{found.made[kind]:7d}{found.rejected[kind] / found.made[kind]:10.2%}"
    yield f"{'all':22s}{found.made.total():7d}{found.rate:10.2%}"
    yield f"true sentences rejected: {len(found.refused)} of {found.true}"
    times = sorted(found.explanations_s)
    half, most = times[len(times) // 2], times[int(len(times) * 0.99)]
    yield f"one explanation checked: p50 {half * 1000:.1f} ms, p99 {most * 1000:.1f} ms"
    if show:
        yield from (f"  through: {kind}: {text}" for kind, text in found.through)
        yield from (f"  refused: {text}" for text in found.refused)


def lines_of_set(name: str, found: Counted, *, show: bool) -> Iterable[str]:
    """One labelled set with intervals."""
    true, false = interval(found.accepted, found.true), interval(found.rejected, found.false)
    yield (
        f"{name:22s} true accepted {found.accepted}/{found.true} ({true[0]:.3f} to {true[1]:.3f}), "
        f"false rejected {found.rejected}/{found.false} ({false[0]:.3f} to {false[1]:.3f}), "
        f"balanced accuracy {found.balanced_accuracy:.3f}"
    )
    if show:
        yield from (f"  {'+' if w.true else '-'} {w.about}: {w.text}" for w in found.wrong)


def line_of_faithfulness(found: Judged) -> str:
    """The set that is not about credit."""
    return (
        f"{'faithfulness':22s} supported {found.found_supported}/{found.supported}, "
        f"not supported {found.found_unsupported}/{found.unsupported}, "
        f"balanced accuracy {found.balanced_accuracy:.3f}"
    )


def main() -> int:
    """Print every figure."""
    options = argparse.ArgumentParser(prog="python -m evals.verifier", description=__doc__)
    options.add_argument("--decisions", type=int, default=300)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--faithfulness", type=Path)
    options.add_argument("--show", action="store_true", help="what was judged wrong")
    asked = options.parse_args()
    every = asyncio.run(decided())
    chosen = Random(asked.seed).sample(every, min(asked.decisions, len(every)))
    print("\n".join(lines_of_mutants(broken(chosen, asked.seed), show=asked.show)))
    for name in SETS:
        print("\n".join(lines_of_set(name, count(labelled(name)), show=asked.show)))
    if asked.faithfulness:
        print(line_of_faithfulness(judged(asked.faithfulness)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
