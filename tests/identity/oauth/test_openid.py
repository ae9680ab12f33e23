"""What a provider says is believed only as far as it is proved (OpenID Connect Core, 3.1.3.7; Discovery, 4.3)."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import msgspec
import pytest

from application.identity.outside_identity import Journey
from domain.identity.errors import DomainNotAllowed, IdentityNotProved, ProviderUnavailable
from domain.shared.refused import NotFound
from infra.outside.openid import OpenIdProviders
from infra.outside.openid_settings import ProviderSettings
from tests.identity.oauth.issuer import CLIENT, ELLIPTIC, ISSUER, NEXT, RSA, SHARED, THEIRS, Issuer

JOURNEY = Journey("state", "the nonce", "v" * 43, "https://here.example.org/callback")
KNOWN = ProviderSettings("other", ISSUER, CLIENT, "s&cret")


class World:
    """A provider, and the relying party under test."""

    def __init__(self, **changed: Any) -> None:
        self.issuer = Issuer()
        self.issuer.nonce = JOURNEY.nonce
        self.later = timedelta()
        self.providers = OpenIdProviders({"other": msgspec.structs.replace(KNOWN, **changed)}, lambda: datetime.now(UTC) + self.later, self.issuer)

    async def proved(self, issuer: str | None = None) -> Any:
        return await self.providers.proved("other", JOURNEY, "the code", issuer)


@pytest.fixture
async def world():
    made = World()
    yield made
    await made.providers.close()


async def test_who_is_proved_is_known_by_issuer_and_subject(world):
    who = await world.proved()
    assert (who.provider, who.issuer, who.subject, who.email, who.name) == ("other", ISSUER, "ada-4711", "ada@example.org", "Ada Lovelace")
    (form,) = world.issuer.forms
    assert form == {"grant_type": "authorization_code", "code": "the code", "redirect_uri": JOURNEY.redirect_uri, "code_verifier": JOURNEY.verifier}


async def test_the_browser_is_sent_with_state_nonce_and_challenge_but_never_with_the_verifier(world):
    address = await world.providers.address("other", JOURNEY)
    asked = parse_qs(urlsplit(address).query)
    assert address.startswith(f"{ISSUER}/authorization?")
    assert (asked["state"], asked["nonce"], asked["client_id"]) == ([JOURNEY.state], [JOURNEY.nonce], [CLIENT])
    assert JOURNEY.verifier not in address


async def test_nobody_knows_a_provider_that_is_not_in_the_settings(world):
    with pytest.raises(NotFound):
        await world.providers.address("third", JOURNEY)


FALSE: dict[str, dict[str, Any]] = {
    "another issuer": {"iss": "https://evil.example"},
    "the issuer with a slash": {"iss": f"{ISSUER}/"},
    "no issuer": {"iss": ...},
    "another audience": {"aud": "somebody-else"},
    "no audience": {"aud": ...},
    "an empty list of audiences": {"aud": []},
    "several audiences without azp": {"aud": [CLIENT, "somebody-else"]},
    "several audiences and another azp": {"aud": [CLIENT, "somebody-else"], "azp": "somebody-else"},
    "another azp": {"azp": "somebody-else"},
    "another nonce": {"nonce": "another"},
    "no nonce": {"nonce": ...},
    "an empty nonce": {"nonce": ""},
    "expired": {"exp": -60},
    "no expiry": {"exp": ...},
    "expiry is text": {"exp": "9999999999"},
    "issued in the future": {"iat": 3600},
    "not yet valid": {"nbf": 3600},
    "no subject": {"sub": ...},
    "an empty subject": {"sub": ""},
    "an endless subject": {"sub": "x" * 256},
    "the hash of another access token": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
}


@pytest.mark.parametrize("claims", FALSE.values(), ids=FALSE.keys())
async def test_a_token_that_is_not_for_this_sign_in_proves_nothing(world, claims):
    world.issuer.claims = claims
    with pytest.raises(IdentityNotProved):
        await world.proved()


@pytest.mark.parametrize("claims", [{"at_hash": ...}, {"aud": [CLIENT]}, {"aud": [CLIENT, "x"], "azp": CLIENT}, {"exp": -5}, {"iat": 20}])
async def test_what_the_rules_leave_open_is_accepted(world, claims):
    world.issuer.claims = claims
    assert (await world.proved()).subject == "ada-4711"


FORGED: dict[str, dict[str, Any]] = {
    "signed by others under a known kid": {"signs": THEIRS},
    "an unknown kid": {"header": {"alg": "RS256", "kid": "unknown"}},
    "a shared secret": {"signs": SHARED, "header": {"alg": "HS256", "kid": "first"}},
}


@pytest.mark.parametrize("changed", FORGED.values(), ids=FORGED.keys())
async def test_a_token_that_the_provider_did_not_sign_proves_nothing(world, changed):
    for name, value in changed.items():
        setattr(world.issuer, name, value)
    with pytest.raises(IdentityNotProved):
        await world.proved()


@pytest.mark.parametrize(
    "change", [lambda token: token[:-4] + "AAAA", lambda token: token.rsplit(".", 1)[0] + ".", lambda _: "eyJhbGciOiJub25lIn0.e30.", lambda _: ""]
)
async def test_a_changed_or_unsigned_token_proves_nothing(world, change):
    told = {"access_token": "an-access-token", "id_token": change(world.issuer.token())}
    world.issuer.answers["/token"] = httpx.Response(200, json=told)
    with pytest.raises(IdentityNotProved):
        await world.proved()


async def test_other_signatures_with_public_keys_count_too(world):
    world.issuer.keys, world.issuer.signs = [RSA, ELLIPTIC], ELLIPTIC
    world.issuer.header = {"alg": "ES256", "kid": "elliptic"}
    assert (await world.proved()).subject == "ada-4711"


async def test_a_new_key_is_fetched_when_a_token_names_it_and_not_over_and_over(world):
    await world.proved()
    world.issuer.keys, world.issuer.signs, world.issuer.header = [RSA, NEXT], NEXT, {"alg": "RS256", "kid": "next"}
    assert (await world.proved()).subject == "ada-4711"
    assert world.issuer.asked.count("/keys") == 2
    world.issuer.header = {"alg": "RS256", "kid": "invented"}
    for _ in range(5):
        with pytest.raises(IdentityNotProved):
            await world.proved()
    assert world.issuer.asked.count("/keys") == 2
    world.later = timedelta(seconds=11)
    with pytest.raises(IdentityNotProved):
        await world.proved()
    assert world.issuer.asked.count("/keys") == 3
    assert world.issuer.asked.count("/.well-known/openid-configuration") == 1


async def test_what_is_published_is_asked_for_again_after_ten_minutes(world):
    await world.proved()
    world.later = timedelta(minutes=10)
    world.issuer.claims = {"exp": 3600}
    await world.proved()
    assert world.issuer.asked.count("/.well-known/openid-configuration") == 2


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://evil.example"},
        {"issuer": f"{ISSUER}/"},
        {"token_endpoint": "http://issuer.example.org/token"},
        {"jwks_uri": "http://127.0.0.1/keys"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"userinfo_endpoint": "file:///etc/passwd"},
        {"token_endpoint": None},
    ],
)
async def test_a_provider_that_publishes_what_does_not_fit_is_not_used(world, metadata):
    world.issuer.metadata = metadata
    with pytest.raises(ProviderUnavailable):
        await world.providers.address("other", JOURNEY)


ODD = {
    "a redirect": httpx.Response(302, headers={"Location": "http://127.0.0.1/"}),
    "an error": httpx.Response(500, json={}),
    "no JSON": httpx.Response(200, text="<html>"),
    "a list": httpx.Response(200, json=[]),
    "too much": httpx.Response(200, content=b'{"a":"' + b"x" * 300_000 + b'"}'),
}


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/keys", "/userinfo"])
@pytest.mark.parametrize("odd", ODD.values(), ids=ODD.keys())
async def test_odd_answers_are_no_answers_and_redirects_are_not_followed(world, path, odd):
    world.issuer.answers[path] = odd
    with pytest.raises(ProviderUnavailable):
        await world.proved()
    assert set(world.issuer.asked) <= {"/.well-known/openid-configuration", "/keys", "/userinfo", "/token"}


async def test_a_provider_that_refuses_the_code_proved_nobody(world):
    world.issuer.answers["/token"] = httpx.Response(400, json={"error": "invalid_grant"})
    with pytest.raises(IdentityNotProved):
        await world.proved()
    world.issuer.answers["/token"] = httpx.Response(503, json={})
    with pytest.raises(ProviderUnavailable):
        await world.proved()


async def test_what_is_told_about_somebody_else_is_not_believed(world):
    world.issuer.user_info["sub"] = "eve"
    with pytest.raises(IdentityNotProved):
        await world.proved()


async def test_an_e_mail_that_the_provider_does_not_vouch_for_is_left_out(world):
    for said in (False, "false", ...):
        world.issuer.user_info = {"sub": "ada-4711", "email": "ada@example.org"} | ({} if said is ... else {"email_verified": said})
        assert (await world.proved()).email is None


async def test_an_answer_must_come_from_the_issuer_that_was_asked(world):
    with pytest.raises(IdentityNotProved):
        await world.proved("https://evil.example")
    assert (await world.proved(ISSUER)).subject == "ada-4711"


async def test_a_provider_that_promises_to_name_itself_must(world):
    world.issuer.metadata = {"authorization_response_iss_parameter_supported": True}
    with pytest.raises(IdentityNotProved):
        await world.proved(None)
    assert (await world.proved(ISSUER)).subject == "ada-4711"


async def test_the_secret_goes_where_the_provider_wants_it():
    for ways, has_form in ((["client_secret_basic"], False), (["client_secret_post"], True)):
        world = World()
        world.issuer.metadata = {"token_endpoint_auth_methods_supported": ways}
        await world.proved()
        assert ("client_secret" in world.issuer.forms[0]) is has_form


async def test_only_people_of_the_allowed_domains_are_let_in():
    world = World(allowed_domains=("example.org",))
    assert (await world.proved()).email == "ada@example.org"
    world.issuer.user_info |= {"email": "ada@evil.example"}
    with pytest.raises(DomainNotAllowed):
        await world.proved()
    world.issuer.user_info |= {"email": "ada@example.org", "email_verified": False}
    with pytest.raises(DomainNotAllowed):
        await world.proved()
