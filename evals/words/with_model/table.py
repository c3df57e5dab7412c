"""What became of a model's words, as a table in Markdown."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from statistics import median

from evals.words.with_model.recording import How, Recorded

_HEAD = (
    "",
    "texts",
    "sentences shown to word",
    "passed at once",
    "passed rewritten",
    "refused, ours left",
    "not worded, ours left",
    "texts wholly the model's",
    "calls",
    "tokens in / out of a call, median",
)
HOW: tuple[How, ...] = ("passed", "rewritten", "refused", "not worded")
_FEW = 12


def table(found: Sequence[Recorded]) -> str:
    """The counts by kind of text, and the most frequent reasons of refusals."""
    kinds = sorted({each.kind for each in found}, reverse=True)
    rows = [_row(kind, [each for each in found if each.kind == kind]) for kind in kinds]
    rows.append(_row("all", found))
    lines = [_line(_HEAD), _line(["---"] + ["--:"] * (len(_HEAD) - 1)), *map(_line, rows)]
    codes = Counter(code for each in found for code in _codes(each))
    most = ", ".join(f"{code} {n}" for code, n in codes.most_common(_FEW))
    unasked = sum(not each.calls for each in found)
    failed = sum(call.error is not None for each in found for call in each.calls)
    said = f"Texts with nothing for the model to word: {unasked}. Calls that failed or were late: {failed}."
    return "\n".join((*lines, "", f"Refused drafts by what was wrong: {most}.", said))


def _row(name: str, found: Sequence[Recorded]) -> list[str]:
    fates = Counter(fate.how for each in found for fate in each.fates)
    of = max(1, fates.total())
    counted = [
        f"{fates[how]} ({fates[how] / of:.0%})" for how in ("passed", "rewritten", "refused", "not worded")
    ]
    whole = sum(bool(e.fates) and all(f.how in HOW[:2] for f in e.fates) for e in found)
    calls = [call for each in found for call in each.calls if call.error is None]
    tokens = (median([getattr(c, side) for c in calls] or [0]) for side in ("input_tokens", "output_tokens"))
    spent = " / ".join(f"{n:.0f}" for n in tokens)
    return [name, str(len(found)), str(fates.total()), *counted, str(whole), str(len(calls)), spent]


def _codes(each: Recorded) -> Iterator[str]:
    """What was wrong with the drafts, each code once a draft."""
    for fate in each.fates:
        for draft in fate.drafts:
            yield from set(each.problems_of.get(draft, ()))


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def listed(found: Sequence[Recorded]) -> str:
    """Every draft with its fate, and what left in its place."""
    lines = []
    for each in found:
        lines.append(f"\n{each.id} ({each.outcome or each.as_of})")
        for fate in each.fates:
            lines.append(f"  {fate.claim}: {fate.how}")
            lines += [f"    {d} [{', '.join(each.problems_of.get(d, ())) or 'passed'}]" for d in fate.drafts]
            lines += [f"    left: {fate.left}"] if fate.how in ("refused", "not worded") else []
    return "\n".join(lines)
