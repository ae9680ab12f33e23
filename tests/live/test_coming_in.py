"""Who may listen: a proof that counts now, from a page that may call, in bounds; and nobody a second longer."""

import asyncio
import base64

import pytest
from msgspec.structs import replace
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tests.eventually import eventually
from tests.http.daybook import problem
from tests.live.clients import address, streams


async def test_a_ticket_stands_for_its_token_once(here):
    ada = await here.api.account()
    ticket = await here.ticket(ada.headers)
    async with here.listens(None, "tasks", ticket=ticket) as listener:
        await listener.hears("live.subscribed")
        task = await here.api.task(ada.headers)
        await listener.hears("task.created", id=task["id"])
    assert await here.refusal(None, "tasks", ticket=ticket) == 4001


async def test_of_twenty_who_show_the_same_ticket_at_once_one_comes_in(here):
    ada = await here.api.account()
    ticket = await here.ticket(ada.headers)

    async def try_it() -> bool:
        async with here.listens(None, "tasks", ticket=ticket) as listener:
            return (await listener.next())["type"] == "live.subscribed"

    assert sum(await asyncio.gather(*(try_it() for _ in range(20)))) == 1


async def test_a_ticket_for_an_api_key_reaches_as_far_as_the_key(here):
    ada = await here.api.account()
    body = {"name": "wall", "scopes": ["live:connect", "tasks:read"], "owner_id": ada.id}
    made = await here.api("POST", "/api/v1/api-keys", await here.api.admin(), json=body)
    key = {"X-API-Key": made.json()["key"]}
    async with here.listens(None, "tasks", ticket=await here.ticket(key)) as listener:
        await listener.hears("live.subscribed")
    assert await here.refusal(key, "projects") == 4003
    async with here.listens(key, "tasks") as listener:
        await listener.hears("live.subscribed")
        gone = await here.api("DELETE", f"/api/v1/api-keys/{made.json()['id']}", ada.headers)
        assert gone.status_code == 204, gone.text
        assert await listener.closed(2) == 4009


async def test_a_key_that_may_not_read_tasks_hears_nothing_of_them_through_their_project(here):
    ada = await here.api.account()
    project = (await here.api("POST", "/api/v1/projects", ada.headers, json={"name": "Garden"})).json()["id"]
    for scopes, code in ((["live:connect", "projects:read"], 4003), (["live:connect", "projects:read", "tasks:read"], None)):
        body = {"name": f"wall of {len(scopes)}", "scopes": scopes, "owner_id": ada.id}
        key = {"X-API-Key": (await here.api("POST", "/api/v1/api-keys", await here.api.admin(), json=body)).json()["key"]}
        if code is not None:
            assert await here.refusal(key, f"project:{project}") == code
            continue
        async with here.listens(key, f"project:{project}") as listener:
            await listener.hears("live.subscribed")


@pytest.mark.parametrize("headers", [None, {"Authorization": "Bearer nonsense"}, {"Authorization": "Basic YTpi"}, {"X-API-Key": "dbk_1_2"}])
async def test_without_a_proof_a_connection_is_closed_with_4001(here, headers):
    assert await here.refusal(headers, "tasks") == 4001
    assert await here.refusal(headers, "tasks", ticket="nonsense") == 4001


async def test_no_token_in_an_address_counts(here):
    ada = await here.api.account()
    token = ada.headers["Authorization"].removeprefix("Bearer ")
    for name in ("token", "access_token", "authorization", "ticket"):
        assert await here.refusal(None, "tasks", **{name: token}) == 4001


async def test_a_ticket_is_kept_only_sealed(here):
    ada = await here.api.account()
    ticket = await here.ticket(ada.headers)
    token = ada.headers["Authorization"].removeprefix("Bearer ").encode()
    kept = [key async for key in here.api.system.redis.scan_iter("daybook.live:*")]
    assert kept
    for key in kept:
        value = await here.api.system.redis.get(key)
        assert ticket.encode() not in key
        assert token not in value
        assert base64.b64encode(token) not in value
        assert 0 < await here.api.system.redis.ttl(key) <= 30


async def test_pages_of_other_origins_may_not_listen(here):
    ada = await here.api.account()
    foreign = ("https://evil.example", "null", "http://[")
    for origin in ("http://localhost:3000", "http://127.0.0.1:3000", *foreign):
        headers = {**ada.headers, "Origin": origin}
        if origin not in foreign:
            async with here.listens(headers, "tasks") as listener:
                await listener.hears("live.subscribed")
        else:
            with pytest.raises(InvalidStatus) as refused:
                async with here.listens(headers, "tasks"):
                    pass
            assert refused.value.response.status_code == 403
            async with streams(here.http, headers, "tasks") as (answer, _):
                assert (answer.status_code, answer.headers["content-type"]) == (403, "application/problem+json")


@pytest.mark.parametrize("how", ["log out", "disable", "role"])
async def test_who_is_signed_out_or_changed_is_closed_within_a_second(here, how):
    ada = await here.api.account()
    async with here.listens(ada.headers, "tasks") as listener, streams(here.http, ada.headers, "tasks") as (_, events):
        await listener.hears("live.subscribed")
        assert (await anext(events)).name == "live.subscribed"
        admin, user = await here.api.admin(), f"/api/v1/users/{ada.id}"
        asked = {
            "log out": here.api("POST", "/api/v1/auth/logout", ada.headers),
            "disable": here.api("POST", f"{user}/disable", admin, json={"reason": "left"}),
            "role": here.api("POST", f"{user}/roles", admin, json={"role": "auditor"}),
        }
        done = await asked.pop(how)
        for other in asked.values():
            other.close()
        assert done.status_code < 300, done.text
        began = asyncio.get_running_loop().time()
        assert await listener.closed(3) == 4009
        error = await anext(events)
        assert (error.name, error.data["close"]) == ("error", 4009)
        assert asyncio.get_running_loop().time() - began < 1


async def test_a_token_ends_with_its_time(here):
    ada = await here.api.account()
    async with here.listens(ada.headers, "tasks") as listener:
        await listener.hears("live.subscribed")
        board = here.board
        line = next(one for one in board.lines if str(one.caller.id) == ada.id)
        line.proof = replace(line.proof, claims=replace(line.proof.claims, exp=int(here.api.system.log.now().timestamp())))
        assert await listener.closed(3) == 4009


async def test_one_principal_has_twenty_connections_and_hanging_up_makes_room(here):
    ada = await here.api.account()
    sockets = [await connect(address(here.base, ("tasks",)), additional_headers=ada.headers) for _ in range(20)]
    for socket in sockets:
        assert "live.subscribed" in str(await socket.recv())
    assert await here.refusal(ada.headers, "tasks") == 1013
    async with streams(here.http, ada.headers, "tasks") as (answer, _):
        assert answer.status_code == 429
        assert "retry-after" in answer.headers
    await asyncio.gather(*(socket.close() for socket in sockets))

    async def welcome() -> bool:
        async with here.listens(ada.headers, "tasks") as listener:
            return (await listener.next())["type"] == "live.subscribed"

    await eventually(welcome)


async def test_frames_are_small_understood_and_answered(here):
    ada = await here.api.account()
    async with here.listens(ada.headers) as listener:
        for nonsense in ("{", "[]", '{"subscribe": 7}', '{"other": []}', b"\xff\xfe"):
            await listener.socket.send(nonsense)
            assert (await listener.next())["code"] == "not_understood"
        await listener.say(subscribe=["tasks", "projects"])
        assert (await listener.next())["channels"] == ["tasks", "projects"]
        await listener.say(unsubscribe=["tasks"])
        assert (await listener.next())["type"] == "live.unsubscribed"
        task = await here.api.task(ada.headers)
        await listener.say(subscribe=["tasks"], after=task["position"])
        assert (await listener.next())["channels"] == ["projects", "tasks"]
        assert listener.events == []
        await listener.socket.send("x" * 70_000)
        assert await listener.closed() == 1009
    assert await here.refusal(ada.headers, "nonsense") == 1008
    assert await here.refusal(ada.headers, "task:nonsense") == 1008
    async with here.listens(ada.headers) as listener:
        await listener.say(subscribe=[f"task:01a1f8bf-8ca0-718f-8851-{nth:012}" for nth in range(101)])
        assert await listener.closed() == 1008


async def test_the_handshake_has_the_headers_of_every_answer(here):
    ada = await here.api.account()
    async with here.listens({**ada.headers, "traceparent": f"00-{'ab' * 16}-{'cd' * 8}-01"}, "tasks") as listener:
        headers = listener.socket.response.headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "ab" * 16 in headers["traceparent"]
        assert "content-security-policy" in headers


async def test_without_redis_there_are_no_tickets_but_tokens_still_count(here, monkeypatch):
    ada = await here.api.account()
    ticket = await here.ticket(ada.headers)

    async def away(*_, **__):
        raise ConnectionError("Redis is away")

    redis = here.api.system.redis
    monkeypatch.setattr(redis, "set", away)
    monkeypatch.setattr(redis, "getdel", away)
    assert problem(await here.http.post("/api/v1/live/tickets", headers=ada.headers)) == (503, "dependency_unavailable")
    assert await here.refusal(None, "tasks", ticket=ticket) == 1013
    async with here.listens(ada.headers, "tasks") as listener:
        await listener.hears("live.subscribed")


async def test_every_refusal_of_a_page_is_a_problem_before_the_stream_begins(here):
    ada = await here.api.account()
    for who, channels, query, status in (
        (None, ("tasks",), {}, 401),
        (ada.headers, ("all",), {}, 403),
        (ada.headers, ("task:01a1f8bf-8ca0-718f-8851-6ffd7c49c478",), {}, 404),
        (ada.headers, ("nonsense",), {}, 400),
        (ada.headers, (), {}, 400),
        (ada.headers, ("tasks",), {"after": 10**12}, 409),
        (ada.headers, ("tasks",), {"after": "x"}, 400),
        (ada.headers, ("tasks",), {"other": "1"}, 400),
    ):
        async with streams(here.http, who, *channels, **query) as (answer, _):
            await answer.aread()
            assert (answer.status_code, problem(answer)[0]) == (status, status), answer.text
    asked = await here.http.get("/api/v1/live", params={"channel": "tasks"}, headers=ada.headers)
    assert problem(asked) == (406, "not_acceptable")
