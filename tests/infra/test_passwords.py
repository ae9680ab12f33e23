"""Passwords: hashed slowly and completely, refused when common."""

import asyncio
import os
import sys
import threading

import bcrypt
import pytest

from domain.shared.refused import Overloaded
from infra.security import passwords as module
from infra.security.passwords import BcryptPasswords, common_passwords

PEPPER = b"p" * 32


@pytest.fixture
def passwords():
    made = BcryptPasswords(PEPPER, 4)
    yield made
    made.stop()


async def test_a_password_fits_its_own_hash_and_no_other(passwords):
    hashed = await passwords.hash("a garden of forking paths")
    assert await passwords.verify("a garden of forking paths", hashed)
    for other in ("a garden of forking path", "A garden of forking paths", " a garden of forking paths", ""):
        assert not await passwords.verify(other, hashed)


async def test_long_passwords_that_begin_alike_are_different(passwords):
    same = "x" * 72
    hashed = await passwords.hash(same + "one")
    assert not await passwords.verify(same + "two", hashed)
    assert await passwords.verify(same + "one", hashed)


async def test_a_password_does_not_end_at_nul_nor_is_it_normalised(passwords):
    hashed = await passwords.hash("caf\u00e9\0 one")
    for other in ("caf\u00e9\0 two", "cafe\u0301\0 one", "caf\u00e9"):
        assert not await passwords.verify(other, hashed)


async def test_a_hash_is_salted_has_the_cost_of_the_settings_and_is_useless_without_the_pepper(passwords):
    first, second = await passwords.hash("same password"), await passwords.hash("same password")
    assert first != second
    assert first.startswith(b"$2b$04$")
    other = BcryptPasswords(b"q" * 32, 4)
    assert not await other.verify("same password", first)
    other.stop()


async def test_no_password_fits_where_there_is_no_hash_and_finding_out_is_the_same_work(passwords, monkeypatch):
    costs = []
    check = bcrypt.checkpw
    monkeypatch.setattr(module.bcrypt, "checkpw", lambda text, hashed: (costs.append(hashed[:7]), check(text, hashed))[1])
    hashed = await passwords.hash("a password")
    assert not await passwords.verify("a password", None)
    assert await passwords.verify("a password", hashed)
    passwords._nobody = hashed
    assert not await passwords.verify("a password", None)
    assert costs[:2] == [b"$2b$04$", b"$2b$04$"]


async def test_hashing_leaves_the_event_loop_free(passwords):
    names = set()
    passwords._digest = lambda text: (names.add(threading.current_thread().name.partition("_")[0]), text.encode()[:72])[1]
    await asyncio.gather(passwords.hash("a"), passwords.verify("b", None))
    assert names == {"password"}


@pytest.mark.skipif(sys.platform != "linux", reason="threads have no priority of their own there")
async def test_hashing_steps_back_for_everything_else(passwords):
    before, seen = os.getpriority(os.PRIO_PROCESS, 0), set()
    passwords._digest = lambda _: (seen.add(os.getpriority(os.PRIO_PROCESS, threading.get_native_id())), b"x")[1]
    await asyncio.gather(passwords.hash("a"), passwords.verify("b", None))
    assert seen == {10}
    assert os.getpriority(os.PRIO_PROCESS, 0) == before < 10


async def test_more_than_may_wait_are_refused_at_once(passwords, monkeypatch):
    monkeypatch.setattr(module, "WAITING", 3)
    outcomes = await asyncio.gather(*(passwords.hash("x") for _ in range(5)), return_exceptions=True)
    assert [isinstance(outcome, Overloaded) for outcome in outcomes] == [False, False, False, True, True]
    assert await passwords.hash("x")


def test_common_passwords_are_known_in_any_case(passwords):
    for common in (
        "password1",
        "Password1",
        "QWERTYUIOP",
        "12345678",
        "Iloveyou1",
        "aaaaaaaa",
        "1q2w3e4r",
        "trustno1",
        "Summer2024!",
        "contrase\u00f1a",
    ):
        assert passwords.is_common(common), common


async def test_a_hash_of_another_cost_is_to_be_made_anew(passwords):
    other = BcryptPasswords(PEPPER, 5)
    assert not passwords.needs_rehash(await passwords.hash("x"))
    assert passwords.needs_rehash(await other.hash("x"))
    other.stop()


def test_the_list_is_long_folded_and_holds_nothing_that_its_length_refuses_already():
    words = common_passwords()
    assert len(words) > 3000
    assert all(len(word) >= 8 and word == word.casefold().strip() for word in words)
