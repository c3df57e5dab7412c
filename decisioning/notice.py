"""The notice to an applicant: one form each for a decline, a counter-offer and an incomplete file.

It says what 12 CFR 1002.9(a)(2), (c)(2) and the sample forms C-1, C-4 and C-6 of Appendix C ask for, in the
catalogue's words for applicants. It tells no score of the lender's own, no limit, no clause, no change that
would alter the outcome, and not the day by which it must be sent: that stays in the record.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from decisioning.disclosures import equal_credit, fair_credit
from decisioning.edition import ProductFile
from decisioning.letter import Block, Letter, NoticeKind, Recipient
from decisioning.model import Decision, Offer, Unit
from decisioning.sources import Source
from decisioning.wording import ended, whole_money, written, written_date

TITLES: Mapping[NoticeKind, str] = {
    "adverse_action": "Notice of action taken on your application",
    "counter_offer": "Notice of action taken on your application, and an offer on other terms",
    "incompleteness": "Notice that your application is incomplete",
}


@dataclass(frozen=True)
class Case:
    """What a notice is written from.

    `reasons` are catalogue sentences for the applicant, ranked; `missing` the titles of what the file lacks.
    `by_person`: a person took the decision. `reply_by` is the day by which the applicant is asked to answer.
    """

    kind: NoticeKind
    decision: Decision
    product: ProductFile
    applicant: Recipient
    reasons: tuple[str, ...]
    missing: tuple[str, ...]
    sources: tuple[Source, ...]
    by_person: bool
    written_on: date
    reply_by: date


def notice_of(case: Case) -> Letter:
    """The letter of that kind."""
    blocks = {"adverse_action": _declined, "counter_offer": _countered, "incompleteness": _incomplete}
    lender = case.product.lender
    return Letter(
        kind=case.kind,
        title=TITLES[case.kind],
        date=written_date(case.written_on),
        sender=(lender.name, *_lines(lender.address)),
        recipient=(case.applicant.name, *_lines(case.applicant.address)),
        salutation=f"Dear {case.applicant.name},",
        blocks=(*blocks[case.kind](case), equal_credit(case.product.agency)),
    )


def _declined(case: Case) -> tuple[Block, ...]:
    said = (
        f"Thank you for your application. {case.product.lender.name} has decided not to grant the credit"
        " that you asked for."
    )
    return (
        Block("action", "Action taken", (said,), _asked(case)),
        _reasons(case, "Principal reasons for our decision"),
        *_review(case),
        *fair_credit(case.sources),
    )


def _countered(case: Case) -> tuple[Block, ...]:
    offer = case.decision.offer
    if offer is None:
        raise ValueError("a counter-offer without an offer")
    said = f"Thank you for your application. {case.product.lender.name} is unable to offer you credit on the"
    until = written_date(_local(offer.expires_at, case))
    return (
        Block("action", "Action taken", (f"{said} terms that you asked for.",), _asked(case)),
        _reasons(case, "Principal reasons why we cannot grant what you asked for"),
        Block(
            "offer",
            "What we can offer you",
            ("We can, however, offer you credit on these terms:",),
            _terms(offer, case),
            "It is subject to these conditions:" if case.decision.conditions else None,
            tuple(ended(condition.text) for condition in case.decision.conditions),
            (f"If this offer is acceptable to you, please tell us by {until} at the address above.",),
        ),
        *_review(case),
        *fair_credit(case.sources),
    )


def _incomplete(case: Case) -> tuple[Block, ...]:
    needed = "The following information is needed to make a decision on it:"
    by = written_date(case.reply_by)
    return (
        Block(
            "action",
            "Action taken",
            ("Thank you for your application. It is incomplete, and we have not decided on it.",),
            _asked(case),
        ),
        Block(
            "missing",
            "What we need from you",
            lead=needed,
            items=case.missing,
            after=(
                f"Please send this information to the address above so that we receive it by {by}."
                " If we do not receive it by that date, we will be unable to give further consideration to"
                " your application.",
            ),
        ),
    )


def _asked(case: Case) -> tuple[tuple[str, str], ...]:
    requested = case.decision.requested
    return (
        ("Credit asked for", case.product.title),
        ("Amount", whole_money(requested.amount, case.decision.currency)),
        ("Term", written(requested.term_months, Unit.MONTHS, case.decision.currency)),
        ("Application received", written_date(_local(case.decision.received_at, case))),
        ("Our reference", case.decision.external_id or str(case.decision.id)),
    )


def _terms(offer: Offer, case: Case) -> tuple[tuple[str, str], ...]:
    currency = case.decision.currency
    return (
        ("Amount", whole_money(offer.amount, currency)),
        ("Term", written(offer.term_months, Unit.MONTHS, currency)),
        ("Nominal rate a year", written(offer.nominal_rate, Unit.RATE, currency)),
        ("Annual percentage rate (APR)", written(offer.apr, Unit.RATE, currency)),
        ("Payment a month", whole_money(offer.monthly_payment, currency)),
        ("Total to pay", whole_money(offer.total_payable, currency)),
    )


def _reasons(case: Case, heading: str) -> Block:
    return Block("reasons", heading, items=tuple(ended(reason) for reason in case.reasons))


def _review(case: Case) -> tuple[Block, ...]:
    """What the lender says of a review by a person, where a system decided."""
    said = case.product.notice.review
    if said is None or case.by_person:
        return ()
    return (Block("review", "If you want a person to look at it", (said,)),)


def _lines(address: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in address.splitlines() if line.strip())


def _local(instant: datetime, case: Case) -> date:
    return instant.astimezone(ZoneInfo(case.product.timezone)).date()
