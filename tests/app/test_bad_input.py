"""What cannot be taken: a clear problem with a 4xx that names the field, nothing stored, nothing asked."""

import json

from tests.app.conftest import request_body
from tests.factories import application

JSON = {"Content-Type": "application/json"}


def _body(**changes) -> bytes:
    return json.dumps(request_body(**changes)).encode()


def _application(**changes) -> bytes:
    return _body(application=application(**changes))


def _spelled(field: bytes) -> bytes:
    """A good application in which `income` is spelled so."""
    return _application(income=123456).replace(b"123456", field)


BODIES = [
    (b"", 400, None),
    (b"{", 400, None),
    (b'{"product": "tiny-loan",}', 400, None),
    (_spelled(b"NaN"), 400, None),
    (_spelled(b"Infinity"), 400, None),
    (_spelled(b"1e999"), 400, None),
    (b"[]", 422, "body"),
    (_body(product=...), 422, "product"),
    (_body(product="no-such-loan"), 422, "product"),
    (_body(application=...), 422, "application"),
    (_body(application=None), 422, "application"),
    (_body(application={}), 422, "application.amount"),
    (_body(unknown=1), 422, "unknown"),
    (_body(explain="perhaps"), 422, "explain"),
    (_body(as_of="yesterday"), 422, "as_of"),
    (_body(as_of="1999-01-01"), 422, "as_of"),
    (_body(received_at="2999-01-01T00:00:00Z"), 422, "received_at"),
    (_body(external_id=""), 422, "external_id"),
    (_body(external_id="a\x00"), 422, "external_id"),
    (_application(age=40), 422, "application.age"),
    (_application(income=-1), 422, "application.income"),
    (_application(income="many"), 422, "application.income"),
    (_application(income=True), 422, "application.income"),
    (_application(income=[1]), 422, "application.income"),
    (_application(income="NaN"), 422, "application.income"),
    (_application(income="1e5"), 422, "application.income"),
    (_application(income=1e300), 422, "application.income"),
    (_application(term_months=0), 422, "application.term_months"),
    (_application(term_months=12.5), 422, "application.term_months"),
    (_application(home="castle"), 422, "application.home"),
    (_application(amount=None), 422, "application.amount"),
    (_spelled(b'1, "income": 2'), 422, "income"),
]


async def test_a_bad_body_is_refused(edge):
    """400 for what is no JSON, 422 with the field's path for everything else."""
    for body, status, field in BODIES:
        response = await edge.client.post("/v1/decisions", content=body, headers=JSON)
        problem = response.json()
        assert response.status_code == problem["status"] == status, body
        assert response.headers["content-type"] == "application/problem+json", body
        assert problem.keys() - {"errors"} == {"type", "title", "status", "detail", "instance", "trace_id"}
        assert problem["trace_id"] == response.headers["x-trace-id"]
        assert field is None or field in [error["field"] for error in problem["errors"]], body
    assert edge.scoring.script.asked == []
    assert await edge.stored() == 0


async def test_decimal_strings_are_numbers(edge):
    """Money and rates may come as decimal strings, and leave as numbers."""
    response = await edge.post(request_body(application=application(income="2000.50")))
    assert response.status_code == 201
    assert response.json()["facts"]["income"]["value"] == 2000.5


async def test_a_body_must_be_declared_as_json(edge):
    """A form or an undeclared body is refused: a browser may send those to other sites unasked."""
    for headers in (
        {},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
    ):
        response = await edge.client.post("/v1/decisions", content=_body(), headers=headers)
        assert response.status_code == 415
        assert response.headers["content-type"] == "application/problem+json"


async def test_a_declared_charset_is_fine(edge):
    """`application/json; charset=utf-8` is JSON."""
    headers = {"Content-Type": "application/json; charset=utf-8"}
    assert (await edge.client.post("/v1/decisions", content=_body(), headers=headers)).status_code == 201


REQUESTS = [
    ("GET", "/v1/nothing", 404),
    ("GET", "/", 404),
    ("GET", "/v1/decisions/", 404),
    ("PUT", "/v1/decisions", 405),
    ("DELETE", "/healthz", 405),
    ("GET", "/v1/decisions?limit=0", 422),
    ("GET", "/v1/decisions?limit=x", 422),
    ("GET", "/v1/decisions?outcome=maybe", 422),
    ("GET", "/v1/decisions?external_id=%00", 422),
    ("GET", "/v1/decisions?product=%00", 422),
    ("GET", "/v1/policies/search", 422),
    ("GET", "/v1/policies/search?q=%00", 422),
    ("GET", "/v1/policies/search?q=%20", 422),
    ("GET", "/v1/policies/search?q=income&as_of=2026-13-01", 422),
    ("GET", "/v1/policies/search?q=income&known_at=now", 422),
    ("GET", "/v1/policies/search?q=income&k=0", 422),
]


async def test_every_error_is_a_problem(edge):
    """Wrong paths, methods and queries are told like wrong bodies."""
    for method, path, status in REQUESTS:
        response = await edge.client.request(method, path)
        assert response.status_code == response.json()["status"] == status, path
        assert response.headers["content-type"] == "application/problem+json"
        assert status != 405 or response.headers["allow"]


async def test_an_unexpected_error_keeps_its_words_to_itself(edge, monkeypatch, capsys):
    """500 with a trace id; neither the answer nor the log holds the message, which may quote a row."""

    async def explode(*_, **__):
        raise RuntimeError("income 2000 of A. Person")

    monkeypatch.setattr("app.decisions.take", explode)
    response = await edge.post()
    assert response.status_code == 500
    assert response.headers["content-type"] == "application/problem+json"
    assert "Person" not in response.text
    assert response.json()["trace_id"] == response.headers["x-trace-id"]
    assert "Person" not in "".join(capsys.readouterr())


async def test_every_answer_is_closed_to_browsers(edge):
    """Security headers stand on good and bad answers alike."""
    for path in ("/healthz", "/v1/nothing"):
        headers = (await edge.client.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert headers["referrer-policy"] == "no-referrer"
