"""The table of seeded faults: as it is printed, and as it stands in docs/evals.md."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from evals.faults.model import Fault, Seeded
from evals.report.numerals import of_gate, wanted

DOCUMENT = Path(__file__).parents[2] / "docs" / "evals.md"
BEGINS, ENDS = "<!-- seeded faults -->", "<!-- end of seeded faults -->"
_HEAD = "| seeded fault | gate that notices | without | with | must be |\n| --- | --- | --- | --- | --- |"

Rows = Mapping[tuple[str, str], str]
"""By fault and gate the row of the table."""


def keys(faults: Iterable[Fault]) -> list[tuple[str, str]]:
    """The rows that the table must have, in their order."""
    return [(fault.says, f"{fault.suite}: {gate}") for fault in faults for gate in fault.gates]


def rows(found: Iterable[Seeded]) -> Rows:
    """A row for each gate that a fault is for."""
    made = {}
    for each in found:
        for sound, broken in each.gates:
            values = f"{of_gate(sound, sound.value)} | {of_gate(broken, broken.value)} | {wanted(sound)}"
            missed = "" if sound.passed and not broken.passed else " **NOT NOTICED**"
            gate = f"{each.fault.suite}: {sound.name}"
            made[each.fault.says, gate] = f"| {each.fault.says} | {gate}{missed} | {values} |"
    return made


def rows_in(document: str) -> Rows:
    """The rows of the table in a document."""
    _, _, rest = document.partition(BEGINS)
    block, _, _ = rest.partition(ENDS)
    lines = [line.split(" | ") for line in block.partition(_HEAD)[2].splitlines() if line.startswith("| ")]
    return {(cells[0].removeprefix("| "), cells[1]): " | ".join(cells) for cells in lines}


def table(made: Sequence[str]) -> str:
    """The Markdown table of these rows."""
    return "\n".join((_HEAD, *made))


def with_table(document: str, found: Rows, faults: Sequence[Fault]) -> str:
    """The document with new rows where there are some, and its own for the rest.

    Raises ValueError where it has no place for a table, or a fault has no row.
    """
    before, begins, rest = document.partition(BEGINS)
    _, ends, after = rest.partition(ENDS)
    if not (begins and ends):
        raise ValueError(f"there is no place for the table: {BEGINS} … {ENDS}")
    whole = {**rows_in(document), **found}
    if lacking := [key for key in keys(faults) if key not in whole]:
        raise ValueError(f"no figures for {lacking[0]} and {len(lacking) - 1} more")
    made = table([whole[key] for key in keys(faults)])
    return f"{before}{BEGINS}\n\n{made}\n\n{ENDS}{after}"
