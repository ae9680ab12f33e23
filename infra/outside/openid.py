"""Signing in through outside providers: the `Providers` port, spoken as OpenID Connect wants it of a relying party."""

import hashlib
import logging
from base64 import urlsafe_b64encode
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote_plus, urlencode

import httpx
import msgspec
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from application.identity.outside_identity import Journey, Proved
from domain.identity.errors import DomainNotAllowed, IdentityNotProved, ProviderUnavailable
from domain.shared.refused import NotFound
from infra.outside.openid_fetch import Fetching
from infra.outside.openid_id_token import Identified, UnknownKey, Unproved, Wanted, judged
from infra.outside.openid_settings import ProviderSettings, is_safe

log = logging.getLogger(__name__)
FRESH: Final = timedelta(minutes=10)
"""How long what a provider publishes is believed."""
AGAIN: Final = timedelta(seconds=10)
"""How soon its keys may be fetched again because a token names an unknown one."""
BASIC: Final = "client_secret_basic"


class Metadata(msgspec.Struct, frozen=True):
    """What of a discovery document is of use (OpenID Connect Discovery, 3)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None = None
    token_endpoint_auth_methods_supported: tuple[str, ...] = (BASIC,)
    authorization_response_iss_parameter_supported: bool = False


class Published(msgspec.Struct):
    """What is remembered of a provider."""

    metadata: Metadata
    keys: KeySet
    since: datetime
    keys_since: datetime


class OpenIdProviders:
    """Discovery and keys are remembered for ten minutes; a token with a new key makes them be fetched at once."""

    def __init__(
        self, providers: dict[str, ProviderSettings], now: Callable[[], datetime], transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._providers = providers
        self._now = now
        self._fetching = Fetching(transport)
        self._published: dict[str, Published] = {}

    async def close(self) -> None:
        """Close connections."""
        await self._fetching.close()

    async def address(self, provider: str, journey: Journey) -> str:
        """Where to send the browser; raises `NotFound`, `ProviderUnavailable`."""
        one = self._known(provider)
        published = await self._discovered(one)
        digest = hashlib.sha256(journey.verifier.encode()).digest()
        asked = {
            "response_type": "code",
            "client_id": one.client_id,
            "redirect_uri": journey.redirect_uri,
            "scope": " ".join(one.scopes),
            "state": journey.state,
            "nonce": journey.nonce,
            "code_challenge": urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        at = published.metadata.authorization_endpoint
        return f"{at}{'&' if '?' in at else '?'}{urlencode(asked)}"

    async def proved(self, provider: str, journey: Journey, code: str, issuer: str | None) -> Proved:
        """Who came back; raises `NotFound`, `IdentityNotProved`, `DomainNotAllowed`, `ProviderUnavailable`."""
        one = self._known(provider)
        published = await self._discovered(one)
        if issuer != one.issuer and (issuer is not None or published.metadata.authorization_response_iss_parameter_supported):
            raise IdentityNotProved
        tokens = await self._exchanged(one, published.metadata, journey, code)
        access = str(tokens.get("access_token", ""))
        wanted = Wanted(one.issuer, one.client_id, journey.nonce, access, int(self._now().timestamp()))
        said = await self._judged(one, str(tokens.get("id_token", "")), wanted)
        more = await self._asked_for_more(published.metadata, said, access)
        email = more.email if more.email_verified in {True, "true"} else None
        _must_be_allowed(one, email)
        return Proved(one.name, said.iss, said.sub, email, more.name or "")

    async def _exchanged(self, one: ProviderSettings, metadata: Metadata, journey: Journey, code: str) -> dict[str, Any]:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": journey.redirect_uri, "code_verifier": journey.verifier}
        proof = None
        if one.client_secret and BASIC in metadata.token_endpoint_auth_methods_supported:
            proof = (quote_plus(one.client_id), quote_plus(one.client_secret))
        else:
            form |= {"client_id": one.client_id} | ({"client_secret": one.client_secret} if one.client_secret else {})
        status, told = await self._fetching.post(metadata.token_endpoint, form, proof)
        if status >= 500:
            raise ProviderUnavailable
        if status != 200:
            log.warning("a provider gave no tokens", extra={"provider": one.name, "error": str(told.get("error"))[:100]})
            raise IdentityNotProved
        return told

    async def _judged(self, one: ProviderSettings, token: str, wanted: Wanted) -> Identified:
        try:
            try:
                return judged(token, (await self._discovered(one)).keys, wanted)
            except UnknownKey:
                await self._fetch_keys_again(one)
                return judged(token, (await self._discovered(one)).keys, wanted)
        except (Unproved, UnknownKey) as error:
            log.warning("an id token proves nothing", extra={"provider": one.name, "why": str(error) or "unknown key"})
            raise IdentityNotProved from error

    async def _asked_for_more(self, metadata: Metadata, said: Identified, access: str) -> Identified:
        """Name and e-mail may stand only where the access token leads (OpenID Connect Core, 5.3.2: about the same person, or about none)."""
        if metadata.userinfo_endpoint is None or (said.email is not None and said.name is not None) or not access:
            return said
        told = await self._fetching.get(metadata.userinfo_endpoint, access)
        if told.get("sub") != said.sub:
            raise IdentityNotProved
        named = {name: told[name] for name in ("email", "email_verified", "name") if name in told}
        try:
            return msgspec.convert(msgspec.to_builtins(said) | named, Identified)
        except msgspec.ValidationError as error:
            raise IdentityNotProved from error

    def _known(self, provider: str) -> ProviderSettings:
        one = self._providers.get(provider)
        if one is None:
            raise NotFound
        return one

    async def _discovered(self, one: ProviderSettings) -> Published:
        known, now = self._published.get(one.name), self._now()
        if known is not None and now < known.since + FRESH:
            return known
        told = await self._fetching.get(f"{one.issuer.rstrip('/')}/.well-known/openid-configuration")
        try:
            metadata = msgspec.convert(told, Metadata)
        except msgspec.ValidationError as error:
            raise ProviderUnavailable from error
        at_home = one.issuer.startswith("http:")
        addresses = (metadata.authorization_endpoint, metadata.token_endpoint, metadata.jwks_uri, metadata.userinfo_endpoint or one.issuer)
        if metadata.issuer != one.issuer or not all(is_safe(address, loopback=at_home) for address in addresses):
            log.error("a provider publishes what does not fit its issuer", extra={"provider": one.name})
            raise ProviderUnavailable
        keys = await self._keys(metadata)
        known = self._published[one.name] = Published(metadata, keys, now, now)
        return known

    async def _fetch_keys_again(self, one: ProviderSettings) -> None:
        known, now = await self._discovered(one), self._now()
        if now >= known.keys_since + AGAIN or known.keys_since == known.since:
            known.keys, known.keys_since = await self._keys(known.metadata), now

    async def _keys(self, metadata: Metadata) -> KeySet:
        told: Any = await self._fetching.get(metadata.jwks_uri)
        try:
            return KeySet.import_key_set(told)
        except (JoseError, KeyError, TypeError, ValueError) as error:
            raise ProviderUnavailable from error


def _must_be_allowed(one: ProviderSettings, email: str | None) -> None:
    if one.allowed_domains and (email or "").rpartition("@")[2].lower() not in {domain.lower() for domain in one.allowed_domains}:
        raise DomainNotAllowed
