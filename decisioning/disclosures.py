"""What federal law has a notice say beside the reasons, each as a block of its own.

The words are those of Regulation B, 12 CFR 1002.9(b)(1), and of the model forms C-1 and C-4 of its
Appendix C (public domain), the facts those of the recorded source: never a writer's.
"""

from collections.abc import Iterator, Sequence

from decisioning.edition import Party
from decisioning.letter import Block
from decisioning.sources import ConsumerReport, CreditScore, OutsideSource, Source
from decisioning.wording import number, written_date

EQUAL_CREDIT = (
    "The Federal Equal Credit Opportunity Act prohibits creditors from discriminating against credit"
    " applicants on the basis of race, color, religion, national origin, sex, marital status, age (provided"
    " the applicant has the capacity to enter into a binding contract); because all or part of the"
    " applicant's income derives from any public assistance program; or because the applicant has in good"
    " faith exercised any right under the Consumer Credit Protection Act. The Federal agency that"
    " administers compliance with this law concerning this creditor is {name}, {address}."
)
_REPORT = (
    "Our credit decision was based in whole or in part on information obtained in a report from the consumer"
    " reporting agency listed below. You have a right under the Fair Credit Reporting Act to know the"
    " information contained in your credit file at the consumer reporting agency. The reporting agency"
    " played no part in our decision and is unable to supply specific reasons why we have not granted the"
    " credit that you asked for. You also have a right to a free copy of your report from the reporting"
    " agency, if you request it no later than 60 days after you receive this notice. In addition, if you"
    " find that any information contained in the report you receive is inaccurate or incomplete, you have"
    " the right to dispute the matter with the reporting agency."
)
_SCORE = (
    "We also obtained your credit score from this consumer reporting agency and used it in making our credit"
    " decision. Your credit score is a number that reflects the information in your consumer report. Your"
    " credit score can change, depending on how the information in your consumer report changes."
)
_OUTSIDE = (
    "Our credit decision was based in whole or in part on information obtained from an outside source other"
    " than a consumer reporting agency. Under the Fair Credit Reporting Act, you have a right to make a"
    " written request, no later than 60 days after you receive this notice, for disclosure of the nature of"
    " this information."
)
_INQUIRIES = "Number of recent inquiries on consumer report"


def equal_credit(agency: Party) -> Block:
    """The ECOA statement with the agency that supervises the lender (12 CFR 1002.9(b)(1))."""
    said = EQUAL_CREDIT.format(name=agency.name, address=agency.address)
    return Block("equal-credit", "Your rights under the Equal Credit Opportunity Act", (said,))


def fair_credit(sources: Sequence[Source]) -> Iterator[Block]:
    """The disclosures of section 615 of the Fair Credit Reporting Act: one a source, (a) before (b)."""
    for source in sources:
        if isinstance(source, ConsumerReport):
            yield _report(source)
    if any(isinstance(source, OutsideSource) for source in sources):
        yield Block("fcra-615b", "Information from an outside source", (_OUTSIDE,))


def _report(source: ConsumerReport) -> Block:
    score = source.score
    named = (
        ("Consumer reporting agency", source.name),
        ("Address", source.address),
        ("Telephone", source.phone),
    )
    if score is None:
        return Block("fcra-615a", "Information from a consumer report", (_REPORT,), named)
    return Block(
        "fcra-615a",
        "Information from a consumer report",
        (_REPORT, _SCORE),
        (*named, *_score_facts(score)),
        "Key factors that adversely affected your credit score:",
        _key_factors(score),
        (
            "If you have any questions regarding your credit score, you should contact the consumer"
            " reporting agency named above.",
        ),
    )


def _score_facts(score: CreditScore) -> tuple[tuple[str, str], ...]:
    return (
        ("Your credit score", number(score.value)),
        ("Date of the score", written_date(score.created_on)),
        ("Range of scores", f"from a low of {number(score.min)} to a high of {number(score.max)}"),
    )


def _key_factors(score: CreditScore) -> tuple[str, ...]:
    return (*score.key_factors, _INQUIRIES) if score.inquiries else score.key_factors
