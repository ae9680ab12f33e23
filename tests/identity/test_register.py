"""Opening accounts."""

import asyncio

import msgspec
import pytest

from application.identity.typed import Typed
from application.identity.user import CreateUser, EnsureAdmin
from application.shared.context import ANONYMOUS, SYSTEM, Caller
from domain.identity.errors import (
    EmailTaken,
    InvalidEmail,
    InvalidName,
    InvalidPassword,
    PasswordTooCommon,
    RegistrationClosed,
    RoleNotAssignable,
)
from domain.identity.role import Role
from domain.shared.refused import InsufficientRole, Refused
from infra.memory.log import MemoryLog

ADMIN = Caller(None, "admin")


async def test_who_registers_is_a_user_and_signed_in(identity):
    signed_in = await identity.register(" Ada@Example.ORG ")
    assert (signed_in.person.email, signed_in.person.name, signed_in.person.role) == ("ada@example.org", "Ada Lovelace", Role.USER)
    assert identity.facts() == ["UserRegistered", "RoleGranted", "EmailVerificationAsked", "SessionOpened"]
    assert (await identity.refresh(signed_in.refresh_token)).person == signed_in.person


async def test_an_email_has_one_account_whatever_its_case_and_form(identity):
    await identity.register("Stra\u00dfe@example.org")
    for same in ("STRASSE@EXAMPLE.ORG", " stra\u00dfe@Example.org", "strasse@example.org"):
        with pytest.raises(EmailTaken):
            await identity.register(same)
    await identity.register("caf\u00e9@example.org")
    with pytest.raises(EmailTaken):
        await identity.register("CAFE\u0301@example.org")
    assert identity.facts().count("UserRegistered") == 2


async def test_of_two_who_register_one_email_at_the_same_time_one_gets_it(identity):
    identity.log._pause = lambda: asyncio.sleep(0)
    outcomes = await asyncio.gather(*(identity.register() for _ in range(5)), return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["EmailTaken"] * 4 + ["SignedIn"]
    assert identity.facts().count("UserRegistered") == 1
    assert len([kind for kind, _ in identity.log.vault if kind == "password"]) == 1


@pytest.mark.parametrize("role", ["admin", "node", "auditor", ""])
async def test_nobody_chooses_a_role_for_themselves(identity, role):
    with pytest.raises(RoleNotAssignable):
        await identity.register(role=role)
    assert identity.facts() == []


async def test_registration_can_be_closed(identity):
    identity.settings.registration_enabled = False
    with pytest.raises(RegistrationClosed):
        await identity.register()


BAD_EMAILS = [
    "",
    "ada",
    "ada@",
    "@example.org",
    "a b@example.org",
    "a@b@c",
    "ada@example..org",
    "ada@-x",
    "a\0@example.org",
    "x" * 300 + "@a.b",
]


@pytest.mark.parametrize("email", [*BAD_EMAILS, "\u202eada@example.org\n.evil", "a@" + "b" * 260, "a" * 60 + "@" + "ß" * 30 + "b" * 140])
async def test_what_is_no_email_is_refused(identity, email):
    with pytest.raises(InvalidEmail) as refused:
        await identity.register(email)
    assert refused.value.code() == "validation_failed"
    assert refused.value.facts["errors"][0] | {"message": ""} == {"pointer": "/email", "code": "invalid_email", "message": ""}


@pytest.mark.parametrize("email", ["root@localhost", "\u00fcml\u00e4ut@\u00fcmlaut.example", "a+b.c@d-e.example", "o'neil@example.org"])
async def test_unusual_emails_are_emails(identity, email):
    assert (await identity.register(email)).person.email == email


@pytest.mark.parametrize("name", ["", "   ", "x" * 201, "Ada\0", "Ada\nLovelace"])
async def test_a_name_is_one_line_of_1_to_200_characters(identity, name):
    with pytest.raises(InvalidName):
        await identity.ask(CreateUser(email="a@b.c", name=name, password=Typed("x" * 20)), ADMIN)


@pytest.mark.parametrize(
    ("password", "refusal"),
    [("short 7", InvalidPassword), ("x" * 129, InvalidPassword), ("Password123", PasswordTooCommon), ("daybook2026", PasswordTooCommon)],
)
async def test_short_long_and_common_passwords_are_refused(identity, password, refusal):
    with pytest.raises(refusal) as refused:
        await identity.register(password=password)
    assert type(refused.value) is refusal
    assert identity.log.vault == {}


@pytest.mark.parametrize(
    "password", ["12 chars, ok", " \u00e9\u00e9\u00e9\u00e9\u00e9\u00e9 ", "\U0001f412" * 8, "p" * 64 + "q" * 64, "a\0b\0c\0d\0"]
)
async def test_passwords_are_taken_exactly_as_typed(identity, password):
    await identity.register(password=password)
    assert (await identity.log_in(password=password)).person.email == "ada@example.org"
    for other in (password.strip() + "x", password.swapcase() + " ", password[:-1]):
        with pytest.raises(Refused):
            await identity.log_in(password=other)


async def test_an_administrator_makes_nodes_users_and_administrators(identity):
    made = [await identity.ask(CreateUser(email=f"{r}@b.c", name=r, password=Typed("x7" * 8), role=r), ADMIN) for r in Role]
    assert [person.role for person in made] == list(Role)
    assert [(await identity.log_in(f"{role}@b.c", "x7" * 8)).person.role for role in Role] == list(Role)


@pytest.mark.parametrize("caller", [ANONYMOUS, Caller(None, "user"), Caller(None, "node"), Caller(None, "")])
async def test_nobody_else_makes_accounts_for_others(identity, caller):
    with pytest.raises(InsufficientRole):
        await identity.ask(CreateUser(email="a@b.c", name="A", password=Typed("x7" * 8)), caller)
    assert identity.facts() == []


async def test_the_first_administrator_is_made_once(identity):
    wish = EnsureAdmin(email="root@localhost", password=Typed("correct garden"))
    first = await identity.ask(wish, SYSTEM)
    again = await identity.ask(EnsureAdmin(email="other@localhost", password=Typed("another garden")), SYSTEM)
    assert (first.made, again.made, again.user_id) == (True, False, first.user_id)
    assert (await identity.log_in("root@localhost", "correct garden")).person.role is Role.ADMIN


async def test_no_name_email_or_secret_is_in_the_log_or_in_clear_in_the_vault(identity):
    signed_in = await identity.register()
    written = b"".join(msgspec.json.encode(recorded.event) for recorded in identity.log.recorded) + b"".join(identity.log.vault.values())
    assert isinstance(identity.log, MemoryLog)
    for secret in ("ada@example.org", "Ada", PASSWORD_PART, signed_in.refresh_token.partition(".")[2], "$2b$"):
        assert secret.encode() not in written
    assert {kind for kind, _ in identity.log.vault} == {"person_key", "password", "refresh"}


PASSWORD_PART = "forking"
