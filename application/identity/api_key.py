"""API keys: issuing, rotating, revoking them, and noting that they are used."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from application.identity.key_text import KeyText, prefix_of
from application.identity.personal import account, caller_id, sealed_for
from application.shared.command import Command, handles
from application.shared.context import Caller
from application.shared.permissions import Reach, must, scopes_for
from application.shared.ports import Ports
from domain.identity.api_key import ApiKey, valid_expiry, valid_networks
from domain.identity.errors import UnfitKeyScope
from domain.identity.events import ApiKeyIssued
from domain.identity.events.sealed import NOTHING
from domain.identity.person import valid_name
from domain.identity.user import User
from domain.shared.aggregate import NOBODY
from domain.shared.refused import Hidden, InsufficientRole, InsufficientScope, NotFound

MANAGE = "api-keys:manage"


class IssueApiKey(Command, frozen=True):
    """Make a key for the caller's account; for another one (`owner_id`) only who may manage all keys."""

    name: str
    scopes: tuple[str, ...]
    expires_at: datetime | None = None
    allowed_addresses: tuple[str, ...] = ()
    owner_id: UUID | None = None


class RotateApiKey(Command, frozen=True):
    """Give a key a new secret; the present one counts `overlap` seconds longer."""

    key_id: UUID
    overlap: int


class RevokeApiKey(Command, frozen=True):
    """Let a key count no more."""

    key_id: UUID


class NoteKeyUse(Command, frozen=True):
    """Record that a key was used."""

    key_id: UUID


class IssuedKey(msgspec.Struct, frozen=True):
    """A key as its owner is shown it, this once."""

    id: UUID
    key: str
    prefix: str
    name: str
    owner_id: UUID
    scopes: tuple[str, ...]
    allowed_addresses: tuple[str, ...]
    expires_at: datetime | None
    version: int


class RotatedKey(msgspec.Struct, frozen=True):
    """A key's new secret, shown this once; the former counts until then."""

    id: UUID
    key: str
    prefix: str
    former_valid_until: datetime
    version: int


@handles(IssueApiKey)
async def issue_api_key(command: IssueApiKey, ports: Ports) -> IssuedKey:
    """Raises `InsufficientRole`, `NotFound`, `AccountDisabled`, and the refusals of single fields."""
    reached, owner_id = must(ports.caller, MANAGE), command.owner_id or caller_id(ports)
    if owner_id != ports.caller.id and reached is not Reach.ALL:
        raise InsufficientRole("Only who may manage all keys can make one for somebody else.", permission=MANAGE)
    owner = await account(ports, owner_id)
    owner.must_be_active()
    name, networks = valid_name(command.name), valid_networks(command.allowed_addresses)
    scopes = _valid_scopes(ports.caller, owner, command.scopes)
    expires_at = valid_expiry(command.expires_at, ports.now)
    key_id, secret_id = ports.new_id(), ports.new_id()
    shown = KeyText.made(key_id, ports.sealing.new_key())
    issued = ApiKeyIssued(
        key_id=key_id,
        owner_id=owner_id,
        secret_id=secret_id,
        name=await sealed_for(ports, owner_id, name),
        scopes=scopes,
        issued_at=ports.now,
        expires_at=expires_at,
        addresses=await sealed_for(ports, owner_id, msgspec.json.encode(networks).decode()) if networks else NOTHING,
    )
    key = ports.log.stage(ApiKey(id=key_id), issued)
    ports.log.keep("api_key", secret_id, shown.digest)
    return IssuedKey(key_id, shown.text, prefix_of(key_id), name, owner_id, scopes, networks, expires_at, key.version)


@handles(RotateApiKey)
async def rotate_api_key(command: RotateApiKey, ports: Ports) -> RotatedKey:
    """Raises `InsufficientScope` for a key that would get more than it has, `NotFound`, `ApiKeyIsOver`."""
    before, secret_id, overlap = await _of_caller(ports, command.key_id), ports.new_id(), timedelta(seconds=command.overlap)
    if not _covers(ports.caller, before.scopes):
        raise InsufficientScope("This key may do more than the one that asks.", permission=MANAGE)
    after = await ports.log.change(ApiKey, before.id, lambda key: key.rotate(secret_id, overlap, ports.now))
    shown = KeyText.made(before.id, ports.sealing.new_key())
    ports.log.keep("api_key", secret_id, shown.digest)
    _forget(ports, {one.id for one in before.secrets} - {one.id for one in after.secrets})
    return RotatedKey(before.id, shown.text, prefix_of(before.id), ports.now + overlap, after.version)


@handles(RevokeApiKey)
async def revoke_api_key(command: RevokeApiKey, ports: Ports) -> None:
    """Told twice, nothing new happens; raises `InsufficientRole`, `NotFound`, also for a key of somebody else."""
    await revoke(ports, await _of_caller(ports, command.key_id))


@handles(NoteKeyUse)
async def note_key_use(command: NoteKeyUse, ports: Ports) -> None:
    """Of several processes that saw it used at the same time, one is heard."""
    await ports.log.change(ApiKey, command.key_id, lambda key: key.use(ports.now))


async def revoke(ports: Ports, before: ApiKey) -> None:
    """Stage the end of a key; told twice, nothing new happens."""
    await ports.log.change(ApiKey, before.id, lambda key: key.revoke())
    _forget(ports, {one.id for one in before.secrets})


def must_see(caller: Caller, key: ApiKey) -> ApiKey:
    """The key, for its owner and for who may manage all; raises `InsufficientRole`, `NotFound`."""
    reached = must(caller, MANAGE)
    if key.owner_id == NOBODY:
        raise NotFound
    if reached is not Reach.ALL and key.owner_id != caller.id:
        raise Hidden
    return key


async def _of_caller(ports: Ports, key_id: UUID) -> ApiKey:
    return must_see(ports.caller, await ports.log.load(ApiKey, key_id))


def _valid_scopes(caller: Caller, owner: User, asked: Iterable[str]) -> tuple[str, ...]:
    """The scopes in order, each once; raises `UnfitKeyScope` for what the owner's roles do not permit, or the caller's own scopes."""
    possible = scopes_for(frozenset(map(str, owner.roles)))
    possible += [f"{name.partition(':')[0]}:*" for name in possible]
    for nth, scope in enumerate(asked):
        if scope not in possible or not _covers(caller, (scope,)):
            raise UnfitKeyScope(f"/scopes/{nth}")
    return tuple(sorted(set(asked)))


def _covers(caller: Caller, scopes: Iterable[str]) -> bool:
    """Whether the caller's own scopes, if they are bound by any, reach as far as these."""
    own = caller.scopes
    return own is None or all(scope in own or f"{scope.partition(':')[0]}:*" in own for scope in scopes)


def _forget(ports: Ports, secret_ids: Iterable[UUID]) -> None:
    for secret_id in secret_ids:
        ports.log.keep("api_key", secret_id, None)
