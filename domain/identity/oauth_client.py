"""A program that is registered to ask for tokens (RFC 6749, 2)."""

import re
from typing import Final, Self
from urllib.parse import urlsplit
from uuid import UUID

from domain.identity.errors import InvalidName
from domain.identity.events import OAuthClientRegistered, OAuthClientRemoved, OAuthClientSecretRotated
from domain.identity.oauth_errors import UnauthorizedClient, UnfitGrants, UnfitRedirectUri
from domain.shared.aggregate import Aggregate
from domain.shared.event import Event
from domain.shared.refused import NotFound

CODE: Final = "authorization_code"
REFRESH: Final = "refresh_token"
ITSELF: Final = "client_credentials"
CONFIDENTIAL: Final = "confidential"
PUBLIC: Final = "public"
OPENID: Final = ("openid", "profile", "email")
"""Scopes that are not permissions but ask who somebody is (OpenID Connect Core, 5.4)."""
LONGEST_URI: Final = 2000
LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_VISIBLE: Final = re.compile(r"[\x21\x23-\x3b\x3d\x3f-\x5b\x5d\x5f\x61-\x7a\x7e]+")
"""What stands in a URI (RFC 3986), which no HTML page and no header has to fear."""
_AUTHORITY: Final = re.compile(r"(?:[A-Za-z0-9.-]+|\[[0-9a-fA-F:.]+\])(?::[0-9]{1,5})?")


class OAuthClient(Aggregate, frozen=True):
    """`service_account` is whom the program acts as for itself."""

    name: str = ""
    kind: str = CONFIDENTIAL
    redirect_uris: tuple[str, ...] = ()
    grants: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    service_account: UUID | None = None
    removed: bool = False

    @property
    def exists(self) -> bool:
        """Not before it was registered, nor after it was removed."""
        return self.version > 0 and not self.removed

    @staticmethod
    def register(facts: OAuthClientRegistered) -> list[Event]:
        """The first fact of a program; raises the refusal of the first field that does not fit."""
        if not 1 <= len(facts.name) <= 100 or not facts.name.isprintable():
            raise InvalidName("/name")
        for nth, uri in enumerate(facts.redirect_uris):
            if not _is_fit(uri):
                raise UnfitRedirectUri(f"/redirect_uris/{nth}")
        with_code, with_secret = CODE in facts.grants, facts.kind == CONFIDENTIAL
        wrong = (
            not (with_code or ITSELF in facts.grants),
            with_code != bool(facts.redirect_uris),
            REFRESH in facts.grants and not with_code,
            ITSELF in facts.grants and not with_secret,
        )
        if any(wrong):
            raise UnfitGrants("/grants")
        return [facts]

    def must_be_allowed(self, way: str) -> None:
        """Raises `UnauthorizedClient` for a grant it was not registered with."""
        if way not in self.grants:
            raise UnauthorizedClient

    def rotate_secret(self) -> list[Event]:
        """Another secret from now on; only a confidential program has one."""
        if self.kind != CONFIDENTIAL:
            raise UnauthorizedClient("A public program has no secret.")
        return [OAuthClientSecretRotated(client_id=self.id)]

    def remove(self) -> list[Event]:
        """The end; raises `NotFound` when told twice."""
        if self.removed:
            raise NotFound
        return [OAuthClientRemoved(client_id=self.id)]

    def evolve(self, event: Event) -> Self:
        """The program after one more fact."""
        match event:
            case OAuthClientRegistered(name=name, kind=kind, redirect_uris=uris, grants=grants, scopes=scopes, service_account=account):
                return self.but(name=name, kind=kind, redirect_uris=uris, grants=grants, scopes=scopes, service_account=account)
            case OAuthClientRemoved():
                return self.but(removed=True)
        return self


def _is_fit(uri: str) -> bool:
    if len(uri) > LONGEST_URI or not _VISIBLE.fullmatch(uri):
        return False
    try:
        parsed = urlsplit(uri)
        host, _ = parsed.hostname, parsed.port
    except ValueError:
        return False
    secure = parsed.scheme == "https" or (parsed.scheme == "http" and host in LOOPBACK)
    return secure and "#" not in uri and _AUTHORITY.fullmatch(parsed.netloc) is not None
