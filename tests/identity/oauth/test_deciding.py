"""Codes and programs as they decide, without a server."""

from datetime import timedelta
from uuid import UUID

import pytest

from domain.identity.authorization_code import LIFETIME, AuthorizationCode
from domain.identity.events import CodeIssued, CodeRedeemed, CodeReuseDetected, OAuthClientRegistered
from domain.identity.oauth_client import OAuthClient
from domain.identity.oauth_errors import InvalidGrant, UnauthorizedClient
from domain.shared.refused import NotFound
from tests.identity.oauth.program import CALLBACK, CHALLENGE, VERIFIER
from tests.identity.small_daybook import NOON

CODE, CLIENT, USER, SESSION, OTHER = (UUID(int=number) for number in range(1, 6))
ISSUED = CodeIssued(
    code_id=CODE, client_id=CLIENT, user_id=USER, redirect_uri=CALLBACK, scopes=("openid",), challenge=CHALLENGE, nonce="once",
    authenticated_at=NOON, methods=("pwd",), expires_at=NOON + LIFETIME,
)  # fmt: skip
REGISTERED = OAuthClientRegistered(
    client_id=CLIENT, name="Wall display", kind="confidential", redirect_uris=(CALLBACK,), grants=("authorization_code",), scopes=("openid",)
)


def code(*facts) -> AuthorizationCode:
    return AuthorizationCode(id=CODE).after(ISSUED, *facts)


def redeem(known: AuthorizationCode, client=CLIENT, uri=CALLBACK, verifier=VERIFIER, later=0.0):
    return known.redeem(client, uri, verifier, SESSION, NOON + timedelta(seconds=later))


def test_a_code_is_spent_once():
    assert redeem(code()) == [CodeRedeemed(code_id=CODE, session_id=SESSION)]


def test_a_code_lives_a_minute_and_no_longer():
    assert redeem(code(), later=59.9)
    with pytest.raises(InvalidGrant):
        redeem(code(), later=60)


@pytest.mark.parametrize(
    "changed",
    [
        {"client": OTHER}, {"uri": CALLBACK + "x"}, {"uri": ""},
        {"verifier": "a" * 43}, {"verifier": VERIFIER[:-1]}, {"verifier": CHALLENGE}, {"verifier": ""},
    ],
)  # fmt: skip
def test_a_code_is_bound_to_program_address_and_verifier(changed):
    with pytest.raises(InvalidGrant):
        redeem(code(), **changed)


def test_a_code_shown_again_is_a_fact_also_when_it_is_old():
    spent = code(CodeRedeemed(code_id=CODE, session_id=OTHER))
    for seconds in (0, 3600):
        assert redeem(spent, later=seconds) == [CodeReuseDetected(code_id=CODE, session_id=OTHER)]


def test_another_program_cannot_end_what_came_of_a_code():
    with pytest.raises(InvalidGrant):
        redeem(code(CodeRedeemed(code_id=CODE, session_id=OTHER)), client=OTHER)


def test_a_code_that_was_never_given_is_none():
    with pytest.raises(InvalidGrant):
        redeem(AuthorizationCode(id=CODE))


def test_a_program_is_gone_after_it_was_removed():
    known = OAuthClient(id=CLIENT).after(REGISTERED)
    gone = known.after(*known.remove())
    assert (known.exists, gone.exists) == (True, False)
    with pytest.raises(NotFound):
        gone.remove()


def test_a_program_asks_only_in_the_ways_it_was_registered_for():
    known = OAuthClient(id=CLIENT).after(REGISTERED)
    known.must_be_allowed("authorization_code")
    with pytest.raises(UnauthorizedClient):
        known.must_be_allowed("client_credentials")
