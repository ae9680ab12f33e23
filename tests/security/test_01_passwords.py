"""Passwords count as typed and to their last character, whatever bcrypt does after 72 bytes (security.md 1)."""

import time
from uuid import uuid4

import pytest

from tests.http.daybook import Api, misfits, problem

SAME = "seventy-two bytes that two long passwords have in common, and then more: "


async def registered(api: Api, password: str, **more: str):
    email = f"{uuid4().hex}@example.org"
    return email, await api("POST", "/api/v1/auth/register", json={"email": email, "name": "Ada", "password": password} | more)


async def log_in(api: Api, email: str, password: str):
    return await api("POST", "/api/v1/auth/login", json={"email": email, "password": password})


async def test_two_long_passwords_with_the_same_first_72_bytes_are_different(api):
    assert len(SAME.encode()) > 72
    email, made = await registered(api, SAME + "one")
    assert made.status_code == 201
    assert problem(await log_in(api, email, SAME + "two")) == (401, "invalid_credentials")
    assert problem(await log_in(api, email, SAME)) == (401, "invalid_credentials")
    assert (await log_in(api, email, SAME + "one")).status_code == 200


UNUSUAL = ["kahvi & pulla", "  leading and trailing  ", "пароль долгий", "密码密码密码密码", "🦉" * 8, "no digits, no capitals", "x\ty\nz  z"]


@pytest.mark.parametrize("password", [*UNUSUAL, "e\u0301" * 8])
async def test_any_characters_make_a_password_and_they_count_as_typed(api, password):
    email, made = await registered(api, password)
    assert made.status_code == 201, made.text
    assert (await log_in(api, email, password)).status_code == 200
    for other in {password.strip(), password.upper(), password + " ", password[:-1]} - {password}:
        assert problem(await log_in(api, email, other)) == (401, "invalid_credentials")


@pytest.mark.parametrize("length", [8, 128])
async def test_8_to_128_characters_are_taken(api, length):
    email, made = await registered(api, "ü" * (length - 3) + uuid4().hex[:3])
    assert made.status_code == 201, made.text
    assert (await log_in(api, email, "nothing")).status_code == 401


@pytest.mark.parametrize("password", ["seven 7", "x" * 129, ""])
async def test_fewer_or_more_are_not(api, password):
    _, answer = await registered(api, password)
    assert misfits(answer)[0][0] == "/password"


@pytest.mark.parametrize("password", ["password", "12345678", "qwertyuiop", "daybook123", "Daybook!"])
async def test_what_everybody_tries_first_is_refused(api, password):
    _, answer = await registered(api, password)
    assert misfits(answer) == [("/password", "password_too_common")]


async def test_a_password_of_a_megabyte_is_refused_without_being_hashed(api):
    """Compared with a body of the same size that is wrong for another reason: nothing is made of the password."""
    times: dict[str, float] = {}
    for path, more in (("/api/v1/auth/register", {"email": "ada@example.org", "name": "Ada"}), ("/api/v1/auth/login", {"email": "ada@example.org"})):
        for field in ("password", "email"):
            body = {"password": "a good long password"} | more | {field: "x" * 1_000_000}
            quickest = 9.0
            for _ in range(5):
                began = time.perf_counter()
                answer = await api("POST", path, json=body)
                quickest = min(quickest, time.perf_counter() - began)
                assert misfits(answer) == [(f"/{field}", "too_long")]
            times[field] = quickest
        assert times["password"] < 0.2 or times["password"] < 3 * times["email"], times


async def test_an_answer_never_holds_the_password_or_a_hash(api):
    secret = "a very particular secret"
    email, made = await registered(api, secret)
    who = {"Authorization": f"Bearer {made.json()['access_token']}"}
    wrong = await api("POST", "/api/v1/auth/register", json={"email": "no address", "name": "Ada", "password": secret})
    told = [made, wrong, await log_in(api, email, secret), await api("GET", "/api/v1/auth/me", who)]
    for answer in told:
        assert secret not in answer.text
        assert "$2b$" not in answer.text
