"""As whom schemathesis asks: each case as the next of the roles in `FUZZ_ROLES`, always somebody who is still there and signed in."""

import itertools
import os
from typing import Any
from uuid import uuid4

import httpx
import schemathesis

from tests.http.authorisation import ENDS

PASSWORD = "a garden of forking paths"
http = httpx.Client(base_url=os.environ["FUZZ_URL"], headers={"Authorization": os.environ["FUZZ_ADMIN"]}, timeout=200)


def somebody(role: str) -> str | None:
    """A token of a new account with this role; none for `anonymous`."""
    if role == "anonymous":
        return None
    email = f"{role}-{uuid4().hex}@example.org"
    http.post("/api/v1/users", json={"email": email, "name": f"A {role}", "password": PASSWORD, "role": role}).raise_for_status()
    signed_in = http.post("/api/v1/auth/login", json={"email": email, "password": PASSWORD}, headers={"Authorization": ""}).raise_for_status()
    return f"Bearer {signed_in.json()['access_token']}"


ROLES = os.environ["FUZZ_ROLES"].split()
KNOWN = {role: somebody(role) for role in ROLES}
TURNS = itertools.cycle(ROLES)


@schemathesis.hook
def before_call(_: Any, case: Any, __: Any) -> None:
    """Nobody waits for work here."""
    if isinstance(case.body, dict) and case.body.get("wait") in range(1, 31):
        case.body = {**case.body, "wait": 0}


@schemathesis.auth(refresh_interval=None)
class InTurn:
    """Who asks."""

    def get(self, case: Any, _: Any) -> str | None:
        role = next(TURNS)
        named = case.operation.definition.raw.get("operationId")
        return somebody(role) if named in ENDS else KNOWN[role]

    def set(self, case: Any, data: str, _: Any) -> None:
        case.headers = {**(case.headers or {}), "Authorization": data}
