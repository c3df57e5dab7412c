"""What follows a decision: a person ends a referral, an auditor replays."""

from uuid import UUID

import pytest

from decisioning.errors import DependencyFailed
from tests.app.conftest import request_body
from tests.factories import application, price_answer, score_answer


async def referral(edge) -> str:
    """The id of a referred decision."""
    decision = (await edge.post(request_body(application=application(records="yes")))).json()
    assert decision["outcome"] == "refer"
    return str(decision["id"])


async def test_a_person_ends_a_referral_once(edge):
    """The resolution is a record of its own; the decision stays, and a second end is refused."""
    decision_id = await referral(edge)
    path = f"/v1/decisions/{decision_id}"
    before = (await edge.client.get(path)).content
    body = {"outcome": "decline", "reasons": ["ADVERSE_RECORD"], "note": "Seen the file."}
    response = await edge.client.post(f"{path}/resolution", json=body)
    assert response.status_code == 201
    assert response.json().items() >= (body | {"decision_id": decision_id}).items()
    assert (await edge.client.get(path)).content == before
    again = await edge.client.post(f"{path}/resolution", json={"outcome": "approve"})
    assert again.status_code == 409
    assert again.json()["type"] == "urn:credence:problem:already-resolved"


async def test_only_a_referral_is_ended(edge):
    """An approval stands as it is; what is not stored cannot be ended."""
    decision_id = (await edge.post()).json()["id"]
    for wanted, status in ((decision_id, 409), (UUID(int=7), 404)):
        response = await edge.client.post(f"/v1/decisions/{wanted}/resolution", json={"outcome": "approve"})
        assert response.status_code == status


BAD: list[tuple[dict[str, object], str]] = [
    ({"outcome": "refer"}, "outcome"),
    ({"outcome": "decline"}, "reasons"),
    ({"outcome": "decline", "reasons": ["NO_SUCH_REASON"]}, "reasons"),
    ({"outcome": "decline", "reasons": ["ADVERSE_RECORD", "ADVERSE_RECORD"]}, "reasons"),
    ({"outcome": "approve", "reasons": ["ADVERSE_RECORD"]}, "reasons"),
    ({"outcome": "approve", "note": "a\x00b"}, "note"),
    ({"outcome": "approve", "by": "me"}, "by"),
]


async def test_a_bad_resolution_is_refused(edge):
    """Each refused field is named, and the referral stays open."""
    path = f"/v1/decisions/{await referral(edge)}/resolution"
    for body, field in BAD:
        response = await edge.client.post(path, json=body)
        assert response.status_code == 422, body
        assert field in {error["field"] for error in response.json()["errors"]}, body
    assert (await edge.client.post(path, json={"outcome": "approve"})).status_code == 201


async def test_a_reason_whose_clause_is_not_in_force_is_refused(edge):
    """A code stays in the catalogue when its clause is withdrawn: it is a reason while the clause stands."""
    loan = {
        "seniority_years": 6, "home": "rent", "term_months": 36, "records": "yes", "job": "fixed",
        "expenses": 45, "income": 150, "assets": 3000, "debt": 0, "amount": 1000, "price": 1500,
    }  # fmt: skip
    edge.scoring.answer, edge.pricing.answer = score_answer(560), price_answer(1000, 36)
    for as_of, status in (("2026-05-31", 201), ("2026-06-01", 422)):
        asked = {"product": "consumer-loan", "application": loan, "as_of": as_of, "explain": "none"}
        decision = (await edge.post(asked)).json()
        assert decision["outcome"] == "refer"
        body = {"outcome": "decline", "reasons": ["CREDIT_RECORD", "SHORT_EMPLOYMENT_FOR_AMOUNT"]}
        response = await edge.client.post(f"/v1/decisions/{decision['id']}/resolution", json=body)
        assert response.status_code == status
    assert response.json()["errors"] == [
        {
            "field": "reasons",
            "problem": "SHORT_EMPLOYMENT_FOR_AMOUNT rests on CP-4.8,"
            " which the policy did not have in force on 2026-06-01",
        }
    ]


async def replayed(edge, decision_id) -> dict[str, object]:
    """The answer of the replay."""
    response = await edge.client.post(f"/v1/decisions/{decision_id}/replay")
    assert response.status_code == 200
    return dict(response.json())


async def test_decisions_of_every_kind_replay_the_same(edge):
    """Approved, referred, incomplete, failed: all come out as they are stored."""
    ids = [(await edge.post()).json()["id"], await referral(edge)]
    ids.append((await edge.post(request_body(application=application(income=None)))).json()["id"])
    edge.pricing.script.failure = DependencyFailed("pricing", "answered 500")
    ids.append((await edge.post(request_body(external_id="x"))).json()["id"])
    for decision_id in ids:
        assert (await replayed(edge, decision_id)).items() >= {
            "identical": True,
            "first_difference": None,
        }.items()
    assert (await edge.client.post(f"/v1/decisions/{UUID(int=7)}/replay")).status_code == 404


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ("update decision set record = replace(record::text, '2000.0', '9000.0')::json", "facts.income"),
        ("update decision set inputs = replace(inputs::text, '2000.0', '9000.0')::json", "income"),
        ("update decision set inputs = '{}'", "inputs"),
        ("update decision set digest = sha256('other')", "digest"),
        (
            """update artefact set content = replace(content::text, '"value":', '"value":1')::json""",
            "inputs.artefacts.parameters",
        ),
        ("delete from artefact where kind = 'rules'", "inputs.artefacts.rules"),
    ],
)
async def test_a_tampered_row_is_named(edge, change, path):
    """Whoever gets past the trigger is found, with the place."""
    decision_id = (await edge.post()).json()["id"]
    async with edge.services.engine.begin() as connection:
        await connection.exec_driver_sql("alter table decision disable trigger all")
        await connection.exec_driver_sql("alter table artefact disable trigger all")
        changed = await connection.exec_driver_sql(change)
        assert changed.rowcount > 0
    answer = await replayed(edge, decision_id)
    assert not answer["identical"]
    assert path in str(answer["first_difference"])
