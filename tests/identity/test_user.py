"""Accounts that rest, and accounts that are opened without a word to strangers."""

import asyncio
from uuid import UUID

import pytest

from application.identity.standing import Standing
from application.identity.typed import Typed
from application.identity.user import CreateUser, DisableUser, EnableUser
from application.shared.context import SYSTEM, Caller
from domain.identity.errors import AccountDisabled, AccountErased, EmailBlocked, InvalidToken, PasswordTooCommon
from domain.identity.events import EmailVerificationAsked, RegistrationRepeated, UserErased
from domain.identity.person import must_be_welcome, valid_password
from domain.identity.role import Role
from domain.shared.refused import InsufficientRole, NotFound
from tests.identity.accounts import another, first_admin
from tests.identity.small_daybook import NOON, PASSWORD, Identity
from tests.identity.test_standing import claims


async def test_disabling_ends_what_is_going_on_within_a_second_and_for_good(identity):
    root, signed_in = await first_admin(identity), await identity.register()
    standing, user_id = Standing(identity.log), signed_in.person.id
    await standing.caller(claims(signed_in))
    identity.later(1)
    rests = await identity.ask(DisableUser(user_id=user_id, reason="On leave"), root)
    assert (rests.active, identity.log.recorded[-1].event.reason) == (False, "On leave")
    identity.later(1)
    for refusal, proof in (
        (InvalidToken, standing.caller(claims(signed_in))),
        (InvalidToken, identity.refresh(signed_in.refresh_token)),
        (AccountDisabled, identity.log_in()),
    ):
        with pytest.raises(refusal):
            await proof
    assert (await identity.ask(EnableUser(user_id=user_id), root)).active
    identity.later(1)
    with pytest.raises(InvalidToken):
        await standing.caller(claims(signed_in))
    assert (await identity.log_in()).person.id == user_id


async def test_disabling_and_enabling_twice_is_no_news(identity):
    root, user = await first_admin(identity), await another(identity, Role.USER)
    for command in (EnableUser, DisableUser, DisableUser, EnableUser, EnableUser):
        await identity.ask(command(user_id=user.id), root)
    assert identity.facts()[-2:] == ["UserDisabled", "UserEnabled"]
    assert identity.facts().count("UserDisabled") == 1


@pytest.mark.parametrize("command", [DisableUser, EnableUser])
async def test_only_administrators_do_it_and_only_to_an_account_that_is_there(identity, command):
    root, user = await first_admin(identity), await another(identity, Role.USER)
    for role in set(Role) - {Role.ADMIN}:
        with pytest.raises(InsufficientRole):
            await identity.ask(command(user_id=user.id), Caller(user.id, role.value))
    with pytest.raises(NotFound):
        await identity.ask(command(user_id=UUID(int=999)), root)
    await identity.record(user.id, UserErased(user_id=user.id, erased_at=NOON))
    with pytest.raises(AccountErased):
        await identity.ask(command(user_id=user.id), root)


async def test_registering_asks_for_the_proof_of_the_email_in_the_same_breath(identity):
    made = await identity.register()
    asked = next(one for one in identity.log.recorded if isinstance(one.event, EmailVerificationAsked))
    assert identity.facts()[:4] == ["UserRegistered", "RoleGranted", "EmailVerificationAsked", "SessionOpened"]
    assert (asked.event.user_id, asked.event.email) == (made.person.id, identity.log.recorded[0].event.email)
    assert not made.person.email_verified


async def test_an_account_that_an_administrator_opens_sends_nobody_a_mail(identity):
    await another(identity, Role.NODE)
    assert "EmailVerificationAsked" not in identity.facts()


BLOCKED = " Mailinator.com, @throwaway.example ,"


@pytest.mark.parametrize("email", ["a@mailinator.com", "A@MAILINATOR.COM", "a@eu.mailinator.com", "a@throwaway.example"])
async def test_emails_of_blocked_domains_cannot_register(identity, email):
    identity.settings.email_blocked_domains = BLOCKED
    with pytest.raises(EmailBlocked) as refused:
        await identity.register(email)
    assert refused.value.facts["errors"][0]["pointer"] == "/email"
    assert identity.facts() == []


async def test_other_domains_and_accounts_by_administrators_are_not_blocked(identity):
    identity.settings.email_blocked_domains = BLOCKED
    await identity.register("a@notmailinator.com")
    await identity.ask(CreateUser(email="a@mailinator.com", name="A", password=Typed(PASSWORD)), SYSTEM)
    must_be_welcome("a@example.org", [])


@pytest.mark.parametrize("password", ["daybook1", "DayBook2026", "!daybook!", "daybookdaybook", "my-daybook"])
def test_the_products_name_with_little_around_it_is_too_common(password):
    with pytest.raises(PasswordTooCommon):
        valid_password(password, lambda _: False)


@pytest.mark.parametrize("password", ["a daybook beside my bed", "a garden of forking paths"])
def test_its_name_among_other_words_is_fine(password):
    assert valid_password(password, lambda _: False) == password


@pytest.fixture
def private(identity: Identity) -> Identity:
    identity.settings.registration_privacy = True
    return identity


async def test_in_private_a_new_account_is_opened_and_its_owner_gets_the_proof_and_no_session(private):
    assert await private.register() is None
    assert private.facts() == ["UserRegistered", "RoleGranted", "EmailVerificationAsked"]
    assert (await private.log_in()).person.email == "ada@example.org"


async def test_in_private_a_known_email_is_a_fact_of_its_account_and_changes_nothing_of_it(private):
    await private.register()
    user_id = (await private.log_in()).person.id
    assert await private.register(" ADA@example.org", "another garden") is None
    assert private.log.recorded[-1].event == RegistrationRepeated(user_id=user_id, at=NOON)
    assert (await private.log_in()).person.name == "Ada Lovelace"


async def test_its_owner_is_told_so_once_a_minute(private):
    for seconds in (0, 0, 59.9, 0.2):
        private.later(seconds)
        await private.register()
    assert private.facts().count("RegistrationRepeated") == 2


class Counted:
    """Counts what the log is asked, and the slow work."""

    def __init__(self, identity: Identity) -> None:
        self.slow, self.writes = 0, 0
        self._hash, self._append = identity.passwords.hash, identity.log.append
        identity.passwords.hash, identity.log.append = self.hash, self.append

    async def hash(self, password: str) -> bytes:
        self.slow += 1
        return await self._hash(password)

    async def append(self, entry):
        self.writes += 1
        return await self._append(entry)


async def test_in_private_known_and_unknown_take_the_same_work(private):
    counted, work = Counted(private), []
    for email in ("ada@example.org", "ada@example.org", "ada@example.org"):
        await private.register(email)
        work.append((counted.slow, counted.writes))
    assert work == [(1, 1), (2, 2), (3, 3)]


async def test_in_private_of_many_at_once_one_opens_it_and_nobody_is_refused(private):
    private.log._pause = lambda: asyncio.sleep(0)
    outcomes = await asyncio.gather(*(private.register() for _ in range(8)), return_exceptions=True)
    assert outcomes == [None] * 8
    assert private.facts().count("UserRegistered") == 1
    assert private.facts().count("RegistrationRepeated") == 1


async def test_in_private_what_does_not_fit_is_still_told(private):
    with pytest.raises(PasswordTooCommon):
        await private.register(password="password123")


@pytest.mark.parametrize("role", ["USER", "User", "TEAM_MEMBER"])
async def test_asking_for_the_role_one_gets_anyway_is_no_offence(identity, role):
    assert (await identity.register(role=role)).person.role is Role.USER
