"""Programs and what administrators do with them."""

import pytest

from tests.http.daybook import misfits, problem
from tests.identity.oauth.program import CALLBACK, error, registered

BODY = {"name": "Wall display", "redirect_uris": [CALLBACK], "grants": ["authorization_code"], "scopes": ["openid"]}


async def test_a_program_is_registered_and_its_secret_is_shown_once(api):
    made = await registered(api)
    answer = await api("GET", f"/api/v1/oauth-clients/{made.id}", await api.admin())
    shown = answer.json()
    assert (shown["kind"], shown["redirect_uris"], shown["service_account"]) == ("confidential", [CALLBACK], None)
    assert len(made.secret or "") >= 43
    assert made.secret not in answer.text
    listed = await api("GET", "/api/v1/oauth-clients?limit=200", await api.admin())
    assert shown in listed.json()["items"]
    assert made.secret not in listed.text


async def test_no_secret_is_in_the_log_or_in_the_vault_as_it_is(api):
    made = await registered(api, grants=["client_credentials"], redirect_uris=[])
    written = b"".join(data for (data,) in await api.system.log.reads("select data from events"))
    kept = await api.system.log.reads("select sealed from vault where kind = 'oauth_secret'")
    assert made.id.encode() in written
    assert made.secret.encode() not in written
    assert kept
    assert made.secret.encode() not in b"".join(sealed for (sealed,) in kept)


async def test_a_program_without_a_secret_has_none(api):
    public = await registered(api, kind="public")
    assert public.secret is None
    rotated = await api("POST", f"/api/v1/oauth-clients/{public.id}/rotate-secret", await api.admin())
    assert problem(rotated) == (400, "unauthorized_client")


async def test_another_secret_takes_the_place_of_the_old_one_at_once(api):
    made = await registered(api, grants=["client_credentials"], redirect_uris=[], scopes=["tasks:read"])
    rotated = await api("POST", f"/api/v1/oauth-clients/{made.id}/rotate-secret", await api.admin())
    assert (rotated.status_code, rotated.headers["etag"]) == (200, '"2"')
    assert error(await made.token(grant_type="client_credentials")) == (401, "invalid_client")
    made.secret = rotated.json()["client_secret"]
    assert (await made.token(grant_type="client_credentials")).status_code == 200


@pytest.mark.parametrize(
    "uri",
    [
        "http://app.example.org/callback", "https://app.example.org/callback#x", "https://app.example.org/#", "/callback", "app://callback",
        "https://ada:secret@app.example.org/", "https://app.example.org/a b", "https://", "https:///callback", "https://app.example.org:0x1/",
        "https://app.example.org;x/", "javascript:alert(1)", "https://app.example.org/\n", "https://*.example.org/", "http://127.0.0.1.example.org/",
    ],
)  # fmt: skip
async def test_an_address_to_return_to_must_be_safe(api, uri):
    answer = await api("POST", "/api/v1/oauth-clients", await api.admin(), json=BODY | {"redirect_uris": [CALLBACK, uri]})
    assert misfits(answer) == [("/redirect_uris/1", "unfit_redirect_uri")]


@pytest.mark.parametrize("uri", ["http://127.0.0.1:8080/cb", "http://localhost/cb", "http://[::1]:1/cb", "https://app.example.org:8443/a/b?c=d"])
async def test_programs_on_this_machine_need_no_tls(api, uri):
    assert (await api("POST", "/api/v1/oauth-clients", await api.admin(), json=BODY | {"redirect_uris": [uri]})).status_code == 201


@pytest.mark.parametrize(
    "changed",
    [
        {"grants": ["refresh_token"], "redirect_uris": []},
        {"grants": ["refresh_token", "client_credentials"], "redirect_uris": []},
        {"grants": ["authorization_code"], "redirect_uris": []},
        {"grants": ["client_credentials"]},
        {"grants": ["client_credentials"], "redirect_uris": [], "kind": "public"},
    ],
)
async def test_grants_must_fit_together(api, changed):
    assert misfits(await api("POST", "/api/v1/oauth-clients", await api.admin(), json=BODY | changed)) == [("/grants", "unfit_grants")]


@pytest.mark.parametrize("scope", ["nonsense", "self:secure", "tasks:*", "OPENID"])
async def test_a_scope_must_be_one_a_program_can_have(api, scope):
    answer = await api("POST", "/api/v1/oauth-clients", await api.admin(), json=BODY | {"scopes": ["openid", scope]})
    assert misfits(answer) == [("/scopes/1", "unfit_scope")]


async def test_only_administrators_may_and_what_is_gone_is_gone(api):
    user, made = await api.account(), await registered(api)
    assert problem(await api("POST", "/api/v1/oauth-clients", user.headers, json=BODY)) == (403, "insufficient_role")
    for method, path in (("GET", ""), ("GET", f"/{made.id}"), ("DELETE", f"/{made.id}"), ("POST", f"/{made.id}/rotate-secret")):
        assert problem(await api(method, f"/api/v1/oauth-clients{path}", user.headers)) == (403, "insufficient_role")
    await made.ended()
    for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/rotate-secret")):
        answer = await api(method, f"/api/v1/oauth-clients/{made.id}{path}", await api.admin())
        assert problem(answer) == (404, "not_found"), (method, path)


async def test_what_this_provider_can_do_is_published(api):
    told = (await api("GET", "/.well-known/openid-configuration")).json()
    assert told == (await api("GET", "/.well-known/oauth-authorization-server")).json()
    assert told["issuer"] == "http://daybook.test"
    assert told["code_challenge_methods_supported"] == ["S256"]
    assert told["grant_types_supported"] == ["authorization_code", "refresh_token", "client_credentials"]
    paths = api.app.openapi_schema.to_schema()["paths"]
    for name, address in told.items():
        if name.endswith(("_endpoint", "_uri")):
            assert address.removeprefix(told["issuer"]) in paths
