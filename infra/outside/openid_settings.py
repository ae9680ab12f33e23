"""The outside providers of OpenID Connect that people can sign in with, read from settings."""

import re
from typing import Final
from urllib.parse import urlsplit

import msgspec

from infra.settings import BadSettings, Settings

NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,31}")
LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
GOOGLE: Final = "https://accounts.google.com"
MICROSOFT: Final = "https://login.microsoftonline.com/{tenant}/v2.0"


class ProviderSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One provider. `allowed_domains` lets only people with a verified e-mail of these domains in; empty: everybody."""

    name: str
    issuer: str
    client_id: str
    client_secret: str = ""
    scopes: tuple[str, ...] = ("openid", "profile", "email")
    allowed_domains: tuple[str, ...] = ()


def read_providers(settings: Settings) -> dict[str, ProviderSettings]:
    """The providers by name; raises `BadSettings` naming all that is wrong, but no secret."""
    try:
        listed = msgspec.json.decode(settings.oidc_providers or "[]", type=list[ProviderSettings])
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise BadSettings(f"OIDC_PROVIDERS is wrong: {error}") from error
    listed += _well_known(settings)
    problems = [f"OIDC_PROVIDERS: {one.name!r}: {wrong}" for one in listed for wrong in _wrong(one)]
    names = [one.name for one in listed]
    problems += [f"OIDC_PROVIDERS: two providers are called {name!r}" for name in sorted(set(names)) if names.count(name) > 1]
    if problems:
        raise BadSettings("\n".join(problems))
    return {one.name: one for one in listed}


def is_safe(address: str, *, loopback: bool) -> bool:
    """Whether this is an absolute address with https, or with http on this machine where `loopback` allows that."""
    try:
        parsed = urlsplit(address)
        host, _ = parsed.hostname, parsed.port
    except ValueError:
        return False
    secure = parsed.scheme == "https" or (loopback and parsed.scheme == "http" and host in LOOPBACK)
    return secure and bool(host) and "@" not in parsed.netloc and "#" not in address


def _well_known(settings: Settings) -> list[ProviderSettings]:
    domains = tuple(domain.strip() for domain in settings.allowed_domains.split(",") if domain.strip())
    found = []
    if settings.google_client_id:
        found.append(ProviderSettings("google", GOOGLE, settings.google_client_id, settings.google_client_secret, allowed_domains=domains))
    if settings.ms_client_id:
        issuer = MICROSOFT.format(tenant=settings.ms_tenant_id or "?")
        found.append(ProviderSettings("microsoft", issuer, settings.ms_client_id, settings.ms_client_secret, allowed_domains=domains))
    return found


def _wrong(one: ProviderSettings) -> list[str]:
    found = []
    if not NAME.fullmatch(one.name):
        found.append("a name has 1 to 32 small letters, digits and hyphens")
    if not is_safe(one.issuer, loopback=True) or "?" in one.issuer:
        found.append("an issuer is an https address (http only on this machine), without a query; Microsoft's needs MS_TENANT_ID")
    if not one.client_id:
        found.append("client_id is missing")
    if "openid" not in one.scopes:
        found.append("scopes must have openid")
    return found
