"""The notice to an applicant: whole, honest about its source, silent on what is not theirs, kept."""

import hashlib
import html
import io
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from pypdf import PdfReader

from app.storage.people import erase_person
from decisioning.disclosures import EQUAL_CREDIT
from tests.app.conftest import Edge, request_body
from tests.factories import application, score_answer
from tests.tiny_loan import PRODUCT

APPLICANT = {"name": "Ana Prieto", "address": "Calle Mayor 3\n28013 Madrid"}
DECLINED = application(income=300)
REPORT = {
    "kind": "consumer_report", "name": "Report Bureau", "address": "9 File Street, Springfield",
    "phone": "+1 800 555 0100",
}  # fmt: skip
SCORE = {
    "value": 571, "min": 300, "max": 850, "created_on": "2026-11-02",
    "key_factors": ["Proportion of balances to limits", "Time since a late payment"], "inquiries": True,
}  # fmt: skip


async def posted(edge: Edge, outcome: str, **changes: Any) -> str:
    """The id of a decision with that outcome."""
    decision = (await edge.post(request_body(**{"applicant": APPLICANT, **changes}))).json()
    assert decision["outcome"] == outcome, decision
    return str(decision["id"])


async def notice(edge: Edge, decision_id: str, accept: str = "text/html") -> str:
    """The letter as text."""
    response = await edge.client.get(f"/v1/decisions/{decision_id}/notice", headers={"Accept": accept})
    assert response.status_code == 200, response.text
    return response.text


def read(letter: str) -> str:
    """What an applicant reads of an HTML letter."""
    words = re.sub(r"<[^>]*>", " ", re.sub(r"<style>.*</style>", "", letter))
    return " ".join(html.unescape(words).split())


async def test_a_decline_is_told_whole(edge):
    """Action, creditor, agency, applicant and their addresses, the credit asked for, rights, reasons."""
    letter = read(await notice(edge, await posted(edge, "decline", application=DECLINED, external_id="F-17")))
    assert "Tiny Lender has decided not to grant the credit that you asked for." in letter
    for part in (
        "Tiny Lender", "1 Short Street, Madrid", "Ana Prieto", "Calle Mayor 3 28013 Madrid", "Tiny loan",
        "EUR 6,000", "24 months", "F-17", "Excessive obligations in relation to income.",
        EQUAL_CREDIT.format(**PRODUCT["agency"]),
    ):  # fmt: skip
        assert part in letter, part


async def test_nothing_that_an_applicant_must_not_see(edge):
    """No limit, cut-off, score of the lender's own, clause, due date, rule or change that would help."""
    edge.scoring.answer = score_answer(437)
    decision_id = await posted(edge, "decline", application=DECLINED)
    decision = (await edge.client.get(f"/v1/decisions/{decision_id}")).json()
    due = datetime.fromisoformat(decision["notice"]["due_at"])
    for media_type in ("text/html", "text/markdown"):
        letter = await notice(edge, decision_id, media_type)
        for secret in ("TP-", "437", "450", "500", "50 %", "0.5", "K-SERVICE", "S-LOW", "due", "policy"):
            assert secret not in read(letter), secret
        for day in (due.date().isoformat(), f"{due.day} {due:%B %Y}"):
            assert day not in letter
        for reason in decision["reasons"]:
            assert reason["text"].rstrip(".") in letter


async def test_the_form_follows_accept(edge):
    """HTML or Markdown by quality, HTML for whoever takes anything, 406 for what cannot be given."""
    path = f"/v1/decisions/{await posted(edge, 'decline', application=DECLINED)}/notice"
    for accept, media_type in (
        ("text/html", "text/html"), ("text/markdown", "text/markdown"), ("*/*", "text/html"),
        ("", "text/html"),
        ("text/html;q=0.5, text/markdown", "text/markdown"), ("text/html;q=0, text/*", "text/markdown"),
        ("application/json;q=0.9, text/*;q=0.1", "text/html"),
    ):  # fmt: skip
        response = await edge.client.get(path, headers={"Accept": accept})
        assert response.headers["content-type"] == f"{media_type}; charset=utf-8", accept
        assert "Accept" in response.headers["vary"]
    for accept in ("application/json", "image/png", "text/html;q=0", "text/html;q=much"):
        refused = await edge.client.get(path, headers={"Accept": accept})
        assert refused.status_code == 406
        assert refused.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("name", ["Ana Ñíguez", "Łukasz Żółć", "Ελένη Παπαδοπούλου", "Олена Їжак"])
async def test_the_pdf_says_what_the_html_says(edge, name):
    """The same words, in Latin, Greek or Cyrillic letters; a name that it cannot print is 406."""
    person = APPLICANT | {"name": name}
    sources = [REPORT | {"score": SCORE}]
    decision_id = await posted(edge, "decline", application=DECLINED, applicant=person, sources=sources)
    as_pdf = {"Accept": "application/pdf"}
    response = await edge.client.get(f"/v1/decisions/{decision_id}/notice", headers=as_pdf)
    assert (response.status_code, response.headers["content-type"]) == (200, "application/pdf")
    pages = PdfReader(io.BytesIO(response.content)).pages
    printed = "".join(page.extract_text() for page in pages).replace("\u2022", "")
    body = (await notice(edge, decision_id)).partition("<body>")[2]
    assert "".join(printed.split()) == "".join(read(body).split())
    foreign = await posted(edge, "decline", application=DECLINED, applicant=APPLICANT | {"name": "田中"})
    refused = await edge.client.get(f"/v1/decisions/{foreign}/notice", headers=as_pdf)
    assert refused.status_code == 406
    assert "田中" in await notice(edge, foreign)


async def test_the_same_bytes_come_again(edge, monkeypatch):
    """What went out is kept with its hash; a later day, or another form, changes neither bytes nor date."""
    decision_id = await posted(edge, "decline", application=DECLINED)
    path = f"/v1/decisions/{decision_id}/notice"
    first = await edge.client.get(path, headers={"Accept": "text/html"})
    assert first.headers["etag"] == f'"{hashlib.sha256(first.content).hexdigest()}"'
    written = re.search(r"<p>(\d+ \w+ 20\d\d)</p>", first.text)
    later = datetime.now(UTC) + timedelta(days=9)
    object.__setattr__(edge.services, "now", lambda: later)
    assert (await edge.client.get(path, headers={"Accept": "text/html"})).content == first.content
    assert written is not None
    assert written[1] in await notice(edge, decision_id, "text/markdown")
    async with edge.services.engine.connect() as connection:
        rows = (await connection.exec_driver_sql("select content, sha256 from notice_document")).all()
    assert len(rows) == 2
    assert all(hashlib.sha256(row.content).digest() == row.sha256 for row in rows)


async def test_an_incomplete_file_is_asked_for_what_it_lacks(edge):
    """What is missing by its title, until when, and what happens otherwise; no reasons."""
    letter = read(await notice(edge, await posted(edge, "incomplete", application=application(income=None))))
    until = (datetime.now(ZoneInfo(PRODUCT["timezone"])) + timedelta(days=21)).date()
    assert "It is incomplete, and we have not decided on it." in letter
    assert "money_per_month" in letter  # the title of the tiny product's income
    assert f"so that we receive it by {until.day} {until:%B %Y}" in letter
    assert "unable to give further consideration" in letter
    assert "reasons" not in letter
    assert EQUAL_CREDIT.format(**PRODUCT["agency"]) in letter


SOURCES: list[tuple[list[dict[str, Any]], set[str]]] = [
    ([], set()),
    ([REPORT], {"fcra-615a"}),
    ([{"kind": "third_party", "name": "An employer"}], {"fcra-615b"}),
    ([{"kind": "third_party"}, REPORT, {"kind": "third_party"}], {"fcra-615a", "fcra-615b"}),
]


@pytest.mark.parametrize(("sources", "blocks"), SOURCES)
async def test_the_recorded_source_decides_the_disclosure(edge, sources, blocks):
    """615(a) for a consumer report, 615(b) for another source, neither for the lender's own figures."""
    decision_id = await posted(edge, "decline", application=DECLINED, sources=sources)
    letter = await notice(edge, decision_id)
    assert set(re.findall(r'id="(fcra-\w+)"', letter)) == blocks
    assert ("Report Bureau" in letter) == ("fcra-615a" in blocks)
    assert "An employer" not in letter


async def test_a_score_of_the_report_is_disclosed(edge):
    """Score, date, range, who made it, four factors and inquiries, the free report and the dispute."""
    decision_id = await posted(edge, "decline", application=DECLINED, sources=[REPORT | {"score": SCORE}])
    letter = read(await notice(edge, decision_id))
    for part in (
        "Your credit score 571", "2 November 2026", "from a low of 300 to a high of 850", "+1 800 555 0100",
        "Proportion of balances to limits Time since a late payment Number of recent inquiries",
        "played no part in our decision", "free copy of your report", "no later than 60 days",
        "right to dispute the matter",
    ):  # fmt: skip
        assert part in letter, part
    reasons, disclosure = (
        letter.index("Principal reasons"),
        letter.index("Information from a consumer report"),
    )
    assert reasons < disclosure < letter.index("Your rights under the Equal Credit Opportunity Act")


BAD_SOURCES: list[tuple[dict[str, Any], str]] = [
    ({"kind": "gossip"}, "sources.0"),
    ({"kind": "consumer_report", "name": "x"}, "sources.0.consumer_report.address"),
    (REPORT | {"score": SCORE | {"value": 900}}, "sources.0.consumer_report.score"),
    (REPORT | {"score": SCORE | {"key_factors": ["a"] * 5}}, "sources.0.consumer_report.score.key_factors"),
    (REPORT | {"score": SCORE | {"created_on": 20261102}}, "sources.0.consumer_report.score.created_on"),
]


@pytest.mark.parametrize(("source", "field"), BAD_SOURCES)
async def test_a_bad_source_is_refused(edge, source, field):
    """A report that could not be disclosed is not taken: the field is named, nothing is stored."""
    response = await edge.post(request_body(sources=[source]))
    assert response.status_code == 422
    assert field in {error["field"] for error in response.json()["errors"]}
    assert await edge.stored() == 0


async def test_a_source_moves_no_decision(edge):
    """What is recorded for the notice is seen by no model and changes nothing of the decision."""
    plain = (await edge.post()).json()
    sourced = (await edge.post(request_body(sources=[REPORT | {"score": SCORE}]))).json()
    same = ("outcome", "facts", "score", "reasons", "rules", "versions")
    assert {name: plain[name] for name in same} == {name: sourced[name] for name in same}
    assert edge.scoring.script.asked[0] == edge.scoring.script.asked[1]


async def test_what_has_no_notice_says_why(edge):
    """An approval, a referral, a simulation and an unknown decision have none."""
    approved, referred = (
        await posted(edge, "approve"),
        await posted(edge, "refer", application=application(records="yes")),
    )
    simulated = await posted(edge, "decline", application=DECLINED, as_of="2026-07-01")
    for decision_id, said in (
        (approved, "the outcome approve has no notice"),
        (referred, "once a person has declined it"),
        (simulated, "a simulation is nobody's decision"),
    ):
        for response in (
            await edge.client.get(f"/v1/decisions/{decision_id}/notice"),
            await edge.client.post(f"/v1/decisions/{decision_id}/notice", json={"channel": "letter"}),
        ):
            assert response.status_code == 409
            assert response.json()["type"] == "urn:credence:problem:notice-impossible"
            assert said in response.json()["detail"]
            assert response.json()["errors"][0]["field"] == "outcome"
    assert (await edge.client.get(f"/v1/decisions/{UUID(int=7)}/notice")).status_code == 404


async def test_a_letter_without_an_addressee_is_refused(edge):
    """Who applied was not named, or blankly: each field that is missing is named."""
    cases: list[tuple[dict[str, str] | None, list[str]]] = [
        (None, ["applicant.name", "applicant.address"]),
        ({"name": " ", "address": "1 A Street"}, ["applicant.name"]),
    ]
    for applicant, fields in cases:
        decision_id = await posted(edge, "decline", application=DECLINED, applicant=applicant)
        response = await edge.client.get(f"/v1/decisions/{decision_id}/notice")
        assert response.status_code == 409
        assert [error["field"] for error in response.json()["errors"]] == fields


async def test_a_decline_by_a_person_has_its_notice(edge):
    """The reasons are the person's, from the catalogue; the clock began with the application."""
    decision_id = await posted(edge, "refer", application=application(records="yes"))
    path = f"/v1/decisions/{decision_id}"
    body = {"outcome": "decline", "reasons": ["INCOME_LEVEL", "ADVERSE_RECORD"], "note": "secret"}
    assert (await edge.client.post(f"{path}/resolution", json=body)).status_code == 201
    letter = read(await notice(edge, decision_id))
    assert letter.index("Level of income.") < letter.index("There is an adverse credit record.")
    assert "secret" not in letter
    received = datetime.fromisoformat((await edge.client.get(path)).json()["received_at"])
    later = (received + timedelta(days=31)).isoformat().replace("+00:00", "Z")
    listed = await edge.client.get("/v1/notices", params={"due_before": later})
    (waiting,) = listed.json()["items"]
    assert listed.json()["trace_id"] == listed.headers["x-trace-id"]
    assert datetime.fromisoformat(waiting["due_at"]) == received + timedelta(days=30)


HOSTILE = '<script>alert(1)</script> [x](javascript:1) ![i](http://evil.test/i) </address>&amp;"\u202e# - '


async def test_a_hostile_name_is_text(edge):
    """A name is printed as it was typed and is no markup in any form, no link, no turned direction."""
    applicant = {"name": HOSTILE, "address": "1. <img src=x onerror=alert(1)>\n- > # ```"}
    decision_id = await posted(edge, "decline", application=DECLINED, applicant=applicant)
    letter = await notice(edge, decision_id)
    assert set(re.findall(r"</?([a-z0-9]+)", letter)) <= {
        "html", "head", "meta", "title", "style", "body", "address", "p", "h1", "h2", "section", "dl", "dt",
        "dd", "ul", "li",
    }  # fmt: skip
    assert (
        '<script>alert(1)</script> [x](javascript:1) ![i](http://evil.test/i) </address>&amp;"# -'
        in html.unescape(letter)
    )
    assert "\u202e" not in letter
    response = await edge.client.get(f"/v1/decisions/{decision_id}/notice")
    assert "default-src 'none'" in response.headers["content-security-policy"]
    marked = await notice(edge, decision_id, "text/markdown")
    assert not re.search(r"(?<!\\)[<\[`]", marked)
    assert not re.search(
        r"(?m)^(?!- (Credit|Amount|Term|Application|Our|Exc)|# Notice|## )[-#>]|^\d+[.)]", marked
    )


async def test_erasing_a_person_empties_the_letter(edge):
    """The person is gone from the letter that was kept; its hash stays and it is not written again."""
    decision_id = await posted(edge, "decline", application=DECLINED, sources=[REPORT])
    await notice(edge, decision_id)
    assert await erase_person(edge.services.engine, UUID(decision_id))
    response = await edge.client.get(f"/v1/decisions/{decision_id}/notice")
    assert response.status_code == 409
    assert response.json()["errors"][0]["field"] == "applicant.name"
    async with edge.services.engine.connect() as connection:
        (row,) = (await connection.exec_driver_sql("select content, sha256 from notice_document")).all()
    assert (row.content, len(row.sha256)) == (None, 32)


@pytest.mark.parametrize(
    "change",
    [
        "update notice_document set content = 'other', sha256 = sha256('other')",
        "update notice_document set written_at = now()",
        "update notice_document set content = null, written_at = now()",
        "delete from notice_document",
        "truncate notice_document",
    ],
)
async def test_what_was_sent_cannot_be_changed(edge, change):
    """The database refuses to change or lose a letter."""
    await notice(edge, await posted(edge, "decline", application=DECLINED))
    with pytest.raises(Exception, match="refused"):
        async with edge.services.engine.begin() as connection:
            await connection.exec_driver_sql(change)


async def test_what_waits_is_listed_until_it_is_sent(edge):
    """The most urgent first, overdue ones too; the first time that it is said to be sent stays."""
    old = (datetime.now(UTC) - timedelta(days=29)).strftime("%Y-%m-%dT%H:%M:%SZ")
    urgent = await posted(edge, "decline", application=DECLINED, received_at=old)
    calm = await posted(edge, "incomplete", application=application(income=None))
    await posted(edge, "decline", application=DECLINED, as_of="2026-07-01")
    waiting = (await edge.client.get("/v1/notices")).json()["items"]
    assert [(each["decision_id"], each["kind"], each["sent_at"]) for each in waiting] == [
        (urgent, "adverse_action", None)
    ]
    far = "2999-01-01T00:00:00Z"
    listed = (await edge.client.get("/v1/notices", params={"due_before": far})).json()["items"]
    assert [each["decision_id"] for each in listed] == [urgent, calm]
    path = f"/v1/decisions/{urgent}/notice"
    first = (await edge.client.post(path, json={"channel": "letter"})).json()
    again = (await edge.client.post(path, json={"channel": "email"})).json()
    assert first.pop("trace_id") != again.pop("trace_id")
    assert (first["channel"], first) == ("letter", again)
    assert first["sent_at"].endswith("Z")
    assert (await edge.client.get("/v1/notices")).json()["items"] == []
    for body in ({}, {"channel": ""}, {"channel": "letter", "sent_at": far}, {"channel": "x", "by": "me"}):
        assert (await edge.client.post(path, json=body)).status_code == 422
