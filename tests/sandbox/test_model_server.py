"""The reference model APIs over real HTTP on the loopback."""

import asyncio
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import aiohttp
import pytest

from app import lifeline
from app.sandbox.applications import sample_applications
from app.sandbox.model_server import LARGEST_BODY, address_of, listen, serve
from app.sandbox.pricing import price
from app.sandbox.scoring import read_scorecard
from app.sandbox.terms import terms_on
from decisioning.model import PriceAnswer, ScoreAnswer

APPLICATION = dict(sample_applications()[0].application)


def asked(**fields: object) -> dict[str, object]:
    """A request for the first application of the data, with further fields."""
    return {"product": "consumer-loan", "application": APPLICATION, **fields}


class Apis:
    """The two APIs' addresses and a session to call them with."""

    def __init__(self, scoring: str, pricing: str, session: aiohttp.ClientSession) -> None:
        self.scoring, self.pricing, self._session = scoring, pricing, session

    async def post(self, url: str, body: object) -> tuple[int, Any]:
        """Status and JSON of an answer to a body, JSON or raw."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        async with self._session.post(url, data=io.BytesIO(data)) as response:
            return response.status, await response.json()

    async def get(self, url: str) -> tuple[int, Any]:
        """Status and JSON of an answer."""
        async with self._session.get(url) as response:
            return response.status, await response.json()


@pytest.fixture
async def apis() -> AsyncIterator[Apis]:
    """Both APIs on free ports, stopped as a process is, by a signal."""
    scoring, pricing = listen(0), listen(0)
    addresses = address_of(scoring), address_of(pricing)
    serving = asyncio.create_task(serve(scoring, pricing))
    async with aiohttp.ClientSession() as session:
        up = Apis(*addresses, session)
        assert (await up.get(f"{up.pricing}/healthz"))[0] == 200
        yield up
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.wait_for(serving, 10)


async def test_a_score_and_its_price_come_over_http(apis):
    """The answers are those of the models, in the shape that the core reads."""
    status, score = await apis.post(f"{apis.scoring}/v1/score", asked())
    assert (status, ScoreAnswer.model_validate(score)) == (200, read_scorecard().score(APPLICATION))
    body = asked(score=score["score"], pd=score["pd"])
    status, found = await apis.post(f"{apis.pricing}/v1/price", body)
    assert (status, PriceAnswer.model_validate(found).tier) == (200, "C")


async def test_a_batch_is_answered_in_its_order(apis):
    """Every application in one array: as many answers, each the one that a single call would get."""
    applications = [dict(each.application) for each in sample_applications()]
    status, scores = await apis.post(
        f"{apis.scoring}/v1/score", [asked(application=each) for each in applications]
    )
    card = read_scorecard()
    assert status == 200
    assert scores == [card.score(each).model_dump(mode="json") for each in applications]


async def test_a_bad_item_spoils_nothing_else(apis):
    """What cannot be answered gets an error in its place; its neighbours get their answers."""
    status, answers = await apis.post(
        f"{apis.scoring}/v1/score",
        [
            asked(),
            7,
            asked(application={**APPLICATION, "amount": None}),
            asked(application={**APPLICATION, "home": {"is": "nested"}}),
            asked(),
        ],
    )
    assert (status, answers[0]) == (200, answers[4])
    assert "error" not in answers[0]
    assert [each["error"] for each in answers[1:4]] == [
        "a request is an object with product and application",
        "amount: is missing",
        "home: {'is': 'nested'} is not one of other, owner, parents, private, rent",
    ]


async def test_bad_prices_stand_in_their_place(apis):
    """The pricing API's batch form works the same way."""
    status, answers = await apis.post(
        f"{apis.pricing}/v1/price",
        [
            asked(score=600, pd=0.2),
            asked(score="600", pd=0.2),
            asked(score=600, pd=2),
            asked(score=600, pd=0.2, application={"amount": 1e-300, "term_months": 60}),
            asked(score=600, pd=0.2, as_of="2020-01-01"),
            asked(score=600, pd=0.2, as_of="soon"),
            asked(score=600, pd=0.2, application={"amount": "9" * 9999, "term_months": 60}),
        ],
    )
    problems = [each.get("error") for each in answers]
    assert (status, problems[0]) == (200, None)
    assert problems[1:4] == [
        "score: '600' is not a number",
        "pd: 2.0 is not a probability",
        "amount: 1e-300 is too small for 60 payments",
    ]
    assert problems[4:6] == ["no prices are in force on 2020-01-01", "as_of: 'soon' is not a date"]
    assert len(problems[6]) == 300


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"{", 400), (b'{"product": NaN}', 400), (b"7", 422), (b"\xff", 400), (b"[]", 200)],
)
async def test_what_is_no_request_is_refused(apis, body, status):
    """No JSON is 400, JSON that is no request 422, an empty batch an empty answer."""
    assert (await apis.post(f"{apis.scoring}/v1/score", body))[0] == status


async def test_a_body_has_a_largest_size(apis):
    """A body beyond the limit is refused without being read as JSON."""
    assert (await apis.post(f"{apis.scoring}/v1/score", b" " * (LARGEST_BODY + 1)))[0] == 413


async def test_each_api_answers_its_own_path_alone(apis):
    """The scoring API does not price, and a path is posted to."""
    assert (await apis.post(f"{apis.scoring}/v1/price", asked()))[0] == 404
    assert (await apis.get(f"{apis.scoring}/v1/score"))[0] == 405


async def test_health_names_the_model(apis):
    """Each API says which model and version it serves."""
    _, scoring = await apis.get(f"{apis.scoring}/healthz")
    _, pricing = await apis.get(f"{apis.pricing}/healthz")
    assert scoring == {
        "status": "ok",
        "model": "credence-scorecard",
        "version": read_scorecard().version,
    }
    assert (pricing["status"], pricing["model"]) == ("ok", "credence-pricing")


async def test_a_simulation_is_priced_under_its_day(apis):
    """With `as_of` the price is that of the terms in force on that day."""
    day = date(2024, 1, 1)
    terms, version = terms_on(day)
    _, found = await apis.post(f"{apis.pricing}/v1/price", asked(score=600, pd=0.2, as_of=day.isoformat()))
    assert PriceAnswer.model_validate(found) == price(APPLICATION, 600, 0.2, terms, version)


@pytest.mark.parametrize("end", ["SIGTERM", "SIGINT", "the parent's death"])
def test_a_process_of_its_own_ends_when_told(end):
    """SIGTERM, SIGINT and the death of its parent each end the process in order."""
    scoring, pricing = listen(0), listen(0)
    read, write = os.pipe()
    command = [sys.executable, "-m", "app.sandbox.model_server", str(scoring.fileno()), str(pricing.fileno())]
    with subprocess.Popen(
        command,
        pass_fds=(scoring.fileno(), pricing.fileno(), read),
        env={**os.environ, lifeline.VARIABLE: str(read)},
    ) as process:
        os.close(read)
        assert asyncio.run(healthy(address_of(pricing)))
        if end != "the parent's death":
            process.send_signal(getattr(signal, end))
        else:
            os.close(write)
        assert process.wait(10) == 0
    scoring.close()
    pricing.close()


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_the_command_ends_in_order_as_soon_as_it_has_told_its_addresses(end):
    """Whoever reads the addresses may end it at once: exit code 0, nothing on stderr."""
    command = [sys.executable, "-m", "app.cli", "sandbox", "--scoring-port=0", "--pricing-port=0", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert set(json.loads(process.stdout.readline())) == {"scoring", "pricing"}
        process.send_signal(end)
        _, told = process.communicate(timeout=30)
    assert (process.returncode, told) == (0, b"")


async def healthy(url: str) -> bool:
    """Whether the API there answers."""
    async with aiohttp.ClientSession() as session, session.get(f"{url}/healthz") as response:
        return response.status == 200
