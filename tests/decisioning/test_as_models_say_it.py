"""What language models really got wrong when they worded a decision, each as a case."""

from dataclasses import dataclass
from datetime import date

from decisioning.brief import brief
from decisioning.claims import Claim, claims_of
from decisioning.composing import told_as_decided
from decisioning.grounding import check_focus, check_sentence, pool_of
from decisioning.model import Component, Decision, Effect, Mode, Outcome
from decisioning.quotes import citations_of
from decisioning.titles import Told
from decisioning.wording import fact_name
from tests.decisioning.decisions import decisions, incomplete
from tests.decisioning.policy_texts import manual

RANKS = ("first", "second", "third", "fourth")


def codes(decision: Decision, text: str) -> set[str]:
    """The codes of what is wrong with a sentence about a decision."""
    clauses = {name: clause.text for name, clause in manual(decision.as_of).items()}
    return {p.code for p in check_sentence(text, pool_of(decision, claims_of(decision), clauses))}


def focus(decision: Decision, claim: Claim, text: str) -> list[str]:
    """What is wrong with a sentence as the words of a claim."""
    clauses = {name: clause.text for name, clause in manual(decision.as_of).items()}
    return [p.problem for p in check_focus(text, claim, pool_of(decision, claims_of(decision), clauses))]


def scored() -> list[tuple[Decision, int, str]]:
    """Reasons that come from the score: the decision, the reason's rank, what was scored."""
    return [
        (d, r.rank, fact_name(r.source))
        for d in decisions(60)
        for r in d.reasons
        if r.component is Component.SCORE
    ]


def test_a_reason_has_its_own_rank():
    """ "The fourth principal reason" is the fourth one, in words as in figures, and there is no fifth."""
    assert len(scored()) > 20
    for decision, rank, name in scored():
        told = f"The {{}} principal reason comes from the score: the points for {name} are below the average."
        assert codes(decision, told.format(RANKS[rank - 1])) == set()
        other = RANKS[rank % 4]
        assert codes(decision, told.format(other)) & {"wrong_rank", "unknown_number"}, (rank, name)


def test_points_are_below_an_average_and_no_value():
    """A debt is not below the average because its points are."""
    for decision, rank, name in scored():
        for told in (
            f"The {RANKS[rank - 1]} principal reason is the {name}, which is below the average.",
            f"Reason {rank} comes from the score: the {name} is below the average of applicants.",
        ):
            assert "unknown_average" in codes(decision, told)
        for told in (
            f"Reason {rank}: {name} earned fewer points than the average of applicants.",
            f"The score for {name} is below the average of applicants.",
        ):
            assert codes(decision, told) == set()


def test_a_sentence_speaks_of_the_decision_and_not_of_itself():
    """What a model repeats of its instructions never leaves, nor what "the policy says" of this file."""
    decision = next(d for d in decisions(60) if d.outcome is Outcome.DECLINE)
    told = "The application is declined (the sentence must say that the application is declined)."
    assert codes(decision, told) == {"unclear"}
    assert codes(decision, "The policy states that the application is declined.") == {"wrong_actor"}


def test_a_condition_is_not_subject_to_the_approval():
    """ "The condition is subject to the approval" turns round what a condition is."""
    decision = next(d for d in decisions(60) if d.conditions)
    told = "The condition on the seller's invoice is subject to the approval of the loan."
    assert "negation" in codes(decision, told)


def test_what_is_asked_for_is_what_is_missing():
    """A file that lacks income is not asked for the price, and does not state its income."""
    decision = incomplete()
    assert decision.notice is not None
    day = f"{decision.notice.due_at:%d %B %Y}"
    assert codes(decision, f"Next, the notice that asks for the missing income is due by {day}.") == set()
    assert codes(decision, f"Next, the notice that asks for the price is due by {day}.")
    assert codes(decision, f"Next, the request for the price is due by {day}.")
    assert codes(decision, "The file does state income, without which nothing can be decided.")


def test_what_follows_in_a_simulation_would_follow():
    """Nobody decides next, no offer stands and no notice is due where nothing was decided."""
    for decision in (d for d in decisions(60) if d.outcome is not Outcome.INCOMPLETE):
        simulated = decision.model_copy(update={"mode": Mode.SIMULATION})
        claim = next(c for c in claims_of(simulated) if c.kind == "next")
        assert told_as_decided("The offer stands.", claim, simulated.mode)
        assert not told_as_decided("The offer would stand.", claim, simulated.mode)
        assert not told_as_decided("The offer stands.", claim, decision.mode)
        assert "would" in brief(claim, Told(simulated))["next"]
        assert "would" not in brief(claim, Told(decision))["next"]


def test_words_of_a_claim_name_its_clauses_and_those_that_they_refer_to():
    """A true sentence beside another claim's clause does not word this claim."""
    decision = next(d for d in decisions(60) if len({r.clause for r in d.rules if r.fired}) > 2)
    own, other = [c for c in claims_of(decision) if c.kind == "threshold" and c.rule.fired][:2]
    name = fact_name(own.rule.fact, own.rule.unit)
    assert focus(decision, own, f"The {name} broke a limit ({own.rule.clause}).") == []
    assert focus(decision, own, f"The {name} broke a limit ({other.rule.clause}).") == [
        f"the claim does not rest on {other.rule.clause}"
    ]


def test_what_is_asked_for_is_told_as_it_must_be_said():
    """A rewriting can act on the problem: what would be in a simulation, what is in a decision."""
    decision = next(d for d in decisions(60) if d.outcome is Outcome.REFER)
    simulated = decision.model_copy(update={"mode": Mode.SIMULATION})
    for each, told in ((decision, "is"), (simulated, "would be")):
        claim = claims_of(each)[0]
        problem = f"the sentence must say that the application {told} referred to a person"
        assert focus(each, claim, "The policy was in force.") == [problem]


def test_a_rule_that_decided_nothing_is_briefed_as_such():
    """In a declined application, a rule that refers would by itself have called for a person."""
    for decision in decisions(60):
        for claim in claims_of(decision):
            if claim.kind == "threshold" and claim.rule.fired and claim.rule.effect is Effect.REFER:
                decided = decision.outcome is not Outcome.REFER
                so = "by itself that would call for a person" if decided else "a person must decide"
                assert brief(claim, Told(decision))["so"] == so


@dataclass(frozen=True)
class Table:
    """A clause with a table."""

    text: str
    clause: str = "CP-8.3"
    document: str = "credit-policy"
    edition: str = "2026-06-01"
    effective_from: date = date(2026, 6, 1)
    effective_to: date | None = None
    heading: str = "Price tiers"
    parent: str | None = None


def test_a_price_quotes_the_row_of_its_own_tier():
    """Tier C begins where tier B ends: the limit stands in B's row, and C's is quoted."""
    clause = Table("Price tier | Score\nA | at least 690 points\nB | at least 640 points\nC | below tier B")
    found = set()
    for decision in (d for d in decisions(60) if d.offer is not None):
        price = next(c for c in claims_of(decision) if c.kind == "price")
        (cited,) = citations_of(price, decision, [clause], "")
        assert cited.quote.startswith(f"{price.tier} |")
        found.add(price.tier)
    assert len(found) > 1
