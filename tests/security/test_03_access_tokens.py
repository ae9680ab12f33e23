"""What attackers make of access tokens is refused by a running Daybook, in one way (security.md 3)."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import jwt
import pytest

from tests.http.daybook import Api, problem
from tests.http.strangers import bearer, half_signed_in, refreshing, said, showing_an_id_token, signed_in
from tests.infra.doubles.forge import KID, OURS, PUBLIC, THEIR_JWK, THEIRS, b64, forge, part
from tests.infra.doubles.forge import symmetric as hmac_over


def attacks(claims: dict[str, Any], jku: str) -> dict[str, str]:
    """All start from a token that would be good, so that only the one change can be what is refused."""
    at, body = int(datetime.now(UTC).timestamp()), part(claims)
    signed = forge(claims)
    head, _, signature = signed.split(".")
    return {
        "alg none": f"{part({'alg': 'none', 'typ': 'at+jwt', 'kid': KID})}.{body}.",
        "alg none with our signature": f"{part({'alg': 'none', 'typ': 'at+jwt', 'kid': KID})}.{body}.{signature}",
        "no signature": f"{head}.{body}.",
        "HS256 with the public key": with_claims(hmac_over(PUBLIC), claims),
        "embedded jwk": forge(claims, key=THEIRS, jwk=THEIR_JWK),
        "jku": forge(claims, key=THEIRS, jku=jku),
        "x5u": forge(claims, key=THEIRS, x5u=jku),
        "another key under our kid": forge(claims, key=THEIRS),
        "a kid we do not have": forge(claims, kid="8bQ2"),
        "a kid that is a path": forge(claims, kid="../../etc/passwd"),
        "a kid that is SQL": forge(claims, kid="' or '1'='1"),
        "a kid that is an address": forge(claims, kid=jku),
        "no kid": forge(claims, drop="kid"),
        "unknown crit": forge(claims, crit=["x"], x=1),
        "other audience": forge(claims | {"aud": "elsewhere"}),
        "several audiences": forge(claims | {"aud": [claims["aud"], "elsewhere"]}),
        "other issuer": forge(claims | {"iss": "https://elsewhere.example"}),
        "typ JWT": forge(claims, typ="JWT"),
        "typ of an id token": forge(claims, typ="id+jwt"),
        "no typ": forge(claims, drop="typ"),
        "expired": forge(claims | {"exp": at - 31}),
        "not yet valid": forge(claims | {"nbf": at + 60}),
        "issued in the future": forge(claims | {"iat": at + 60}),
        "no expiry": forge({name: value for name, value in claims.items() if name != "exp"}),
        "more time, the old signature": f"{head}.{part(claims | {'exp': at + 9000})}.{signature}",
        "a session that never was": forge(claims | {"sid": claims["jti"]}),
        "somebody else in this session": forge(claims | {"sub": claims["jti"]}),
        "garbage": "garbage",
        "a megabyte": forge(claims | {"more": "x" * 30_000}),
    }


def with_claims(token: str, claims: dict[str, Any]) -> str:
    """The same header over other claims, signed anew with the public key as an HMAC secret."""
    head = token.partition(".")[0]
    key = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
    signed = f"{head}.{part(claims)}"
    return f"{signed}.{b64(key.sign(signed.encode(), PUBLIC))}"


NAMES = sorted(attacks({"iss": "", "aud": "", "sub": "", "sid": "", "jti": ""}, ""))


@pytest.fixture(scope="module")
async def mine(api: Api) -> dict[str, Any]:
    """The claims of a token of an administrator who is signed in."""
    return said((await signed_in(api))["access_token"])


@pytest.fixture(scope="module")
async def elsewhere() -> AsyncIterator[tuple[str, list[bytes]]]:
    """A server that would give out the attacker's keys, and what it was asked."""
    asked: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readline())
        body = json.dumps({"keys": [THEIR_JWK | {"kid": KID}]}).encode()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/keys", asked


async def test_a_token_forged_without_any_change_is_good_so_that_each_change_is_what_is_refused(api, mine):
    assert (await api("GET", "/api/v1/users", bearer(forge(mine)))).status_code == 200


@pytest.mark.parametrize("name", NAMES)
async def test_every_forged_token_is_refused_in_one_way(api, mine, elsewhere, name):
    jku, asked = elsewhere
    answer = await api("GET", "/api/v1/users", bearer(attacks(mine, jku)[name]))
    status, code = problem(answer)
    assert (status, code) == (401, "token_expired" if name == "expired" else "invalid_token")
    assert answer.headers["www-authenticate"].startswith('Bearer error="invalid_token"')
    assert asked == []


@pytest.mark.parametrize("kind", [half_signed_in, refreshing, showing_an_id_token])
async def test_another_kind_of_token_is_no_access_token(api, kind):
    answer = await api("GET", "/api/v1/auth/me", await kind(api))
    assert problem(answer) == (401, "invalid_token")
    assert "www-authenticate" in answer.headers


@pytest.mark.parametrize("header", ["Basic cm9vdDpyb290", "bearer", "Bearer", "Token abc", "Bearer a b", "Negotiate"])
async def test_another_way_to_prove_who_one_is_proves_nothing(api, header):
    answer = await api("GET", "/api/v1/auth/me", {"Authorization": header})
    assert problem(answer)[0] == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_somebody_else_forged_into_a_session_keeps_its_own_person_in(api):
    mine = said((await signed_in(api))["access_token"])
    assert problem(await api("GET", "/api/v1/auth/me", bearer(forge(mine | {"sub": str(uuid4())})))) == (401, "invalid_token")
    assert (await api("GET", "/api/v1/auth/me", bearer(forge(mine)))).status_code == 200


async def test_the_scheme_is_compared_without_regard_to_case(api, mine):
    assert (await api("GET", "/api/v1/auth/me", {"Authorization": f"bEaReR {forge(mine)}"})).status_code == 200


async def test_the_published_keys_are_public_ones_and_ours(api):
    keys = (await api("GET", "/.well-known/jwks.json")).json()["keys"]
    assert KID in {key["kid"] for key in keys}
    assert all(set(key) <= {"kty", "n", "e", "kid", "use", "alg"} for key in keys)
    modulus = OURS.public_key().public_numbers().n
    ours = next(key for key in keys if key["kid"] == KID)
    assert int.from_bytes(jwt.utils.base64url_decode(ours["n"]), "big") == modulus
