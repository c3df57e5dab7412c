"""A counter-offer over HTTP: decided, stored, replayed, explained and written to the applicant."""

import html
import re

import pytest

from app.settings import Settings
from tests.app.conftest import Edge, request_body
from tests.app.test_counterfactuals import ACTIONS, Pricing
from tests.app.test_notices import APPLICANT
from tests.factories import application, product_files, write_product

SWITCH = {"clause": "TP-3.4", "declined_for": ["service_to_income"], "actions": ["smaller"]}


@pytest.fixture(scope="module")
def products(tmp_path_factory):
    """The tiny product, which makes counter-offers."""
    files = product_files()
    files["product.json"] |= {"actions": ACTIONS, "counter_offer": SWITCH}
    folder = tmp_path_factory.mktemp("products")
    write_product(folder / "tiny_loan", files)
    return folder


@pytest.fixture
async def edge(database_url, products):
    """The application with a pricing API that prices."""
    settings = Settings(_env_file=None, database_url=database_url, products=str(products))
    edge = Edge(settings, pricing=Pricing())  # type: ignore[arg-type]  # it answers as one
    async with edge.running():
        yield edge


async def test_a_counter_offer_from_request_to_letter(edge):
    """The offer is what would be approved; it replays; its letter has reasons, terms and the last day."""
    body = request_body(application=application(income=500), applicant=APPLICANT)
    decision = (await edge.post(body)).json()
    assert (decision["outcome"], decision["notice"]["kind"]) == ("counter_offer", "counter_offer")
    offered = decision["offer"]
    own = request_body(application=application(income=500, amount=offered["amount"]))
    approved = (await edge.post(own)).json()
    assert approved["outcome"] == "approve"
    names = ("amount", "term_months", "nominal_rate", "apr", "monthly_payment", "total_payable")
    assert [approved["offer"][name] for name in names] == [offered[name] for name in names]
    path = f"/v1/decisions/{decision['id']}"
    assert (await edge.client.post(f"{path}/replay")).json()["identical"]
    letter = (await edge.client.get(f"{path}/notice", headers={"Accept": "text/html"})).text
    told = " ".join(html.unescape(re.sub(r"<[^>]*>", " ", letter.partition("<body>")[2])).split())
    for part in (
        "Tiny Lender is unable to offer you credit on the terms that you asked for.", "EUR 6,000",
        "Excessive obligations in relation to income.", f"EUR {offered['amount']:,.0f}", "6 %", "6.17 %",
        "If this offer is acceptable to you, please tell us by",
    ):  # fmt: skip
        assert part in told, part
    assert re.findall(r'section id="([a-z0-9-]+)"', letter) == ["action", "reasons", "offer", "equal-credit"]
    found = (await edge.client.post(f"{path}/counterfactuals")).json()
    assert found["counterfactuals"][0]["changes"][0]["after"] == offered["amount"]
