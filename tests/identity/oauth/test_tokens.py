"""Refresh tokens of programs, tokens for themselves, asking about tokens and giving them back (RFC 6749, 7662, 7009)."""

import base64

import jwt
import pytest

from tests.eventually import eventually
from tests.http.daybook import PASSWORD, problem
from tests.identity.oauth.program import Program, bearer, error, person, registered


@pytest.fixture(scope="module")
async def program(api):
    return await registered(api)


@pytest.fixture(scope="module")
async def email(api):
    return await person(api)


@pytest.fixture(scope="module")
async def service(api):
    return await registered(
        api, name="Nightly import", redirect_uris=[], grants=["client_credentials"], scopes=["openid", "tasks:read", "tasks:create", "users:read"]
    )


async def refresh(program: Program, token: str, **more: str):
    return await program.token(grant_type="refresh_token", refresh_token=token, **more)


async def introspected(program: Program, token: str) -> dict:
    answer = await program.api("POST", "/oauth/introspect", data={"token": token}, auth=program.basic)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def given_back(program: Program, token: str) -> int:
    return (await program.api("POST", "/oauth/revoke", data={"token": token}, auth=program.basic)).status_code


async def stops(api, tokens) -> None:
    async def refused() -> bool:
        return (await api("GET", "/api/v1/tasks", bearer(tokens))).status_code == 401

    await eventually(refused, 1)


async def test_a_refresh_token_is_exchanged_for_its_successor_with_the_same_scopes(api, program, email):
    tokens = await program.tokens(email)
    answer = (await refresh(program, tokens["refresh_token"])).json()
    assert answer["scope"] == tokens["scope"]
    assert answer["refresh_token"] != tokens["refresh_token"]
    assert (await api("GET", "/api/v1/tasks", bearer(answer))).status_code == 200
    assert (await refresh(program, answer["refresh_token"], scope="tasks:read")).status_code == 200


async def test_a_refresh_token_shown_long_after_it_was_spent_ends_the_session(api, program, email):
    tokens = await program.tokens(email)
    second = (await refresh(program, tokens["refresh_token"])).json()
    third = (await refresh(program, second["refresh_token"])).json()
    assert error(await refresh(program, tokens["refresh_token"])) == (400, "invalid_grant")
    assert error(await refresh(program, third["refresh_token"])) == (400, "invalid_grant")
    await stops(api, third)


async def test_a_refresh_token_grows_no_further_scope(program, email):
    tokens = await program.tokens(email, scope="openid tasks:read")
    assert error(await refresh(program, tokens["refresh_token"], scope="tasks:read tasks:create")) == (400, "invalid_scope")
    assert (await refresh(program, tokens["refresh_token"])).status_code == 200


async def test_a_refresh_token_counts_only_from_the_program_it_was_given_to(api, program, email):
    tokens = await program.tokens(email)
    other = await registered(api, name="Other")
    assert error(await refresh(other, tokens["refresh_token"])) == (400, "invalid_grant")
    as_if_mine = await api("POST", "/api/v1/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
    assert problem(as_if_mine) == (401, "invalid_token")
    mine = (await api("POST", "/api/v1/auth/login", json={"email": email, "password": PASSWORD})).json()
    assert error(await refresh(program, mine["refresh_token"])) == (400, "invalid_grant")
    assert (await refresh(program, tokens["refresh_token"])).status_code == 200


async def test_without_the_grant_there_is_no_refresh_token(api, email):
    once = await registered(api, grants=["authorization_code"])
    tokens = await once.tokens(email)
    assert "refresh_token" not in tokens
    assert error(await refresh(once, "anything")) == (400, "unauthorized_client")


async def test_a_program_acts_for_itself_as_a_service_within_its_scopes(api, service):
    answer = (await service.token(grant_type="client_credentials")).json()
    assert answer["scope"] == "tasks:read tasks:create"
    assert {"refresh_token", "id_token"} & set(answer) == set()
    claims = jwt.decode(answer["access_token"], options={"verify_signature": False})
    assert (claims["role"], claims["client_id"]) == ("service", service.id)
    made = await api("POST", "/api/v1/tasks", bearer(answer), json={"title": "Read the mail"})
    assert made.json()["owner_id"] == claims["sub"]
    less = (await service.token(grant_type="client_credentials", scope="tasks:read users:read")).json()
    assert less["scope"] == "tasks:read"
    assert problem(await api("POST", "/api/v1/tasks", bearer(less), json={"title": "x"})) == (403, "insufficient_scope")
    shown = (await api("GET", f"/api/v1/users/{claims['sub']}", await api.admin())).json()
    assert (shown["name"], shown["email"], shown["role"]) == ("Nightly import", "", "service")


async def test_a_service_has_no_more_than_a_service_may(service):
    assert error(await service.token(grant_type="client_credentials", scope="users:read")) == (400, "invalid_scope")
    assert error(await service.token(grant_type="client_credentials", scope="openid")) == (400, "invalid_scope")


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        ({}, "invalid_request"),
        ({"grant_type": "password", "username": "ada", "password": "x"}, "unsupported_grant_type"),
        ({"grant_type": "implicit"}, "unsupported_grant_type"),
        ({"grant_type": "client_credentials"}, "unauthorized_client"),
        ({"grant_type": "authorization_code"}, "invalid_request"),
        ({"grant_type": "refresh_token"}, "invalid_request"),
        ({"grant_type": "refresh_token", "refresh_token": "nonsense"}, "invalid_grant"),
        ({"grant_type": "refresh_token", "refresh_token": "\0"}, "invalid_request"),
    ],
)
async def test_errors_are_those_of_the_rfc(program, fields, wanted):
    assert error(await program.token(**fields)) == (400, wanted)


def basic(name: str, secret: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()}


async def test_a_program_that_does_not_prove_which_one_it_is_gets_401(api, program, service):
    known, form = service.id, {"grant_type": "client_credentials"}
    ways = [
        ({}, form),
        (basic(known, "guessed"), form),
        (basic(known, program.secret), form),
        (basic("nonsense", "x"), form),
        ({"Authorization": "Basic !!!"}, form),
        ({"Authorization": "Bearer abc"}, form),
        (basic(known, service.secret), form | {"client_id": program.id}),
        ({}, form | {"client_id": known}),
        ({}, form | {"client_id": known, "client_secret": "guessed"}),
    ]
    for headers, fields in ways:
        answer = await api("POST", "/oauth/token", data=fields, headers=headers)
        assert error(answer) == (401, "invalid_client"), fields
        assert answer.headers["www-authenticate"].startswith("Basic ")
    both = await api("POST", "/oauth/token", data=form | {"client_secret": service.secret}, headers=basic(known, service.secret))
    assert error(both) == (400, "invalid_request")
    posted = await api("POST", "/oauth/token", data=form | {"client_id": known, "client_secret": service.secret})
    assert posted.status_code == 200


async def test_what_is_no_form_or_says_a_thing_twice_is_refused(api, service):
    headers = basic(service.id, service.secret)
    twice = {"Content-Type": "application/x-www-form-urlencoded", **headers}
    for content in ("grant_type=client_credentials&grant_type=client_credentials", "grant_type=%FF", "grant_type=caf\u00e9", "&".join(["a=1"] * 99)):
        assert error(await api("POST", "/oauth/token", headers=twice, content=content)) == (400, "invalid_request")
    assert error(await api("POST", "/oauth/token", headers=headers, json={"grant_type": "client_credentials"})) == (400, "invalid_request")


async def test_a_program_can_ask_what_its_tokens_are_worth(program, email):
    tokens = await program.tokens(email)
    told = await introspected(program, tokens["access_token"])
    claims = jwt.decode(tokens["access_token"], options={"verify_signature": False})
    assert told.pop("exp") == claims["exp"]
    assert told.pop("iat") == claims["iat"]
    usual = {"active": True, "scope": "email openid profile tasks:read", "client_id": program.id, "sub": claims["sub"]}
    assert told == usual | {"iss": "http://daybook.test", "token_type": "Bearer"}
    refreshing = await introspected(program, tokens["refresh_token"])
    assert refreshing.pop("exp") > claims["exp"]
    assert refreshing == usual


async def test_of_tokens_that_do_not_count_or_are_of_others_nothing_is_said(api, program, service, email):
    tokens = await program.tokens(email)
    second = (await refresh(program, tokens["refresh_token"])).json()
    mine = (await api("POST", "/api/v1/auth/login", json={"email": email, "password": PASSWORD})).json()
    for token in ("nonsense", tokens["refresh_token"], tokens["access_token"][:-4] + "AAAA", mine["access_token"], mine["refresh_token"]):
        assert await introspected(program, token) == {"active": False}
    for token in (second["access_token"], second["refresh_token"]):
        assert await introspected(service, token) == {"active": False}
    asked = await api("POST", "/oauth/introspect", data={"token": second["access_token"]})
    assert error(asked) == (401, "invalid_client")


async def test_a_token_given_back_is_worth_nothing_within_a_second(api, program, email):
    for which in ("refresh_token", "access_token"):
        tokens = await program.tokens(email)
        assert await given_back(program, tokens[which]) == 200
        assert error(await refresh(program, tokens["refresh_token"])) == (400, "invalid_grant")
        await stops(api, tokens)
        assert await introspected(program, tokens["access_token"]) == {"active": False}
        assert await given_back(program, tokens[which]) == 200


async def test_nobody_gives_back_what_is_not_theirs(api, program, service, email):
    tokens = await program.tokens(email)
    for which in ("refresh_token", "access_token"):
        answer = await api("POST", "/oauth/revoke", data={"token": tokens[which]}, auth=service.basic)
        assert error(answer) == (400, "invalid_grant")
        assert error(await api("POST", "/oauth/revoke", data={"token": tokens[which]})) == (401, "invalid_client")
    assert await given_back(service, "nonsense") == 200
    assert (await api("GET", "/api/v1/tasks", bearer(tokens))).status_code == 200


async def test_a_removed_program_and_all_its_tokens_count_no_more(api, email):
    doomed = await registered(api, grants=["authorization_code", "refresh_token", "client_credentials"])
    tokens, own = await doomed.tokens(email), (await doomed.token(grant_type="client_credentials")).json()
    code = await doomed.code(email)
    assert (await api("GET", "/api/v1/tasks", bearer(own))).status_code == 200
    await doomed.ended()
    assert error(await doomed.redeem(code)) == (401, "invalid_client")
    assert error(await refresh(doomed, tokens["refresh_token"])) == (401, "invalid_client")
    assert error(await doomed.token(grant_type="client_credentials")) == (401, "invalid_client")
    assert "No program" in (await doomed.ask()).text
    await stops(api, tokens)
    await stops(api, own)
