"""What an auditor can see of programs: who was let in, what failed, and what was misused."""

import pytest

from tests.eventually import eventually
from tests.identity.oauth.program import allow, error, person, registered


@pytest.fixture(scope="module")
async def program(api):
    return await registered(api)


async def seen(api, action: str, **fields: str) -> list[dict]:
    """Entries of the audit trail whose details have these."""

    async def there() -> list[dict]:
        answer = await api("GET", "/api/v1/admin/audit", await api.admin(), params={"action": action, "limit": 200, "allow_stale": "true"})
        assert answer.status_code == 200, answer.text
        return [one for one in answer.json()["items"] if all(str(one["details"].get(name)) == value for name, value in fields.items())]

    return await eventually(there)


async def test_consent_and_sign_in_of_a_program_are_there(api, program):
    await program.tokens(await person(api))
    (issued, *_) = await seen(api, "oauth_code.issued", client_id=program.id)
    assert issued["actor"] == issued["details"]["user_id"]
    await seen(api, "oauth_code.redeemed")
    await seen(api, "user.session_opened", client_id=program.id)


async def test_failed_sign_ins_on_the_page_and_of_programs_are_there(api, program):
    await allow(api, await program.ask(), await person(api), password="not this one")
    assert await seen(api, "audit.sign_in_failed", operation="decide_on_consent", code="invalid_credentials")
    program.secret, known = "guessed", program.secret
    assert error(await program.token(grant_type="client_credentials")) == (401, "invalid_client")
    program.secret = known
    assert await seen(api, "audit.sign_in_failed", operation="exchange", code="invalid_client")


async def test_a_code_shown_twice_is_there_with_the_session_it_ended(api, program):
    code = await program.code(await person(api))
    assert (await program.redeem(code)).status_code == 200
    assert error(await program.redeem(code)) == (400, "invalid_grant")
    (reused, *_) = await seen(api, "oauth_code.reuse_detected")
    assert await seen(api, "user.session_ended", session_id=reused["details"]["session_id"], reason="code_reused")


async def test_what_administrators_do_with_programs_is_there(api):
    made = await registered(api)
    assert (await api("POST", f"/api/v1/oauth-clients/{made.id}/rotate-secret", await api.admin())).status_code == 200
    await made.ended()
    for action in ("registered", "secret_rotated", "removed"):
        (entry,) = await seen(api, f"oauth_client.{action}", client_id=made.id)
        assert entry["actor"] is not None
