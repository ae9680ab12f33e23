"""An account that is erased while something else happens to it: what goes is what it has by then."""

import asyncio

import pytest

from application.identity.email import AskEmailChange, VerifyEmail
from application.identity.erasure import EraseUser
from application.identity.role import GrantRole
from application.shared.context import SYSTEM
from domain.identity.admins import ADMINS, Admins
from domain.identity.errors import InvalidLink
from domain.identity.role import Role
from tests.identity.accounts import caller, first_admin, link
from tests.identity.small_daybook import Identity


async def meanwhile(identity: Identity, command, user_id, steps: int) -> None:
    """Erase the account so many steps after something else began to happen to it."""
    identity.log._pause = lambda: asyncio.sleep(0)
    under_way = asyncio.ensure_future(identity.ask(command, SYSTEM))
    for _ in range(steps):
        await asyncio.sleep(0)
    await identity.ask(EraseUser(user_id=user_id), SYSTEM)
    await asyncio.gather(under_way, return_exceptions=True)
    identity.log._pause = None


@pytest.mark.parametrize("steps", range(10))
async def test_an_email_that_is_changed_at_that_moment_is_free_afterwards_as_is_the_former(identity, steps):
    ada = caller(await identity.register())
    await identity.ask(AskEmailChange(email="new@example.org"), ada)
    await meanwhile(identity, VerifyEmail(token=link(identity, "verify-email", ada.id)), ada.id, steps)
    assert [kind for kind, _ in identity.log.names] == []
    with pytest.raises(InvalidLink):
        await identity.ask(VerifyEmail(token=link(identity, "verify-email", ada.id)))


@pytest.mark.parametrize("steps", range(10))
async def test_who_is_appointed_at_that_moment_is_no_administrator_afterwards(identity, steps):
    root, ada = await first_admin(identity), caller(await identity.register())
    await meanwhile(identity, GrantRole(user_id=ada.id, role=Role.ADMIN), ada.id, steps)
    assert (await identity.log.load(Admins, ADMINS))[0].appointed == {root.id}
