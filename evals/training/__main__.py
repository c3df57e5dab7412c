"""`python -m evals.training`: train the scorecard, write it with the averages, print what it is worth."""

import argparse
import hashlib
import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from app.sandbox.applications import CREDIT_DATA, SampleApplication, sample_applications
from app.sandbox.scoring import SCORECARD, Scorecard, scorecard_of
from decisioning.product import PRODUCTS
from evals.training.auc import Auc, auc
from evals.training.averages import averages_json, cutoff_of
from evals.training.fit import fit, out_of_fold, scorecard_json
from evals.training.proxies import GROUPS, proxies
from evals.training.sample import Flags, Floats, can_be_scored, development, sample_of

PRODUCT = PRODUCTS / "consumer_loan"


def artefacts(applications: Iterable[SampleApplication]) -> dict[Path, str]:
    """The text of the scorecard and of the averages, by the path that each belongs at.

    Of the applications only the development rows are read.
    """
    rows = development(applications)
    sample = sample_of(rows)
    data_sha256 = hashlib.sha256(CREDIT_DATA.read_bytes()).hexdigest()
    scorecard = scorecard_json(fit(sample), sample, data_sha256)
    cutoff = cutoff_of(PRODUCT / "parameters.json")
    averages = averages_json(scorecard_of(scorecard), rows, cutoff)
    return {SCORECARD: _text(scorecard), PRODUCT / "averages.json": _text(averages)}


def _text(content: dict[str, Any]) -> str:
    return json.dumps(content, indent=2) + "\n"


def report(card: Scorecard) -> None:
    """Print the AUC out of fold and on the held-out rows, the probabilities, and the proxy table."""
    rows = development(sample_applications())
    sample = sample_of(rows)
    away = [each for each in sample_applications() if each.held_out and can_be_scored(each.application)]
    answers = [card.score(each.application) for each in away]
    bad = np.array([each.bad for each in away])
    print(f"{card.model} {card.version}: {card.minimum} to {card.maximum} points")
    print(f"development rows {len(rows)}, bad {sample.bad.mean():.1%}")
    print(f"held-out rows    {len(away)}, bad {bad.mean():.1%}")
    print(f"AUC out of fold {_interval(auc(~sample.bad, out_of_fold(sample)))}")
    print(f"AUC held out    {_interval(auc(~bad, np.array([float(each.score) for each in answers])))}")
    _print_probabilities(np.array([each.pd for each in answers]), bad)
    _print_proxies(rows)


def _print_probabilities(pd: Floats, bad: Flags) -> None:
    print("\nheld-out rows in fifths by probability: expected and found share of bad")
    for fifth in np.array_split(np.argsort(pd), 5):
        print(f"{pd[fifth].mean():24.1%}{bad[fifth].mean():10.1%}")


def _print_proxies(rows: Sequence[SampleApplication]) -> None:
    print(f"\n{'AUC for':24s}" + "".join(f"{group:>10s}" for group in GROUPS) + f"{'cost of dropping':>18s}")
    for each in proxies(rows):
        told = "".join(f"{each.by_group[group]:10.3f}" for group in GROUPS)
        cost = "" if each.cost is None else f"{each.cost:18.4f}"
        print(f"{each.name:24s}{told}{cost}")


def _interval(found: Auc) -> str:
    return f"{found.value:.3f} (95 % interval {found.low:.3f} to {found.high:.3f})"


def main() -> int:
    """Write the artefacts, or with --check only say whether they are what training gives; 1 if not."""
    parser = argparse.ArgumentParser(prog="python -m evals.training", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where a file differs")
    check = parser.parse_args().check
    texts = artefacts(sample_applications())
    differing = [path for path, text in texts.items() if not _same(path, text, write=not check)]
    report(scorecard_of(json.loads(texts[SCORECARD])))
    for path in differing if check else ():
        print(f"{path.name} is not what training gives", file=sys.stderr)
    return 1 if check and differing else 0


def _same(path: Path, text: str, *, write: bool) -> bool:
    same = path.exists() and path.read_text(encoding="utf-8") == text
    if write and not same:
        path.write_text(text, encoding="utf-8")
    return same


if __name__ == "__main__":
    sys.exit(main())
