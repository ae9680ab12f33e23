"""Erasing a person: with their key everything sealed with it is unreadable at once; what is kept beside the log goes seconds later."""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from application.identity.admins import dismiss
from application.identity.api_key import revoke
from application.identity.outside_identity import forget_identities
from application.identity.personal import in_clear
from application.identity.second_factor import drop_secrets
from application.identity.session import end_session
from application.shared.command import Command, handles
from application.shared.deadline import Deadline, deadline
from application.shared.permissions import must
from application.shared.ports import Lost, Ports
from domain.identity.api_key import ApiKey
from domain.identity.errors import StillForgetting
from domain.identity.events import UserErased, UserForgotten
from domain.identity.second_factor import SecondFactor, factor_id
from domain.identity.session import Session
from domain.identity.user import User
from domain.shared.event import Recorded
from domain.shared.refused import NotFound

LAST_WORDS: Final = timedelta(seconds=5)
"""For this long a request that was under way may still leave an answer; a session acts for one second at most after its end."""
ERASED: Final = "erased"


class EraseUser(Command, frozen=True):
    """End an account for ever and destroy its person's key: one's own, or somebody's as an administrator."""

    user_id: UUID
    if_match: int | None = None


class ForgetPerson(Command, frozen=True):
    """Delete what is kept of an erased person beside the log: sessions, API keys, stored answers, folded states."""

    user_id: UUID


@handles(EraseUser)
async def erase_user(command: EraseUser, ports: Ports) -> None:
    """Told twice, nothing new happens. Raises `InsufficientRole`, `NotFound`, `PreconditionFailed`, `LastAdmin`."""
    must(ports.caller, "self:secure" if command.user_id == ports.caller.id else "users:manage")
    user = await ports.log.load(User, command.user_id)
    if not user.exists:
        raise NotFound
    if user.erased:
        return
    (email,) = await in_clear(ports, user.id, user.email)
    await dismiss(ports, user.id)
    after = await ports.log.change(User, user.id, lambda user: user.erase(ports.now), if_match=command.if_match)
    if after.version != user.version + 1:
        raise Lost  # It changed since it was read: what is freed here would not be what it has.
    ports.log.release("email", email)
    await forget_identities(ports, user.id)
    drop_secrets(ports, await ports.log.load(SecondFactor, factor_id(user.id)))
    for kind in ("person_key", "password"):
        ports.log.keep(kind, user.id, None)


@handles(ForgetPerson)
async def forget_person(command: ForgetPerson, ports: Ports) -> None:
    """Done again, it finds nothing left to do. Raises `NotFound` for who was not erased, `StillForgetting`."""
    must(ports.caller, "users:manage")
    if not (await ports.log.load(User, command.user_id)).erased:
        raise NotFound
    sessions = await ports.outside.remains.sessions_of(command.user_id)
    for session_id in sessions:
        if (await ports.log.load(Session, session_id)).exists:
            await end_session(ports, session_id, ERASED)
    for key_id in await ports.outside.remains.keys_of(command.user_id):
        await revoke(ports, await ports.log.load(ApiKey, key_id))
    drop_secrets(ports, await ports.log.load(SecondFactor, factor_id(command.user_id)))  # One that was being set up at that moment.
    if not await ports.outside.remains.forget(command.user_id, sessions):
        raise StillForgetting
    await ports.log.change(User, command.user_id, lambda user: [UserForgotten(user_id=user.id)])


@deadline("identity.forget", UserErased, UserForgotten)
def forget(user_id: UUID, _: Deadline | None, recorded: Recorded[Any]) -> Deadline | None:
    """By the clock and not by a reaction: not before the last request is over, and again until it is done."""
    match recorded.event:
        case UserErased(erased_at=at):
            return Deadline(at + LAST_WORDS, ForgetPerson(user_id=user_id))
    return None
