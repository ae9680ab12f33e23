"""The demo's client: what is for now only is repeated with the same key, what is an answer is believed."""

import httpx
import pytest

from infra.demo.client import Api, side_by_side
from infra.local.state import LocalProblem

KEYED = {"body": {"note": "x"}, "key": "demo/1"}


def api(*answers: httpx.Response | httpx.TransportError) -> tuple[Api, list[httpx.Request]]:
    """An API that gives these answers one after the other, and what it was asked."""
    waiting, asked = list(answers), []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        answer = waiting.pop(0)
        if isinstance(answer, httpx.TransportError):
            raise answer
        return answer

    return Api("http://daybook.test", 2, httpx.MockTransport(handle)), asked


SOON = {"retry-after": "0"}


@pytest.mark.parametrize(
    "passing", [httpx.Response(503, headers=SOON), httpx.Response(429, headers=SOON), httpx.Response(409, headers=SOON), httpx.ReadError("gone")]
)
async def test_what_is_for_now_only_is_repeated_with_the_same_key_and_body(passing):
    known, asked = api(passing, httpx.Response(200, json={"id": "1"}, headers={"daybook-position": "7"}))
    async with known:
        answer = await known.ask("POST", "/notes", **KEYED)
    assert (answer.ok, answer.position, known.position, known.repeated) == (True, 7, 7, 1)
    assert [request.headers["idempotency-key"] for request in asked] == ["demo/1", "demo/1"]
    assert asked[0].content == asked[1].content == b'{"note":"x"}'


async def test_a_refusal_is_an_answer():
    known, asked = api(httpx.Response(409, json={"code": "invalid_transition", "detail": "No."}))
    async with known:
        answer = await known.ask("POST", "/status", **KEYED)
    assert (answer.status, answer.problem.code, len(asked)) == (409, "invalid_transition", 1)


async def test_a_system_that_never_answers_is_given_up_in_one_line():
    known, _ = api(httpx.Response(503, headers=SOON))
    known.patience = 0.0
    async with known:
        with pytest.raises(LocalProblem, match=r"http://daybook.test does not answer \(503\); run the demo again to go on"):
            await known.ask("GET", "/")


async def test_an_error_of_one_worker_ends_all_and_is_raised_as_it_is():
    ended = 0

    async def work() -> None:
        nonlocal ended
        ended += 1
        raise LocalProblem("once")

    with pytest.raises(LocalProblem, match="once"):
        await side_by_side(3, work)
    assert ended >= 1
