"""The export of one's own data: everything by or about the person, their own fields in clear, nobody else's, never all of it at once."""

import json
from typing import Any
from uuid import UUID, uuid4

import pytest

from application.identity.export import ExportPersonalData
from application.shared.context import Caller, Context
from domain.identity.events import IdentityLinked, IdentityUnlinked, Sealed
from domain.shared.refused import InsufficientScope, Unauthenticated
from infra.postgres import traces
from tests.eventually import eventually
from tests.http.daybook import PASSWORD, Api, problem

ADA = {"name": "Ada Lovelace", "password": PASSWORD}
PATH = "/api/v1/users/me/export"


async def ada(api: Api) -> tuple[UUID, dict[str, str]]:
    """Another one each time."""
    body = ADA | {"email": f"ada@{uuid4().hex}.example"}
    made = await api("POST", "/api/v1/auth/register", json=body, headers={"User-Agent": "Analytical/1"})
    return UUID(made.json()["user"]["id"]), {"Authorization": f"Bearer {made.json()['access_token']}"}


async def exported(api: Api, who: dict[str, str]) -> dict[str, Any]:
    answer = await api("GET", PATH, who)
    assert answer.status_code == 200, answer.text
    assert answer.headers["ratelimit-policy"].startswith('"export"')
    found: dict[str, Any] = answer.json()
    return found


def data(document: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [event["data"] for event in document["events"] if event["type"] == kind]


async def test_the_person_finds_themselves_in_clear_with_all_they_did_and_all_that_was_done_to_them(api: Api):
    person_id, mine = await ada(api)
    email = (await api("GET", "/api/v1/users/me", mine)).json()["email"]
    await api("PATCH", "/api/v1/users/me", mine, json={"name": "Ada King"})
    task = (await api("POST", "/api/v1/tasks", mine, json={"title": "Note G"})).json()
    await api("POST", f"/api/v1/users/{person_id}/disable", await api.admin(), json={"reason": "mistake"})
    await api("POST", f"/api/v1/users/{person_id}/enable", await api.admin())
    mine = await api.sign_in(email)
    document = await exported(api, mine)
    assert (document["account"]["email"], document["account"]["name"]) == (email, "Ada King")
    assert data(document, "user.registered")[0]["email"] == email
    assert data(document, "user.renamed")[0]["name"] == "Ada King"
    assert json.loads(data(document, "user.session_opened")[0]["client"])["agent"] == "Analytical/1"
    assert data(document, "user.disabled")[0]["reason"] == "mistake"
    assert task["id"] in {event["stream_id"] for event in document["events"] if event["type"] == "task.created"}
    by = {event["type"]: event["by_you"] for event in document["events"]}
    assert (by["task.created"], by["user.disabled"]) == (True, False)
    positions = [event["position"] for event in document["events"]]
    assert positions == sorted(set(positions))
    assert document["events"][-1]["type"] == "user.personal_data_exported"
    assert document["position"] == positions[-1]
    assert not any(secret in json.dumps(document) for secret in (PASSWORD, "$2b$"))


async def test_sessions_and_keys_stand_there_as_they_are_listed(api: Api):
    _, mine = await ada(api)
    made = await api("POST", "/api/v1/api-keys", mine, json={"name": "nightly import", "scopes": ["tasks:read"]})

    async def has() -> bool:
        document = await exported(api, mine)
        return len(document["sessions"]) == len(document["api_keys"]) == 1

    await eventually(has)
    document = await exported(api, mine)
    assert (document["sessions"][0]["user_agent"], document["sessions"][0]["current"]) == ("Analytical/1", True)
    assert (document["api_keys"][0]["name"], document["api_keys"][0]["id"]) == ("nightly import", made.json()["id"])
    assert data(document, "api_key.issued")[0]["name"] == "nightly import"
    assert made.json()["key"].rpartition("_")[2] not in json.dumps(document)


async def test_nobody_elses_name_or_address_stands_there(api: Api):
    await ada(api)
    body = {"email": "bob@elsewhere.example", "name": "Bob Byron", "password": PASSWORD}
    made = await api("POST", "/api/v1/users", await api.admin(), json=body | {"role": "user"})
    answer = await api("GET", PATH, await api.admin())
    assert made.json()["id"] in answer.text  # What the administrator did stands there,
    assert {"email": "sealed", "name": "sealed"}.items() <= data(answer.json(), "user.registered")[-1].items()
    for word in ("bob@", "Bob", "ada@", "Lovelace"):  # but not to whom.
        assert word not in answer.text


async def test_a_long_history_comes_in_parts_and_is_the_same(api: Api, monkeypatch):
    _, mine = await ada(api)
    for nth in range(30):
        await api("POST", "/api/v1/tasks", mine, json={"title": f"task {nth}"})
    whole = await exported(api, mine)
    parts = []
    run = traces.PostgresTraces.of

    async def counted(self, *arguments):
        async for part in run(self, *arguments):
            parts.append(len(part))
            yield part

    monkeypatch.setattr(traces.PostgresTraces, "of", counted)
    monkeypatch.setattr(traces, "SEARCH", traces.SEARCH.replace(f"limit {traces.PART}", "limit 4"))
    monkeypatch.setattr(traces, "PART", 4)
    monkeypatch.setattr(traces, "WINDOW", 10)
    again = await exported(api, mine)
    assert again["events"][: len(whole["events"])] == whole["events"]
    assert max(parts) == 4
    assert len(parts) > 7


async def test_linked_identities_are_those_that_are_linked_now(api: Api):
    person_id, mine = await ada(api)
    key = api.system.sealing.open("person_key", person_id, await api.system.log.secret("person_key", person_id))
    subject = Sealed(api.system.sealing.seal_personal(key, person_id, "sub-1").decode())
    linked = [IdentityLinked(user_id=person_id, provider=name, issuer=f"https://{name}.test", subject=subject) for name in ("one", "two")]
    await happened(api, person_id, *linked, IdentityUnlinked(user_id=person_id, provider="one", issuer="https://one.test"))
    document = await exported(api, mine)
    assert document["linked_identities"] == [{"provider": "two", "issuer": "https://two.test", "subject": "sub-1"}]


async def happened(api: Api, person_id: UUID, *events: Any) -> None:
    from application.shared.work import UnitOfWork
    from domain.identity.user import User

    work = UnitOfWork(api.system.log, api.system.sealing)
    await work.change(User, person_id, lambda _: list(events))
    await api.system.log.append(work.entry(api.system.context(), api.system.log.now()))


async def test_keys_and_programs_get_nothing_whatever_their_scopes(api: Api):
    person_id, _ = await ada(api)
    for caller, why in (
        (Caller(person_id, "user", scopes=frozenset({"self:read", "self:*"})), InsufficientScope),
        (Caller(None, "user"), Unauthenticated),
    ):
        with pytest.raises(why):
            await api.system.dispatch(ExportPersonalData(), Context(caller, api.system.context().command_id))
    assert problem(await api("GET", PATH)) == (401, "unauthenticated")
