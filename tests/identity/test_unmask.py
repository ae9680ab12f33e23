"""An auditor sees who somebody is only for a reason, which is a fact of the person's account from then on."""

from uuid import UUID, uuid4

import pytest

from application.identity.unmask import UnmaskPersonalData
from application.shared.context import Caller
from domain.identity.events import PersonalDataUnmasked, UserErased
from domain.identity.person import ERASED
from domain.shared.refused import InsufficientRole, NotFound
from tests.identity.small_daybook import NOON, Identity

AUDITOR, USER = Caller(UUID(int=0xAD), "auditor"), Caller(UUID(int=0xA1), "user")
WHY = "Ticket 4711"


async def test_an_auditor_with_a_reason_sees_name_and_email_and_that_is_a_fact(identity: Identity):
    ada = (await identity.register()).person
    seen = await identity.ask(UnmaskPersonalData(user_id=ada.id, reason=WHY), AUDITOR)
    assert (seen.email, seen.name) == ("ada@example.org", "Ada Lovelace")
    last = identity.log.recorded[-1]
    assert (last.event, last.actor_id) == (PersonalDataUnmasked(user_id=ada.id, reason=WHY), AUDITOR.id)


async def test_nobody_else_may(identity: Identity):
    ada = (await identity.register()).person
    before = len(identity.log.recorded)
    with pytest.raises(InsufficientRole):
        await identity.ask(UnmaskPersonalData(user_id=ada.id, reason=WHY), USER)
    assert len(identity.log.recorded) == before


async def test_of_somebody_erased_there_is_nothing_to_see_and_of_nobody_even_less(identity: Identity):
    ada = (await identity.register()).person
    await identity.record(ada.id, UserErased(user_id=ada.id, erased_at=NOON))
    identity.log.vault.clear()
    seen = await identity.ask(UnmaskPersonalData(user_id=ada.id, reason=WHY), AUDITOR)
    assert (seen.email, seen.name) == (ERASED, ERASED)
    assert "PersonalDataUnmasked" not in identity.facts()
    with pytest.raises(NotFound):
        await identity.ask(UnmaskPersonalData(user_id=uuid4(), reason=WHY), AUDITOR)
