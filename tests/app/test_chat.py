"""The analyst's chat: whole checked sentences, stored turns, nobody else's conversations."""

from typing import Any
from uuid import UUID

import httpx
import orjson

from app.clauses import PolicyClauses
from decisioning.errors import DependencyFailed
from tests.app.conftest import Edge
from tests.app.test_auth import key_for
from tests.app.test_explanations import decline, lender, wanted  # noqa: F401  the fixture

JSON = {"Accept": "application/json"}


async def ask(
    edge: Edge, message: str = "What is the maximum term?", headers: dict[str, str] = JSON, **more: object
) -> httpx.Response:
    """One turn."""
    return await edge.client.post("/v1/chat", json={"message": message, **more}, headers=headers)


def events(body: bytes) -> list[tuple[str, dict[str, Any]]]:
    """Server-sent events by name, in order."""
    found = []
    for block in body.decode().strip().split("\n\n"):
        name, data = (line.partition(": ")[2] for line in block.split("\n"))
        found.append((name, orjson.loads(data)))
    return found


async def test_an_answer_quotes_the_policy(lender):  # noqa: F811
    """The whole answer at once, each sentence with its citations, and the turn is stored."""
    response = await ask(lender, "What is the maximum term?")
    answer = response.json()
    assert response.status_code == 200
    assert not answer["abstained"]
    assert all(sentence["citations"] for sentence in answer["sentences"])
    assert answer["trace_id"] == response.headers["x-trace-id"]
    async with lender.services.engine.connect() as connection:
        turn = (await connection.exec_driver_sql("select message, position from chat_turn")).one()
    assert tuple(turn) == ("What is the maximum term?", 1)


async def test_events_tell_what_is_looked_up_and_then_whole_sentences(lender):  # noqa: F811
    """`tool`, then `sentence`s, then `done`: together they are the answer that JSON gives."""
    question = "What is the maximum term?"
    response = await ask(lender, question, {"Accept": "text/event-stream"})
    assert response.headers["content-type"].startswith("text/event-stream")
    told = events(response.content)
    names = [name for name, _ in told]
    assert names[0] == "tool"
    assert names[-1] == "done"
    assert set(names) == {"tool", "sentence", "done"}
    whole = (await ask(lender, question)).json()
    assert [data for name, data in told if name == "sentence"] == whole["sentences"]
    assert told[-1][1]["answer"] == whole["answer"]


async def test_events_end_with_the_error(lender, monkeypatch):  # noqa: F811
    """What fails after the start of the stream is told as a problem in it."""

    async def down(*_, **__):
        raise DependencyFailed("retrieval", "the policy corpus cannot be reached")

    monkeypatch.setattr(PolicyClauses, "named", down)
    [*_, (name, problem)] = events((await ask(lender, headers={})).content)
    assert (name, problem["status"]) == ("error", 503)
    assert (await ask(lender)).status_code == 503


async def test_a_conversation_goes_on(lender):  # noqa: F811
    """A second turn belongs to the first, with the decision that it is about."""
    decline(lender)
    decision = (await lender.post(wanted("none"))).json()
    first = (await ask(lender, "Why was it declined?", decision_id=decision["id"])).json()
    assert not first["abstained"]
    second = await ask(lender, "What is the score?", conversation_id=first["conversation_id"])
    assert second.json()["conversation_id"] == first["conversation_id"]
    assert "420" in second.json()["answer"]
    other = str(UUID(int=9))
    moved = await ask(lender, "And?", conversation_id=first["conversation_id"], decision_id=other)
    assert moved.status_code == 409


async def test_feedback_is_kept(lender):  # noqa: F811
    """Beside the conversation, which must exist."""
    answer = (await ask(lender)).json()
    path = f"/v1/chat/{answer['conversation_id']}/feedback"
    assert (await lender.client.post(path, json={"helpful": True, "comment": "clear"})).status_code == 201
    unknown = f"/v1/chat/{UUID(int=7)}/feedback"
    assert (await lender.client.post(unknown, json={"helpful": True})).status_code == 404
    assert (await lender.client.post(path, json={"helpful": "yes"})).status_code == 422


BAD: list[tuple[dict[str, object], int, str | None]] = [
    ({}, 422, "message"),
    ({"message": ""}, 422, "message"),
    ({"message": "   "}, 422, "message"),
    ({"message": "x" * 4001}, 422, "message"),
    ({"message": "a\x00b"}, 422, "message"),
    ({"message": "Why?", "decision_id": "seven"}, 422, "decision_id"),
    ({"message": "Why?", "decision_id": str(UUID(int=7))}, 404, None),
    ({"message": "Why?", "conversation_id": str(UUID(int=7))}, 404, None),
    ({"message": "Why?", "as_of": "1999-01-01"}, 422, "as_of"),
    ({"message": "Why?", "reader": "me"}, 422, "reader"),
]


async def test_a_bad_question_is_refused(edge):
    """The field is named, and no conversation is begun."""
    for body, status, field in BAD:
        response = await edge.client.post("/v1/chat", json=body, headers=JSON)
        assert response.status_code == status, body
        assert field is None or field in {error["field"] for error in response.json()["errors"]}, body
    async with edge.services.engine.connect() as connection:
        assert (await connection.exec_driver_sql("select count(*) from conversation")).scalar_one() == 0


async def test_only_events_and_json_can_be_had(edge):
    """Nothing else is made."""
    assert (await ask(edge, headers={"Accept": "image/png"})).status_code == 406


async def test_a_conversation_belongs_to_its_key(settings):
    """To any other key it does not exist."""
    async with Edge(settings.model_copy(update={"auth": "on"})).running() as closed:
        _, mine = await key_for(closed, "analyst")
        _, theirs = await key_for(closed, "analyst")
        begun = (await ask(closed, headers=JSON | mine)).json()
        about = {"conversation_id": begun["conversation_id"]}
        assert (await ask(closed, headers=JSON | mine, **about)).status_code == 200
        assert (await ask(closed, headers=JSON | theirs, **about)).status_code == 404
        path = f"/v1/chat/{begun['conversation_id']}/feedback"
        response = await closed.client.post(path, json={"helpful": False}, headers=theirs)
        assert response.status_code == 404
