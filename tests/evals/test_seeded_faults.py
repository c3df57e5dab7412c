"""Each gate fails when it should: production is broken on purpose, and the gate notices."""

from contextlib import nullcontext
from dataclasses import replace

import pytest

from evals.faults import FAULTS, Fault
from evals.faults.model import COMPLETE, Seeded, grouped, run_fault, seeded
from evals.faults.table import BEGINS, DOCUMENT, ENDS, keys, rows, rows_in, with_table
from evals.frame import CaseSuite, Options
from evals.gates import Result
from evals.lived import FEEDBACK, STORED
from evals.runner import run_suite
from evals.suites import SUITES
from evals.words.breaking import DROPPED
from evals.words.mutants import MUTATIONS

QUICK = [fault for fault in FAULTS if not fault.whole]
GROUPS = {f"{key[0]}-{n}": faults for n, (key, faults) in enumerate(grouped(QUICK).items())}


Sound = dict[str, Result]


@pytest.fixture(scope="module")
def sound(options: Options) -> Sound:
    """The results without a fault, by group of faults, made when they are first asked for."""
    del options
    return {}


def without(group: str, options: Options, sound: Sound) -> Result:
    """The result of a group without a fault."""
    if group not in sound:
        sound[group] = run_fault(GROUPS[group][0], options, seed=False)
    return sound[group]


@pytest.mark.parametrize(
    ("group", "fault"),
    [(name, fault) for name, faults in GROUPS.items() for fault in faults],
    ids=[fault.says for faults in GROUPS.values() for fault in faults],
)
def test_a_fault_is_noticed(options: Options, sound: Sound, group: str, fault: Fault):
    """The gates named with a fault hold without it and fail with it; the document says what they ask."""
    result = without(group, options, sound)
    if result.not_run:
        pytest.skip(result.not_run)
    found = seeded(fault, options, result)
    assert found.noticed, rows([found])
    written = rows_in(DOCUMENT.read_text(encoding="utf-8"))
    asked = {key: row.split(" | ")[-1] for key, row in rows([found]).items()}
    assert asked == {key: written[key].split(" | ")[-1] for key in asked}


def test_every_gate_of_every_suite_has_a_fault(options: Options, sound: Sound):
    """A gate that no fault is seeded for is named here; so is a fault for a gate that is no more."""
    made = {(suite, gate) for suite in SUITES for gate in gates_of(suite, options, sound)}
    seeds = {(fault.suite, gate) for fault in QUICK for gate in fault.gates if gate != COMPLETE}
    absent = {group.rpartition("-")[0] for group, result in sound.items() if result.not_run}
    assert made - seeds == set()
    assert {(suite, gate) for suite, gate in seeds - made if suite not in absent} == set()
    assert any(COMPLETE in fault.gates for fault in FAULTS)


def gates_of(name: str, options: Options, sound: Sound) -> set[str]:
    """The gates of a suite: those that it finds in no case at all, or those of its parts as they are run."""
    suite = SUITES[name]
    if isinstance(suite, CaseSuite):
        return {gate.name for gate in suite.find(()).gates}
    groups = [group for group, faults in GROUPS.items() if faults[0].suite == name]
    run = {part for group in groups for part in GROUPS[group][0].parts or suite.parts}
    assert run == suite.parts.keys()
    return {gate.name for group in groups for gate in without(group, options, sound).gates}


def test_every_kind_of_mutant_is_made_on_a_share(options: Options, sound: Sound):
    """The gates of mutants on a share are those of the whole: no kind is too rare for it."""
    gates = gates_of("verifier", options, sound)
    assert {f"mutants rejected: {kind}" for kind in (*MUTATIONS, DROPPED)} <= gates


def test_without_its_cases_a_suite_of_what_was_lived_is_not_run(options: Options):
    """A service that has lived through nothing has neither passed nor failed."""
    for suite in (STORED, FEEDBACK):
        assert run_suite(suite, replace(options, home=options.home / "nowhere")).status == "not run"


def test_the_document_has_every_seeded_fault():
    """`python -m evals.faults --write` writes the table: its rows are those of the code."""
    assert list(rows_in(DOCUMENT.read_text(encoding="utf-8"))) == keys(FAULTS)


def test_a_fault_that_nobody_notices_is_said_so(options: Options):
    """A seed that breaks nothing is called out in the table."""
    fault = Fault("nothing at all", "policy", ("disagreements on limits",), nullcontext)
    found: Seeded = seeded(fault, options)
    assert not found.noticed
    assert all("NOT NOTICED" in row for row in rows([found]).values())


def test_rows_of_some_suites_leave_the_others_as_they_were():
    """Where one suite's faults were seeded the document keeps the rest; a fault without a row is refused."""
    one, other = (fault for fault in FAULTS if fault.suite == "policy")
    kept = "| {} | {} | 0 | 1 | ≤ 0 |"
    document = DOCUMENT.read_text(encoding="utf-8")
    new = {key: kept.format(*key) for key in keys([one])}
    changed = rows_in(with_table(document, new, FAULTS))
    assert {key: changed[key] for key in keys([one])} == new
    assert {key: changed[key] for key in keys([other])} == {k: rows_in(document)[k] for k in keys([other])}
    with pytest.raises(ValueError, match="no figures for"):
        with_table(f"{BEGINS}{ENDS}", new, [other])
    with pytest.raises(ValueError, match="no place for the table"):
        with_table("a page", new, [one])
