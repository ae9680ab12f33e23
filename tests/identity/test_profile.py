"""What people are called."""

from uuid import UUID

import pytest

from application.identity.profile import RenameUser
from application.shared.context import Caller
from domain.identity.errors import AccountErased, InvalidName
from domain.identity.events import UserErased
from domain.identity.role import Role
from domain.shared.refused import InsufficientRole, NotFound, PreconditionFailed
from tests.identity.accounts import another, caller, first_admin
from tests.identity.rows import folded
from tests.identity.small_daybook import NOON


async def test_a_person_changes_their_name_and_an_administrator_anybodys(identity):
    signed_in, root = await identity.register(), await first_admin(identity)
    ada = caller(signed_in)
    assert (await identity.ask(RenameUser(user_id=ada.id, name=" Ada King "), ada)).name == "Ada King"
    assert (await identity.ask(RenameUser(user_id=ada.id, name="Countess"), root)).name == "Countess"
    assert (await identity.log_in()).person.name == "Countess"
    last = next(one for one in reversed(identity.log.recorded) if type(one.event).__name__ == "UserRenamed")
    assert last.event.name == folded(identity)[ada.id].name
    assert "Countess" not in last.event.name


async def test_the_same_name_is_no_news(identity):
    ada = caller(await identity.register())
    before = identity.facts()
    await identity.ask(RenameUser(user_id=ada.id, name="Ada Lovelace "), ada)
    assert identity.facts() == before


async def test_a_name_that_was_changed_meanwhile_is_not_changed_again(identity):
    signed_in = await identity.register()
    ada, seen = caller(signed_in), signed_in.person.version
    await identity.ask(RenameUser(user_id=ada.id, name="Ada King", if_match=seen), ada)
    with pytest.raises(PreconditionFailed):
        await identity.ask(RenameUser(user_id=ada.id, name="Ada Byron", if_match=seen), ada)


async def test_nobody_else_names_people_and_only_people_have_names(identity):
    root, ada = await first_admin(identity), caller(await identity.register())
    for role in set(Role) - {Role.ADMIN}:
        with pytest.raises(InsufficientRole):
            await identity.ask(RenameUser(user_id=ada.id, name="X"), Caller(UUID(int=0xF00), role.value))
    for nobody in (UUID(int=999), ada.session_id):
        with pytest.raises(NotFound):
            await identity.ask(RenameUser(user_id=nobody, name="X"), root)
    with pytest.raises(InvalidName):
        await identity.ask(RenameUser(user_id=ada.id, name=" "), ada)


async def test_who_was_erased_gets_no_name_again(identity):
    root, user = await first_admin(identity), await another(identity, Role.USER)
    await identity.record(user.id, UserErased(user_id=user.id, erased_at=NOON))
    del identity.log.vault["person_key", user.id]
    with pytest.raises(AccountErased):
        await identity.ask(RenameUser(user_id=user.id, name="X"), root)
    row = folded(identity)[user.id]
    assert (row.erased, row.active, row.name, row.email) == (True, False, "", "")
