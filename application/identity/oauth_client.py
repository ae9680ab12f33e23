"""Programs that may ask for tokens: registering and removing them, and knowing them again."""

import hashlib
from base64 import urlsafe_b64encode
from hmac import compare_digest
from typing import Final
from uuid import UUID

import msgspec

from application.identity.admins import follow
from application.identity.personal import sealed
from application.shared.command import Command, handles
from application.shared.permissions import NEVER_SCOPED, PERMISSIONS, must
from application.shared.ports import Ports, Work
from domain.identity.events import OAuthClientRegistered
from domain.identity.events.sealed import NOTHING
from domain.identity.oauth_client import ITSELF, OPENID, PUBLIC, OAuthClient
from domain.identity.oauth_errors import InvalidClient, UnfitScope
from domain.identity.role import Role
from domain.identity.user import User

SCOPES: Final = (*OPENID, *(name for name in PERMISSIONS if name not in NEVER_SCOPED))
"""Everything a program can be given."""


class RegisterOAuthClient(Command, frozen=True):
    """Let a program ask for tokens."""

    name: str
    kind: str
    redirect_uris: tuple[str, ...]
    grants: tuple[str, ...]
    scopes: tuple[str, ...]


class RotateOAuthClientSecret(Command, frozen=True):
    """Give a program another secret."""

    client_id: UUID


class RemoveOAuthClient(Command, frozen=True):
    """Forget a program; its tokens count no more."""

    client_id: UUID


class ClientProof(msgspec.Struct, frozen=True):
    """What a program says and shows of itself."""

    client_id: str
    secret: str | None = None


class WithSecret(msgspec.Struct, frozen=True):
    """A program and its fresh secret, which is shown this once; a public one has none."""

    id: UUID
    name: str
    kind: str
    redirect_uris: tuple[str, ...]
    grants: tuple[str, ...]
    scopes: tuple[str, ...]
    service_account: UUID | None
    version: int
    client_secret: str | None


@handles(RegisterOAuthClient)
async def register_oauth_client(command: RegisterOAuthClient, ports: Ports) -> WithSecret:
    """Raises `InsufficientRole` and the refusals of single fields."""
    must(ports.caller, "oauth-clients:manage")
    for nth, scope in enumerate(command.scopes):
        if scope not in SCOPES:
            raise UnfitScope(f"/scopes/{nth}")
    client_id = ports.new_id()
    facts = OAuthClientRegistered(
        client_id=client_id,
        name=command.name.strip(),
        kind=command.kind,
        redirect_uris=_once(command.redirect_uris),
        grants=_once(command.grants),
        scopes=_once(command.scopes),
        service_account=ports.new_id() if ITSELF in command.grants else None,
    )
    client = ports.log.stage(OAuthClient(id=client_id), *OAuthClient.register(facts))
    if client.service_account is not None:
        _open_service_account(ports, client.service_account, client.name)
    return _shown(client, None if client.kind == PUBLIC else _new_secret(ports, client_id))


@handles(RotateOAuthClientSecret)
async def rotate_oauth_client_secret(command: RotateOAuthClientSecret, ports: Ports) -> WithSecret:
    """Raises `InsufficientRole`, `NotFound`, `UnauthorizedClient`."""
    must(ports.caller, "oauth-clients:manage")
    client = await ports.log.change(OAuthClient, command.client_id, OAuthClient.rotate_secret)
    return _shown(client, _new_secret(ports, client.id))


@handles(RemoveOAuthClient)
async def remove_oauth_client(command: RemoveOAuthClient, ports: Ports) -> None:
    """Raises `InsufficientRole`, `NotFound`."""
    must(ports.caller, "oauth-clients:manage")
    client = await ports.log.change(OAuthClient, command.client_id, OAuthClient.remove)
    ports.log.keep("oauth_secret", client.id, None)
    if client.service_account is not None:
        account = await ports.log.change(User, client.service_account, lambda account: account.disable(ports.now, "oauth_client_removed"))
        await follow(ports, account)


async def must_be_client(work: Work, proof: ClientProof) -> OAuthClient:
    """The program that shows this. Raises `InvalidClient` for a wrong secret, and for one where there is none."""
    try:
        client = await work.load(OAuthClient, UUID(proof.client_id))
    except ValueError as error:
        raise InvalidClient from error
    if client.kind == PUBLIC:
        fits = proof.secret is None
    else:
        digest = await work.secret("oauth_secret", client.id)
        fits = digest is not None and proof.secret is not None and compare_digest(_digest(proof.secret), digest)
    if not (client.exists and fits):
        raise InvalidClient
    return client


def _open_service_account(ports: Ports, account_id: UUID, name: str) -> None:
    key = ports.sealing.new_key()
    facts = User.register(account_id, NOTHING, sealed(ports, key, account_id, name), Role.SERVICE)
    ports.log.stage(User(id=account_id), *facts)
    ports.log.keep("person_key", account_id, key)


def _new_secret(ports: Ports, client_id: UUID) -> str:
    secret = urlsafe_b64encode(ports.sealing.new_key()).rstrip(b"=").decode()
    ports.log.keep("oauth_secret", client_id, _digest(secret))
    return secret


def _shown(client: OAuthClient, secret: str | None) -> WithSecret:
    known = (client.name, client.kind, client.redirect_uris, client.grants, client.scopes, client.service_account, client.version)
    return WithSecret(client.id, *known, secret)


def _digest(secret: str) -> bytes:
    # 256 random bits need no slow hash: there is nothing to guess.
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def _once(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words))
