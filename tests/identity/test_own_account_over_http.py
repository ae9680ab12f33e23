"""One's own e-mail and password, as clients speak of them: statuses, shapes, codes; and what strangers are told, which is nothing."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
from litestar.testing import AsyncTestClient

from tests.identity.accounts import link
from tests.identity.http import client
from tests.identity.second_factors import LOGIN, bearer, told
from tests.identity.small_daybook import PASSWORD, Identity

NEW = "another garden of paths"
ADA = LOGIN | {"name": "Ada Lovelace"}
REGISTER, LOG_IN, ME = "/api/v1/auth/register", "/api/v1/auth/login", "/api/v1/auth/me"
EMAIL, VERIFY, RESEND = "/api/v1/users/me/email", "/api/v1/auth/verify-email", "/api/v1/auth/verify-email/resend"
CHANGE, FORGOT, RESET = (f"/api/v1/auth/password/{word}" for word in ("change", "forgot", "reset"))


@pytest.fixture
async def http(identity: Identity) -> AsyncIterator[AsyncTestClient[Any]]:
    async with client(identity) as opened:
        yield opened


@pytest.fixture
async def ada(http) -> Any:
    return await http.post(REGISTER, json=ADA)


def whose(answer: Any) -> UUID:
    return UUID(answer.json()["user"]["id"])


async def test_the_link_of_a_mail_proves_the_email(http, identity, ada):
    assert (await http.get(ME, headers=bearer(ada))).json()["email_verified"] is False
    token = link(identity, "verify-email", whose(ada))
    used = await http.post(VERIFY, json={"token": token})
    assert (used.status_code, used.content) == (204, b"")
    assert (await http.get(ME, headers=bearer(ada))).json()["email_verified"] is True
    for wrong in (token, "x", "a" * 160):
        assert told(await http.post(VERIFY, json={"token": wrong})) == (400, "invalid_link")
    assert told(await http.post(VERIFY, json={"token": "a" * 161})) == (400, "validation_failed")


async def test_another_email_is_ones_own_when_its_link_was_used(http, identity, ada):
    asked = await http.post(EMAIL, json={"email": "New@example.org"}, headers=bearer(ada))
    assert (asked.status_code, asked.json()["email_verified"]) == (202, False)
    assert asked.json()["link_expires_at"].startswith("2026-11-21T12:00")
    assert (await http.get(ME, headers=bearer(ada))).json()["email"] == "ada@example.org"
    assert (await http.post(VERIFY, json={"token": link(identity, "verify-email", whose(ada))})).status_code == 204
    me = (await http.get(ME, headers=bearer(ada))).json()
    assert (me["email"], me["email_verified"]) == ("new@example.org", True)
    assert told(await http.post(LOG_IN, json=LOGIN)) == (401, "invalid_credentials")
    assert (await http.post(LOG_IN, json=LOGIN | {"email": "new@example.org"})).status_code == 200


async def test_changing_an_email_asks_for_a_recent_sign_in_and_for_an_email_nobody_has(http, identity, ada):
    await http.post(REGISTER, json=ADA | {"email": "bob@example.org"})
    assert told(await http.post(EMAIL, json={"email": "bob@example.org"}, headers=bearer(ada))) == (409, "email_taken")
    assert told(await http.post(EMAIL, json={"email": "new@example.org"})) == (401, "unauthenticated")
    identity.later(601)
    assert told(await http.post(EMAIL, json={"email": "new@example.org"}, headers=bearer(ada))) == (401, "reauthentication_required")
    again = await http.post(RESEND, headers=bearer(ada))
    assert (again.status_code, identity.facts().count("EmailVerificationAsked")) == (202, 3)


async def test_who_was_faster_has_the_email(http, identity, ada):
    await http.post(EMAIL, json={"email": "new@example.org"}, headers=bearer(ada))
    assert (await http.post(REGISTER, json=ADA | {"email": "new@example.org"})).status_code == 201
    assert told(await http.post(VERIFY, json={"token": link(identity, "verify-email", whose(ada))})) == (409, "email_taken")
    assert (await http.get(ME, headers=bearer(ada))).json()["email"] == "ada@example.org"


@pytest.mark.parametrize(("method", "old"), [("POST", "old_password"), ("POST", "current_password"), ("PUT", "old_password")])
async def test_a_password_is_changed_by_who_knows_it_and_all_other_sessions_end(http, identity, ada, method, old):
    other = await http.post(LOG_IN, json=LOGIN)
    body = {old: PASSWORD, "new_password": NEW, "confirm_password": NEW}
    changed = await http.request(method, CHANGE, json=body, headers=bearer(ada))
    assert (changed.status_code, changed.content) == (204, b"")
    identity.later(1)
    assert (await http.get(ME, headers=bearer(ada))).status_code == 200
    assert told(await http.get(ME, headers=bearer(other))) == (401, "invalid_token")
    assert told(await http.post("/api/v1/auth/refresh", json={"refresh_token": other.json()["refresh_token"]})) == (401, "invalid_token")
    assert (await http.post(LOG_IN, json=LOGIN | {"password": NEW})).status_code == 200


@pytest.mark.parametrize(
    ("body", "refused", "finer"),
    [
        ({"old_password": "guess after guess", "new_password": NEW}, (401, "invalid_credentials"), []),
        ({"old_password": PASSWORD, "new_password": PASSWORD}, (400, "password_unchanged"), []),
        ({"old_password": PASSWORD, "new_password": "short"}, (400, "validation_failed"), [("/new_password", "too_short")]),
        ({"old_password": PASSWORD, "new_password": "x" * 129}, (400, "validation_failed"), [("/new_password", "too_long")]),
        ({"old_password": PASSWORD, "new_password": "password123"}, (400, "validation_failed"), [("/new_password", "password_too_common")]),
        (
            {"old_password": PASSWORD, "new_password": NEW, "confirm_password": PASSWORD},
            (400, "validation_failed"),
            [("/confirm_password", "passwords_differ")],
        ),
        ({"new_password": NEW}, (400, "validation_failed"), [("/old_password", "required")]),
    ],
)
async def test_a_change_that_does_not_fit_says_so_and_changes_nothing(http, ada, body, refused, finer):
    answer = await http.post(CHANGE, json=body, headers=bearer(ada))
    assert told(answer) == refused
    assert [(error["pointer"], error["code"]) for error in answer.json().get("errors", [])] == finer
    assert (await http.post(LOG_IN, json=LOGIN)).status_code == 200


async def test_a_forgotten_password_is_replaced_by_a_link_that_signs_nobody_in(http, identity, ada):
    assert (await http.post(FORGOT, json={"email": "ADA@example.org"})).status_code == 202
    body = {"token": link(identity, "reset-password", whose(ada)), "new_password": NEW}
    assert told(await http.post(RESET, json=body | {"new_password": "password123"})) == (400, "validation_failed")
    assert told(await http.post(RESET, json=body | {"confirm_password": PASSWORD})) == (400, "validation_failed")
    identity.later(1)
    used = await http.post(RESET, json=body)
    assert (used.status_code, used.content) == (204, b"")
    identity.later(1)
    assert told(await http.get(ME, headers=bearer(ada))) == (401, "invalid_token")
    assert told(await http.post(LOG_IN, json=LOGIN)) == (401, "invalid_credentials")
    assert (await http.post(LOG_IN, json=LOGIN | {"password": NEW})).status_code == 200
    assert told(await http.post(RESET, json=body)) == (400, "invalid_link")


async def test_strangers_learn_nothing_from_forgetting(http, ada):
    assert ada.status_code == 201
    told_of = [await http.post(FORGOT, json={"email": email}) for email in ("ada@example.org", "nobody@example.org", "no e-mail", "ada@example.org")]
    assert {answer.status_code for answer in told_of} == {202}
    assert len({answer.text for answer in told_of}) == 1
    assert len({frozenset(answer.headers.items()) for answer in told_of}) == 1


async def test_a_password_typed_twice_at_registration_must_be_the_same(http, identity):
    refused = await http.post(REGISTER, json=ADA | {"confirm_password": NEW})
    assert [(error["pointer"], error["code"]) for error in refused.json()["errors"]] == [("/confirm_password", "passwords_differ")]
    assert identity.facts() == []
    assert (await http.post(REGISTER, json=ADA | {"confirm_password": PASSWORD})).status_code == 201


async def test_an_email_of_a_blocked_domain_is_named_by_its_field(http, identity):
    identity.settings.email_blocked_domains = "example.org"
    refused = await http.post(REGISTER, json=ADA)
    assert told(refused) == (400, "validation_failed")
    assert [(error["pointer"], error["code"]) for error in refused.json()["errors"]] == [("/email", "email_blocked")]


async def test_in_private_registering_tells_the_same_of_known_and_unknown(http, identity):
    identity.settings.registration_privacy = True
    first, again = [await http.post(REGISTER, json=ADA) for _ in range(2)]
    assert (first.status_code, again.status_code) == (202, 202)
    assert (first.text, first.headers) == (again.text, again.headers)
    assert set(first.json()) == {"detail"}
    assert (await http.post(LOG_IN, json=LOGIN)).status_code == 200
    assert identity.facts().count("RegistrationRepeated") == 1


async def test_registration_can_be_closed(http, identity):
    identity.settings.registration_enabled = False
    assert told(await http.post(REGISTER, json=ADA)) == (403, "registration_closed")
