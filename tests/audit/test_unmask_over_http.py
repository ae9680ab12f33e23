"""Lifting a mask over HTTP: with a reason, freshly signed in, and never kept under an idempotency key."""

import psycopg
import pytest

from tests.eventually import eventually
from tests.http.daybook import Account, Api, misfits, problem


@pytest.fixture
async def auditor(api: Api) -> Account:
    return await api.account("auditor")


def unmask(api: Api, who: Account, user_id: str, reason: str = "Ticket 4711", **headers: str):
    return api("POST", f"/api/v1/users/{user_id}/unmask", who.headers, json={"reason": reason}, headers=headers)


async def test_the_answer_shows_who_it_is_and_the_trail_says_who_looked_and_why(api, auditor):
    ann = await api.account()
    answer = await unmask(api, auditor, ann.id)
    assert answer.status_code == 200
    assert (answer.json()["id"], answer.json()["name"]) == (ann.id, "One user")
    assert answer.json()["email"].endswith("@example.org")
    query = f"/api/v1/admin/audit?action=user.personal_data_unmasked&subject={ann.id}"

    async def listed() -> bool:
        return bool((await api("GET", query, auditor.headers)).json()["items"])

    await eventually(listed)
    (entry,) = (await api("GET", query, auditor.headers)).json()["items"]
    assert (entry["actor"], entry["details"]["reason"]) == (auditor.id, "Ticket 4711")


@pytest.mark.parametrize("reason", ["", "   "])
async def test_without_a_reason_nothing_is_shown(api, auditor, reason):
    assert misfits(await unmask(api, auditor, auditor.id, reason))[0][0] == "/reason"


async def test_only_who_may_and_only_after_a_fresh_sign_in(api, auditor):
    ann = await api.account()
    assert problem(await unmask(api, ann, auditor.id)) == (403, "insufficient_role")
    async with api.with_rules(step_up_seconds=-1) as stricter:  # Nobody is fresh enough.
        late = await stricter.post(f"/api/v1/users/{ann.id}/unmask", headers=auditor.headers, json={"reason": "Ticket 4711"})
    assert problem(late) == (401, "reauthentication_required")
    assert "insufficient_user_authentication" in late.headers["www-authenticate"]


async def test_the_answer_is_not_kept_under_an_idempotency_key(api, auditor):
    ann = await api.account()
    first = await unmask(api, auditor, ann.id, **{"Idempotency-Key": "look-1"})
    again = await unmask(api, auditor, ann.id, **{"Idempotency-Key": "look-1"})
    assert again.json()["email"] == first.json()["email"]
    assert again.json()["version"] == first.json()["version"] + 1
    other = await unmask(api, auditor, ann.id, "Another reason", **{"Idempotency-Key": "look-1"})
    assert problem(other) == (422, "idempotency_key_reused")
    with psycopg.connect(api.database.owner_url) as connection:
        kept = connection.execute("select count(*) from daybook.http_keys where answer is not null and caller = %s", [auditor.id]).fetchone()
    assert kept == (0,)
