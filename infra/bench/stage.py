"""A whole Daybook for HTTP measurements: API, relay, consumers, the bare echo beside it, users with tokens, and some tasks."""

import asyncio
import http.client
import time
from typing import Any, Final

import uvloop

from application.identity.typed import Typed
from application.identity.user import RegisterUser
from application.shared.context import ANONYMOUS, Caller, Context
from application.tasks.task import CreateTask
from infra.app import new_id, system
from infra.bench import echo
from infra.bench.load import Plan, Result
from infra.bench.place import CLIENTS, Place
from infra.bench.wrk import under_load
from infra.local.program import free_port
from infra.processes import consumers, relay, serve
from infra.security.tokens import RsaTokens
from infra.settings import Settings

USERS: Final = 96
TASKS: Final = 24
"""Tasks of each user before anything is measured: more than the page of P4b shows."""
BODY: Final = '{"title":"Replace the fan of rack 12","description":"It is loud, and it has been for a week.","priority":"high"}'


def people(settings: Settings) -> list[tuple[str, list[str]]]:
    """Register users, each with tasks: their tokens and the tasks' ids."""
    return uvloop.run(_people(settings))


async def _people(settings: Settings) -> list[tuple[str, list[str]]]:
    tokens, few = RsaTokens.read(settings), asyncio.Semaphore(4)
    async with system(settings) as parts:

        async def one(nth: int) -> tuple[str, list[str]]:
            wish = RegisterUser(email=f"user{nth}@example.org", name=f"User {nth}", password=Typed("a garden of forking paths"))
            async with few:  # more at once would be refused
                signed = (await parts.dispatch(wish, Context(ANONYMOUS, new_id()))).result
            caller = Caller(signed.person.id, "user", signed.session_id)
            made = [await parts.dispatch(CreateTask(title=f"Task {number} of user {nth}"), Context(caller, new_id())) for number in range(TASKS)]
            token = tokens.issue(signed.grant, parts.log.now())
            return token, [str(task.result.id) for task in made]

        return await asyncio.gather(*(one(nth) for nth in range(USERS)))


class Stage:
    """Everything runs from the beginning to the end, whichever server is asked."""

    def __init__(self, place: Place) -> None:
        self.place = place
        place.say("starting API, relay, consumers and the bare echo")
        self.settings = place.settings(bcrypt_cost=4, jwt_expires_in="1d")
        self.api, self.bare, *others = (free_port() for _ in range(4))
        self.people = place.run(people, self.settings)
        place.keep(relay.main, self.settings, port=others[0])
        place.keep(consumers.main, self.settings, port=others[1])
        place.keep(serve.main, self.settings, port=self.api)
        place.keep(echo.serve, port=self.bare)
        self._wait()

    def _wait(self) -> None:
        wait_for(self.place, self.api)
        wait_for(self.place, self.bare, "POST", "/echo", BODY)
        time.sleep(1.0)  # the consumers fold what is there

    def load(self, port: int, requests: list[tuple[str, str]], **more: Any) -> Result:
        """Put load on a server; raises RuntimeError when it does not answer as it should."""
        plan = Plan(port=port, requests=requests, connections=CLIENTS, warm_up=self.place.seconds(2), seconds=self.place.seconds(5), **more)
        told = under_load(self.place, plan)
        if told.others or not told.answers:
            raise RuntimeError(f"{told.others} of {told.answers + told.others} requests failed: {requests[0][0].splitlines()[0]}")
        return told

    @property
    def creating(self) -> list[tuple[str, str]]:
        """Requests that create a task, each token in turn, with fresh keys."""
        return [
            (f"{_head('POST', '/api/v1/tasks')}Authorization: Bearer {token}\r\nIdempotency-Key: ", f"\r\n{_body(BODY)}") for token, _ in self.people
        ]

    @property
    def reading(self) -> list[tuple[str, str]]:
        """Requests for one task by id, each token in turn."""
        return [
            (f"{_head('GET', f'/api/v1/tasks/{tasks[nth]}')}Authorization: Bearer {token}\r\n\r\n", "")
            for nth in range(TASKS)
            for token, tasks in self.people
        ]

    @property
    def listing(self) -> list[tuple[str, str]]:
        """Requests for a page of 20 by status."""
        path = "/api/v1/tasks?status=pending&limit=20"
        return [(f"{_head('GET', path)}Authorization: Bearer {token}\r\n\r\n", "") for token, _ in self.people]

    @property
    def echoing(self) -> list[tuple[str, str]]:
        """Requests to the bare echo."""
        return [(_head("POST", "/echo") + _body(BODY), "")]


def wait_for(place: Place, port: int, method: str = "GET", path: str = "/ready", body: str | None = None) -> None:
    """Wait until a server answers with 200; raises RuntimeError when it does not."""
    deadline = time.monotonic() + 30
    while not _answers(port, method, path, body):
        if time.monotonic() > deadline:
            raise RuntimeError(f"no server on port {port}: {place.output.read_text(errors='replace')[-2000:]}")
        time.sleep(0.05)


def _head(method: str, path: str) -> str:
    return f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n"


def _body(text: str) -> str:
    return f"Content-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n{text}"


def _answers(port: int, method: str, path: str, body: str | None) -> bool:
    asking = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        asking.request(method, path, body, {"Content-Type": "application/json"} if body else {})
        return asking.getresponse().status == 200
    except OSError:
        return False
    finally:
        asking.close()
