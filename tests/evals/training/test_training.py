"""Training: repeatable, blind to what it must not see, and good enough."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest

from app.sandbox.applications import SampleApplication, sample_applications
from app.sandbox.scoring import read_scorecard
from evals.training.__main__ import PRODUCT, artefacts
from evals.training.auc import auc
from evals.training.averages import SLIGHTLY_ABOVE
from evals.training.binning import NumericBins, bins_of
from evals.training.fit import fit, out_of_fold
from evals.training.proxies import proxies
from evals.training.sample import CHARACTERISTICS, Numeric, Sample, can_be_scored, development, sample_of


def test_training_gives_the_committed_files_every_time():
    """Two runs give equal bytes, and they are the bytes in the repository."""
    once, again = artefacts(sample_applications()), artefacts(sample_applications())
    assert once == again
    assert once == {path: path.read_text(encoding="utf-8") for path in once}


def spoilt(sample: SampleApplication) -> SampleApplication:
    """The same row with another label and another income, if it is held out."""
    if not sample.held_out:
        return sample
    application = MappingProxyType({**sample.application, "income": 999_999, "debt": 0})
    return replace(sample, bad=not sample.bad, application=application)


def test_held_out_rows_are_never_seen():
    """Whatever the held-out rows say, bins, points and averages stay the same bytes."""
    assert artefacts(map(spoilt, sample_applications())) == artefacts(sample_applications())


def test_the_score_ranks_well_enough():
    """Out of fold the lower end of the AUC's 95 % interval is 0.81 at least, gaps in the file or none."""
    scored = sample_of(development(sample_applications()))
    everyone = sample_of(each for each in sample_applications() if not each.held_out)
    assert auc(~scored.bad, out_of_fold(scored)).low >= 0.81
    assert auc(~everyone.bad, out_of_fold(everyone)).low >= 0.81


def test_the_model_card_says_what_the_command_prints():
    """The AUC out of fold stands in the model card as it comes out today."""
    scored = sample_of(development(sample_applications()))
    found = auc(~scored.bad, out_of_fold(scored))
    card = (Path(__file__).parents[3] / "docs" / "models" / "scoring.md").read_text(encoding="utf-8")
    assert f"{found.value:.3f} ({found.low:.3f} to {found.high:.3f})" in card


def test_the_committed_scorecard_ranks_rows_that_it_never_saw():
    """On the held-out rows the committed points reach an AUC of 0.80 at least."""
    away = [each for each in sample_applications() if each.held_out and can_be_scored(each.application)]
    scores = np.array([float(read_scorecard().score(each.application).score) for each in away])
    assert auc(np.array([not each.bad for each in away]), scores).value >= 0.80


def test_nothing_scored_stands_for_marriage_or_age():
    """Household expenses tell the married from others, and stay out; no scored characteristic comes near."""
    told = {each.name: each.by_group for each in proxies(development(sample_applications()))}
    assert told.pop("expenses (not scored)")["married"] > 0.8
    assert set(told) == {*CHARACTERISTICS, "the score"}
    assert max(max(groups.values()) for groups in told.values()) < 0.76


def test_the_auc_is_the_share_of_pairs_in_order():
    """Ties count half; the interval is DeLong's, computed by hand on five rows."""
    found = auc(np.array([True, True, True, False, False]), np.array([3.0, 2.0, 1.0, 1.0, 0.0]))
    assert found.value == pytest.approx(5.5 / 6)
    error = 1.959964 * (0.0625 / 3 / 3 + 0.0277778 / 2 / 2) ** 0.5
    assert (found.low, found.high) == pytest.approx((found.value - error, found.value + error))


def test_bins_are_monotone_and_hold_enough_rows():
    """Where the data waver, neighbours are pooled until the weights have one direction."""
    column = np.repeat(np.arange(10.0), 100)
    rates = [0.5, 0.4, 0.45, 0.3, 0.3, 0.2, 0.25, 0.1, 0.1, 0.05]
    bad = np.concatenate([np.arange(100) < 100 * rate for rate in rates])
    bins = bins_of(Numeric(step=1, rising=False), column, bad)
    assert isinstance(bins, NumericBins)
    assert bins.edges == (0, 2, 4, 6, 8)
    assert list(bins.weights) == sorted(bins.weights)


def test_a_missing_value_weighs_the_average():
    """A row without a value is neither helped nor harmed by it."""
    column = np.array([1.0, 2.0] * 200 + [np.nan] * 50)
    bad = np.array([True, False, False, False] * 100 + [True] * 50)
    bins = bins_of(Numeric(step=1, rising=False), column, bad)
    weights = bins.weigh(column)
    assert weights[-1] == pytest.approx(weights[:400].mean())


def test_a_sign_that_turns_is_refused():
    """A characteristic that would reward risk is no part of a scorecard."""
    generator = np.random.default_rng(7)
    seniority = generator.uniform(0, 30, 2000)
    income = 5 * seniority + generator.uniform(0, 20, 2000)
    bad = 6 * seniority - income + generator.uniform(-10, 10, 2000) < 0
    sample = Sample({"seniority_years": seniority, "income": income}, bad, np.arange(2000) % 5)
    with pytest.raises(ValueError, match="the regression turns the sign of income: leave it out"):
        fit(sample, ["seniority_years", "income"])


def test_averages_are_those_of_the_development_rows():
    """Mean points of everyone and of those at or slightly above the score for approval, recomputed."""
    card = read_scorecard()
    answers = [card.score(each.application) for each in development(sample_applications())]
    near = [each for each in answers if 540 <= each.score < 540 + SLIGHTLY_ABOVE]
    averages = json.loads((PRODUCT / "averages.json").read_text(encoding="utf-8"))
    for name, group in (("all", answers), ("near_cutoff", near)):
        found = averages["populations"][name]
        total = sum(found["points"].values())
        assert found["n"] == len(group)
        assert total == pytest.approx(sum(each.score for each in group) / len(group), abs=0.05)


def test_the_command_checks_without_writing():
    """`python -m evals.training --check` exits 0 on the committed files and prints the figures."""
    ran = subprocess.run(
        [sys.executable, "-m", "evals.training", "--check"], capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "AUC out of fold 0.837 (95 % interval 0.822 to 0.852)" in ran.stdout
