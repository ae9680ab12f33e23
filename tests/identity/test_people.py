"""The read model of accounts, and what is shown of it."""

from uuid import UUID

import pytest

from application.identity.typed import Typed
from application.identity.user import CreateUser
from application.shared.context import SYSTEM
from domain.identity.events import AdminAppointed, AdminDismissed, RoleGranted, RoleRevoked, UserDisabled, UserEnabled
from domain.identity.events import account as account_events
from domain.identity.role import Role
from domain.shared.event import BY_CLASS
from domain.shared.refused import NotFound
from projections.identity.masking import Viewer
from projections.identity.me import me
from projections.identity.people import PEOPLE, Wanted, account, accounts
from projections.identity.person_keys import PersonKeys
from projections.shared.reading import Freshness
from tests.identity.rows import Rows, folded
from tests.identity.small_daybook import NOON, Identity

ANY = Freshness()
ADMIN = Viewer(None, sees_everybody=True)


async def create(identity: Identity, email: str, role: Role = Role.USER) -> UUID:
    return (await identity.ask(CreateUser(email=email, name=email.upper(), password=Typed("x7" * 8), role=role), SYSTEM)).id


async def test_an_account_is_a_row_with_sealed_names_and_the_version_of_its_stream(identity):
    user_id = (await identity.register()).person.id
    row = folded(identity)[user_id]
    assert (row.id, row.version, row.role, row.active, row.created_at) == (user_id, 3, "user", True, NOON)
    assert "Ada" not in row.name
    assert "@" not in row.email


async def test_roles_and_disabling_are_followed(identity):
    user_id = await create(identity, "n@b.c", Role.NODE)
    for event, role, active in (
        (RoleGranted(user_id=user_id, role=Role.ADMIN), "admin", True),
        (UserDisabled(user_id=user_id), "admin", False),
        (RoleRevoked(user_id=user_id, role=Role.ADMIN), "node", False),
        (UserEnabled(user_id=user_id), "node", True),
        (RoleRevoked(user_id=user_id, role=Role.NODE), "guest", True),
        (RoleRevoked(user_id=user_id, role=Role.NODE), "guest", True),
    ):
        await identity.record(user_id, event)
        row = folded(identity)[user_id]
        assert (row.role, row.active) == (role, active)
    assert row.version == 8


async def test_every_fact_of_an_account_moves_its_row_and_facts_without_a_beginning_make_none(identity):
    await identity.register()
    first, second = identity.log.recorded[:2]
    assert PEOPLE.fold(second.stream_id, None, second) is None
    row = PEOPLE.fold(first.stream_id, None, first)
    assert row is not None
    assert row.version == 1


def test_whatever_stands_in_an_accounts_stream_moves_the_version_that_clients_name_in_if_match():
    kinds = {shape for shape in BY_CLASS if shape.__module__ == account_events.__name__}
    assert set(PEOPLE.listens) == kinds - {AdminAppointed, AdminDismissed}


async def test_names_are_shown_in_clear_to_those_who_may_ask(identity):
    user_id = (await identity.register()).person.id
    shown, seen = await account(Rows(identity), PersonKeys(identity.log, identity.sealing), ADMIN, user_id, ANY)
    assert shown is not None
    assert (shown.name, shown.email, shown.role, seen.position) == ("Ada Lovelace", "ada@example.org", "user", 4)
    nobody, _ = await account(Rows(identity), PersonKeys(identity.log, identity.sealing), ADMIN, UUID(int=999), ANY)
    assert nobody is None


async def test_accounts_are_listed_in_the_order_they_were_opened_page_by_page_and_by_role(identity):
    made = [await create(identity, f"{at}@b.c", Role.NODE if at % 2 else Role.USER) for at in range(5)]
    tables, names = Rows(identity), PersonKeys(identity.log, identity.sealing)
    first, _ = await accounts(tables, names, ADMIN, Wanted(), ANY, limit=2)
    then, _ = await accounts(tables, names, ADMIN, Wanted(), ANY, limit=9, after=first[-1].id)
    nodes, _ = await accounts(tables, names, ADMIN, Wanted(role=Role.NODE), ANY, limit=9)
    assert [shown.id for shown in first + then] == made
    assert [shown.email for shown in nodes] == ["1@b.c", "3@b.c"]


async def test_a_destroyed_key_is_noticed_within_a_second_and_shows_erased(identity):
    user_id = (await identity.register()).person.id
    names, row = PersonKeys(identity.log, identity.sealing), folded(identity)[user_id]
    assert await names.open(user_id, row.name) == ("Ada Lovelace",)
    del identity.log.vault["person_key", user_id]
    identity.later(1)
    assert await names.open(user_id, row.name, row.email) == ("erased", "erased")


async def test_a_key_is_read_once_a_second_and_only_so_many_are_remembered(identity, monkeypatch):
    users = [await create(identity, f"{at}@b.c") for at in range(4)]
    monkeypatch.setattr("projections.identity.person_keys.REMEMBERED", 3)
    names, rows, reads = PersonKeys(identity.log, identity.sealing), folded(identity), []
    secrets = identity.log.secrets
    identity.log.secrets = lambda *asked: (reads.append(asked), secrets(*asked))[1]
    for _ in range(3):
        await names.open(users[0], rows[users[0]].name)
    assert len(reads) == 1
    for user_id in users:
        await names.open(user_id, rows[user_id].name)
        assert len(names._known) <= 3


async def test_who_am_i_is_answered_from_ones_own_stream(identity):
    signed_in = await identity.register()
    names = PersonKeys(identity.log, identity.sealing)
    shown, position = await me(identity.log, names, signed_in.person.id, signed_in.session_id, ["tasks:read"])
    assert (shown.name, shown.email, shown.version, shown.session_id) == ("Ada Lovelace", "ada@example.org", 3, signed_in.session_id)
    assert position == 3
    with pytest.raises(NotFound):
        await me(identity.log, names, UUID(int=999), None, [])
