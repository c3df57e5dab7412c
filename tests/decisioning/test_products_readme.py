"""The README of the products is true: the product it spells out loads, passes the check and decides."""

import re
from datetime import date
from pathlib import Path

import pytest

from decisioning.answers import Answers
from decisioning.consistency import Manual, check, sides_of
from decisioning.judge import judge
from decisioning.model import Contribution, Outcome, PriceAnswer, ScoreAnswer
from decisioning.product import PRODUCTS, Product, load_products
from tests.decisioning import manual_reader as reader

README = (PRODUCTS / "README.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"^#### `([^`]+)`\n\n```\w+\n(.*?)^```$", README, re.MULTILINE | re.DOTALL))


@pytest.fixture
def advance(tmp_path: Path) -> Product:
    """The product of the README, found in a folder of products."""
    for name, text in FILES.items():
        path = tmp_path / "advance" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return load_products([tmp_path])["salary-advance"]


def answers(score: float, monthly_payment: float) -> Answers:
    """What the model APIs answer."""
    income = Contribution(characteristic="income", value=2000, points=score)
    return Answers(
        ScoreAnswer(score=score, pd=0.1, min=0, max=1000, model="m", version="1", contributions=(income,)),
        PriceAnswer(
            nominal_rate=0.1,
            apr=0.11,
            monthly_payment=monthly_payment,
            total_payable=12 * monthly_payment,
            tier="plain",
            model="p",
            version="1",
        ),
    )


def test_the_second_product_passes_the_policy_check(advance: Product) -> None:
    """Its manual and its files say the same in both editions."""
    manuals = [
        Manual(f"manual/{path.name}", day, reader.clauses(path.read_text(encoding="utf-8")))
        for day, path in advance.manuals().items()
    ]
    assert len(manuals) == 2
    assert check(manuals, sides_of(advance)) == ()


@pytest.mark.parametrize(
    ("day", "score", "payment", "outcome", "reasons"),
    [
        (date(2026, 2, 1), 650, 350, Outcome.APPROVE, []),
        (date(2026, 2, 1), 650, 450, Outcome.DECLINE, ["INSTALMENT_TOO_HIGH"]),
        (date(2026, 8, 1), 650, 450, Outcome.APPROVE, []),
        (date(2026, 8, 1), 590, 550, Outcome.DECLINE, ["INSTALMENT_TOO_HIGH", "INCOME_LEVEL"]),
    ],
)
def test_the_second_product_decides_without_code(
    advance: Product, day: date, score: float, payment: float, outcome: Outcome, reasons: list[str]
) -> None:
    """Its rules, dated parameters and reasons decide an application."""
    application = {"income": 2000.0, "amount": 4000.0, "term_months": 12}
    judgement = judge(advance.on(day), application, answers(score, payment))
    assert (judgement.outcome, [reason.code for reason in judgement.reasons]) == (outcome, reasons)


def test_every_file_of_a_product_is_described() -> None:
    """No file of the product that comes with Credence goes without a word in the README."""
    for path in sorted((PRODUCTS / "consumer_loan").iterdir()):
        name = f"{path.name}/<date>" if path.is_dir() else path.name
        assert f"**`{name}" in README
