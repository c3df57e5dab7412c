"""The guard over the benchmark's ratios: what fell is named, what is noise is not."""

import copy
import json
from typing import Any

import pytest

from evals.benchmarks import guard, report, service
from evals.benchmarks.service.runs import Run

FEW, MANY = service.CLIENTS
NAMES = ("obvious", "floor", service.TRACED, service.SAMPLED, service.UNTRACED, "credence, sync")
SPEED = {"obvious": 100.0, "floor": 1000.0, "credence, sync": 100.0}


def run_of(name: str, factor: float) -> Run:
    """A run of that service on a machine that is so much faster."""
    a_second = SPEED.get(name, 500.0) * factor
    cpu_us: dict[str, float] = {"service": round(1e6 / a_second), "database": 100, "models": 10, "load": 100}
    return Run(a_second, 5.0, 9.0, cpu_us, 0.5, 0.2, 100.0, 1000, 0)


def measured(tmp_path, factor: float = 1.0) -> dict[str, Any]:
    """The benchmark's own JSON of three rounds, without having run it."""
    closed = {(name, n): [run_of(name, factor) for _ in range(3)] for name in NAMES for n in (FEW, MANY)}
    half = {name: run_of(name, factor) for name in NAMES}
    outcome = service._outcome({"fsync": "on"}, closed, half, {"judge": 1.0}, [1.0])
    found: dict[str, Any] = json.loads(report.written(outcome, tmp_path).read_text())
    return found


@pytest.fixture
def whole(tmp_path) -> dict[str, Any]:
    """One run."""
    return measured(tmp_path)


def slower(run: dict[str, Any], name: str, by: float, figure: str = "a_second") -> dict[str, Any]:
    """The run with one service slower (or dearer) by that share at 32 clients."""
    changed = copy.deepcopy(run)
    for each in changed["services"][name]["closed"][str(FEW)]["runs"]:
        if figure == "a_second":
            each["a_second"] *= 1 - by
        else:
            each["cpu_us"]["service"] /= 1 - by
    return changed


@pytest.fixture
def reference(whole) -> dict[str, Any]:
    """A reference of three runs, of which one service showed 8 % of noise at 32 clients."""
    return guard.reference_of([whole, slower(whole, "credence, sync", 0.08), whole])


def test_a_reference_keeps_every_run_and_allows_more_than_their_noise(reference):
    """A ratio may fall by 1.5 times its spread, and never by less than a tenth; the runs stay in the file."""
    ratios = reference["ratios"]
    steady = ratios[f"{service.UNTRACED}, 32 clients: throughput over the floor's"]
    assert steady == {"median": 0.5, "spread": 0.0, "least": 0.45, "runs": [0.5, 0.5, 0.5]}
    noisy = ratios["credence, sync, 32 clients: throughput over the floor's"]
    assert noisy == {"median": 0.1, "spread": 0.08, "least": 0.088, "runs": [0.1, 0.092, 0.1]}
    assert len(ratios) == 4 * 2 * 3


def test_the_same_figures_and_a_faster_machine_hold(reference, whole, tmp_path):
    """Only ratios count: a machine of three times the speed changes nothing."""
    assert guard.fallen(reference, whole) == []
    assert guard.fallen(reference, measured(tmp_path, factor=3.0)) == []


@pytest.mark.parametrize(
    ("name", "figure", "what"),
    [
        (service.UNTRACED, "a_second", "throughput over the floor's"),
        (service.TRACED, "a_second", "throughput over the obvious app's"),
        ("credence, sync", "cpu_us", "the floor's CPU over ours"),
    ],
)
def test_a_seeded_regression_is_named(reference, whole, name, figure, what):
    """A fifth slower, or dearer, at 32 clients: that service is named at 32 clients, and nothing else."""
    found = guard.fallen(reference, slower(whole, name, 0.2, figure))
    assert f"{name}, 32 clients: {what}" in [each.name for each in found]
    assert all(each.name.startswith(f"{name}, 32 clients: ") for each in found)


def test_noise_is_not_told(reference, whole):
    """Slower by less than a tenth is no regression, nor by 11 % where 8 % was seen to be noise."""
    assert guard.fallen(reference, slower(whole, service.UNTRACED, 0.09)) == []
    assert guard.fallen(reference, slower(whole, "credence, sync", 0.11)) == []


def test_a_service_that_was_not_measured_has_fallen(reference, whole):
    """What left the benchmark cannot be said to hold."""
    del whole["services"]["credence, sync"]
    found = guard.fallen(reference, whole)
    assert {(each.name.partition(",")[2][:5], each.now) for each in found} == {(" sync", None)}
    assert "was not measured" in str(found[0])


def test_the_command_exits_1_and_names_what_fell(reference, whole, tmp_path, capsys):
    """0 where all holds, 1 where one fell, 2 where the two cannot be compared; it writes references too."""
    files = {"whole": whole, "slow": slower(whole, service.UNTRACED, 0.3), "other": copy.deepcopy(whole)}
    files["other"]["size"]["workers"] = 7
    for name, content in files.items():
        (tmp_path / name).write_text(json.dumps(content))
    given = [f"--measured={tmp_path / 'whole'}", f"--reference={tmp_path / 'reference'}"]
    assert guard.main([*given, given[0], "--write"]) == 0
    assert guard.main(given) == 0
    assert "24 of 24 ratios hold" in capsys.readouterr().out
    assert guard.main([f"--measured={tmp_path / 'slow'}", given[1]]) == 1
    assert (
        f"fell: {service.UNTRACED}, 32 clients: throughput over the floor's is 0.350"
        in capsys.readouterr().out
    )
    assert guard.main([f"--measured={tmp_path / 'other'}", given[1]]) == 2
    assert "'workers': 7" in capsys.readouterr().err


def test_a_ratio_that_is_noise_guards_nothing(whole):
    """What lies too far apart stands in the file as such and is not compared."""
    made = guard.reference_of([whole, slower(whole, "credence, sync", 0.5)])
    assert {name.partition(":")[0] for name in made["too_noisy"]} == {"credence, sync, 32 clients"}
    assert not made["too_noisy"].keys() & made["ratios"].keys()
    assert guard.fallen(made, slower(whole, "credence, sync", 0.5)) == []


def test_a_reference_of_noise_is_refused(whole):
    """Where most ratios lie too far apart, or there is one run alone, there is nothing to hold on to."""
    dear = whole
    for name in NAMES[2:]:
        dear = slower(slower(dear, name, 0.5), name, 0.5, "cpu_us")
    for each in dear["services"]["floor"]["closed"][str(MANY)]["runs"]:
        each["a_second"] *= 2
    with pytest.raises(guard.Unusable, match="too noisy"):
        guard.reference_of([whole, dear])
    with pytest.raises(guard.Unusable, match="two runs"):
        guard.reference_of([whole])
