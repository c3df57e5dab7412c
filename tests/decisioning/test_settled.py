"""What is known of a wording never answers for the numbers, nor for another decision."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from operator import attrgetter
from typing import cast
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decisioning.grounding import check, check_sentence
from decisioning.grounding.blind import Answers, BlindPool, Place, blinded
from decisioning.grounding.pool import Pool
from decisioning.grounding.said import Said, said_of
from decisioning.grounding.settled import Checks, Settled
from decisioning.grounding.shapes import LookedError, shape_of
from decisioning.model import Problem
from evals.words.labelled import SETS, kept_decisions, labelled, pool

ABOUT = sorted(kept_decisions())
TEXTS = sorted({case.text for name in SETS for case in labelled(name) if case.about in ABOUT})


@pytest.fixture(autouse=True)
def begun_anew() -> Iterator[None]:
    """Nothing is known of any wording."""
    with patch.object(check, "_SETTLED", Settled(room=65_536)):
        yield


class _Nothing(Settled):
    """Knows of no wording: every check is run on every sentence."""

    def left(self, checks: Checks, said: Said, pool: Pool) -> Checks:
        return checks


def by_itself(text: str, about: str) -> tuple[Problem, ...]:
    """The problems of a sentence with nothing known of its wording."""
    with patch.object(check, "_SETTLED", _Nothing(room=0)):
        return check_sentence(text, pool(about))


def other_numbers(text: str, digits: list[str]) -> str:
    """The sentence with other digits."""
    drawn = iter(digits)
    return "".join(next(drawn, "7") if c.isdigit() else c for c in text)


@given(
    st.sampled_from(TEXTS),
    st.lists(st.sampled_from(ABOUT), min_size=2, max_size=4),
    st.lists(st.sampled_from("0123456789"), min_size=12, max_size=12),
)
@settings(max_examples=60, deadline=None)
def test_a_wording_seen_before_is_judged_by_its_own_numbers_and_decision(
    text: str, abouts: list[str], digits: list[str]
) -> None:
    """Told of other decisions and with other numbers, a sentence has the problems that it has by itself."""
    for said in (text, other_numbers(text, digits), text):
        for about in abouts:
            assert check_sentence(said, pool(about)) == by_itself(said, about)


def test_what_is_true_of_one_number_is_not_let_out_of_another() -> None:
    """A true sentence lets no other number of its wording out, and a false one keeps none in."""
    true = [c for name in SETS for c in labelled(name) if c.true and c.about in ABOUT]
    told = next(c for c in true if "620" in c.text and not by_itself(c.text, c.about))
    false = told.text.replace("620", "640")
    found = [check_sentence(text, pool(told.about)) for text in (told.text, false, told.text, false)]
    assert [bool(problems) for problems in found] == [False, True, False, True]


def test_what_is_known_of_wordings_is_bounded() -> None:
    """However many wordings come, no more questions are kept than there is room for."""
    known = Settled(room=300)
    with patch.object(check, "_SETTLED", known):
        for text in TEXTS[:120]:
            check_sentence(text, pool(ABOUT[0]))
            assert known.size <= 300
    assert known.size > 0


def test_sentences_checked_at_once_are_judged_as_one_after_the_other() -> None:
    """Threads that learn the same wordings do not disturb one another."""
    cases = [(text, about) for text in TEXTS[:30] for about in ABOUT[:3]]
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda case: check_sentence(case[0], pool(case[1])), cases * 2))
    assert found == [by_itself(*case) for case in cases] * 2


def test_a_check_that_runs_blind_sees_no_number() -> None:
    """A blind sentence has no digit but those of clauses, and a blind pool shows no value and no limit."""
    about = next(a for a in ABOUT if any(k.rule for k in pool(a).numbers))
    seen = pool(about)
    said = said_of("The score is 605, below the 620 points of CP-4.1, since 23 November 2026.", seen.clauses)
    blind = blinded(said)
    assert [c for c in blind.text if c in "0123456789"] == list("41")
    assert blinded(said_of(said.text.replace("605", "933"), seen.clauses)) is blind
    shown = BlindPool(Answers(said, seen))
    for name in ("numbers", "dates", "kept"):
        with pytest.raises(LookedError):
            getattr(shown, name)
    places = cast("tuple[Place, ...]", blind.quantities)
    hidden = [q for q in places if q.told is None]
    meant = [k for q in hidden for k in shown.meaning(q)]
    assert hidden
    shown_numbers: tuple[object, ...] = (*hidden, *meant)
    for each in shown_numbers:
        with pytest.raises(LookedError):
            attrgetter("value")(each)
    rule = next(k.rule for k in seen.numbers if k.rule)
    for name in ("value", "limit"):
        with pytest.raises(LookedError):
            getattr(shape_of(rule), name)
