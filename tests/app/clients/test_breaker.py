"""When an API that fails is left alone: the rules by themselves, time given by the test."""

from hypothesis import given, settings
from hypothesis import strategies as st

from app.clients.breaker import Allowance, Breaker, BreakerRules

RULES = BreakerRules(least_failures=4, share=0.5, first_pause_s=1, longest_pause_s=4)


def opened(at_s: float = 0.0) -> Breaker:
    """A breaker that four failures have opened."""
    breaker = Breaker(RULES)
    assert [breaker.failed(at_s) for _ in range(4)] == [False, False, False, True]
    return breaker


def test_it_opens_at_enough_failures_and_lets_one_trial_through_a_pause():
    """Open: nobody for a pause, then one, then nobody again until its answer."""
    breaker = opened()
    assert not breaker.admits(0.9)
    assert [breaker.admits(1.0), breaker.admits(1.0), breaker.admits(1.9)] == [True, False, False]
    assert breaker.admits(2.0), "a trial that never came back is followed by another"


def test_a_good_answer_closes_it_and_all_is_forgotten():
    """After the first good answer everybody is let through, and the old failures count no more."""
    breaker = opened()
    assert breaker.admits(1.0)
    assert breaker.succeeded(1.1)
    assert all(breaker.admits(1.1) for _ in range(10))
    assert not breaker.failed(1.2)


def test_pauses_double_up_to_the_longest():
    """Each trial that fails makes the next pause twice as long, at most four seconds."""
    breaker, now_s, pauses = opened(), 0.0, []
    for _ in range(5):
        tried_s = next(now_s + n / 2 for n in range(20) if breaker.admits(now_s + n / 2))
        pauses.append(tried_s - now_s)
        now_s = tried_s
        assert not breaker.failed(now_s)
    assert pauses == [1, 2, 4, 4, 4]


def test_a_minority_of_failures_leaves_it_closed():
    """Three good answers for each failure: it never opens."""
    breaker = Breaker(RULES)
    for turn in range(200):
        breaker.succeeded(turn / 100)
        breaker.succeeded(turn / 100)
        breaker.succeeded(turn / 100)
        assert not breaker.failed(turn / 100)


def test_old_failures_are_forgotten():
    """A failure every six seconds never adds up."""
    breaker = Breaker(RULES)
    assert not any(breaker.failed(6.0 * turn) for turn in range(100))


Event = st.tuples(st.sampled_from(["good", "bad", "ask"]), st.floats(0, 3))


@given(st.lists(Event, max_size=80))
@settings(max_examples=100, deadline=None)
def test_whatever_happens_an_open_one_admits_one_call_a_pause_at_most(events):
    """While open, two admitted calls are a pause apart; closed, everybody is admitted."""
    breaker, now_s, last_s = Breaker(RULES), 0.0, float("-inf")
    for kind, later_s in events:
        now_s += later_s
        if kind == "good":
            breaker.succeeded(now_s)
            assert not breaker.is_open
        elif kind == "bad":
            breaker.failed(now_s)
        elif breaker.admits(now_s) and breaker.is_open:
            assert now_s - last_s >= RULES.first_pause_s
            last_s = now_s
        assert breaker.is_open or breaker.admits(now_s)


@given(st.lists(st.booleans(), max_size=300))
@settings(max_examples=50, deadline=None)
def test_an_allowance_never_gives_more_than_its_share(good_answers):
    """What was given is at most what there was and a tenth of the good answers."""
    allowance, given_, earned = Allowance(0.1, most=10), 0, 0
    for good in good_answers:
        if good:
            allowance.earn()
            earned += 1
        elif allowance.take():
            given_ += 1
        assert given_ <= 10 + earned * 0.1 + 1e-9
