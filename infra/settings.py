"""Every setting of Daybook, read from the environment in this one place and nowhere else."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from api.shared.limits import policies
from infra.http.addresses import networks

SYNONYMS: Final = {
    "ENV": ("NODE_ENV",),
    "JWT_EXPIRES_IN": ("JWT_EXPIRATION", "JWT_EXPIRY"),
    "JWT_REFRESH_EXPIRATION": ("REFRESH_TOKEN_EXPIRY",),
}
SECRET: Final = (
    "master_key",
    "secret_key",
    "jwt_private_keys",
    "admin_password",
    "database_url",
    "migration_database_url",
    "redis_url",
    "broker_url",
    "smtp_password",
    "oidc_providers",
    "google_client_secret",
    "ms_client_secret",
)


class BadSettings(Exception):
    """The environment does not describe a system that can start; each line names one setting and what is wrong."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One running system's settings; field `database_url` is the variable `DATABASE_URL`, or `DATABASE_URL_FILE` names a file with it.

    Durations are seconds, sizes bytes. Secrets have no default: a process refuses to start without them (security.md 14).
    """

    database_url: str
    redis_url: str
    master_key: str
    """32 random bytes in base64: wraps the keys of persons and seals the vault."""
    secret_key: str
    """32 random bytes in base64: pepper, HMACs and cursors are derived from it."""
    jwt_private_keys: str
    """RSA keys (PEM, one after another): the first signs, all verify."""
    migration_database_url: str = ""
    """The login that owns the tables; the same as `database_url` where left out."""
    broker_url: str = ""
    """Where chunks of the log are announced; `redis_url` where left out. Only `redis://` and `rediss://` so far."""
    env: str = "development"
    host: str = "127.0.0.1"
    port: int = 3000
    jwt_issuer: str = "daybook"
    jwt_audience: str = "daybook"
    jwt_expires_in: str = "10m"
    jwt_refresh_expiration: str = "30d"
    refresh_grace_seconds: int = 10
    session_idle_timeout: str = "0"
    """How long a session lives without a refresh; 0: as long as it may at all."""
    session_max_per_user: int = 0
    step_up_max_age: str = "10m"
    """How long after a sign-in what is sensitive may be done without another one."""
    admin_email: str = ""
    admin_password: str = ""
    registration_enabled: bool = True
    registration_privacy: bool = False
    """Registering answers 202 whether the e-mail is known or not; the rest is said by mail."""
    email_blocked_domains: str = ""
    """Domains whose e-mails cannot register, nor those of domains below them; commas between them."""
    public_url: str = ""
    """Where people reach this API, for links in mails and for OpenID Connect; `http://HOST:PORT` where left out."""
    smtp_host: str = ""
    """Without it mails are shown in the log."""
    smtp_port: int = 587
    smtp_user: str = ""
    smtp_password: str = ""
    smtp_security: str = "starttls"
    """`starttls`, `tls` or `none`."""
    email_from: str = "Daybook <daybook@localhost>"
    throttler_ttl: int = 60_000
    """Milliseconds of the window of the policy `default`."""
    throttler_limit: int = 0
    """Requests per window of the policy `default`, and the floor of all others; 0: as `rate_limits` says."""
    rate_limits: str = ""
    """Policies that differ from the usual ones: `name=limit/seconds`, commas between them."""
    trusted_proxies: str = ""
    """Addresses or networks (CIDR, commas between them) whose X-Forwarded-For and X-Forwarded-Proto are believed."""
    oidc_providers: str = ""
    """JSON list of outside providers: name, issuer, client_id, client_secret, and if wanted scopes and allowed_domains."""
    google_client_id: str = ""
    google_client_secret: str = ""
    ms_client_id: str = ""
    ms_client_secret: str = ""
    ms_tenant_id: str = ""
    """These five: the providers `google` and `microsoft`, beside those of `oidc_providers`."""
    allowed_domains: str = ""
    """Domains (commas between them) of the verified e-mails that `google` and `microsoft` let in; empty: all."""
    require_if_match: bool = False
    max_request_size: int = 1_048_576
    batch_max: int = 1000
    list_unbounded_max: int = 100_000
    sweep_interval: float = 1.0
    shutdown_timeout: float = 8.0
    log_level: str = "info"
    log_format: str = "json"
    cors_origins: str = ""
    database_connections: int = 4
    bcrypt_cost: int = 12

    @property
    def owner_url(self) -> str:
        """The database login that migrates."""
        return self.migration_database_url or self.database_url

    @property
    def access_lifetime(self) -> int:
        """Seconds an access token is valid."""
        return duration(self.jwt_expires_in)

    @property
    def refresh_lifetime(self) -> int:
        """Seconds after which a session ends, however often it was refreshed."""
        return duration(self.jwt_refresh_expiration)

    @property
    def session_idle(self) -> int:
        """Seconds a session lives without a refresh; 0: as long as it may at all."""
        return 0 if self.session_idle_timeout == "0" else duration(self.session_idle_timeout)

    @property
    def step_up_lifetime(self) -> int:
        """Seconds after a sign-in in which what is sensitive may be done."""
        return duration(self.step_up_max_age)

    @property
    def address(self) -> str:
        """Where people reach this API, without a slash at the end."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def broker(self) -> str:
        """The address of the broker."""
        return self.broker_url or self.redis_url

    def redacted(self) -> dict[str, object]:
        """Every setting for people to read: secrets as `***`, addresses without their password."""
        shown = msgspec.to_builtins(self)
        return {name: _hide(name, value) for name, value in sorted(shown.items())}


def _hide(name: str, value: object) -> object:
    if name not in SECRET or not value:
        return value
    return re.sub(r"(?<=:)[^:@/]*(?=@)|(?<=password=)[^&]*", "***", str(value)) if name.endswith("_url") else "***"


def duration(text: str) -> int:
    """Seconds from `900`, `90s`, `15m`, `2h`, `7d`; raises `BadSettings` for anything else."""
    units = {"s": 1, "m": 60, "h": 3600, "d": 86400}
    number, unit = (text[:-1], text[-1:]) if text[-1:] in units else (text, "s")
    if not number.isdigit() or int(number) == 0:
        raise BadSettings(f"{text!r} is not a duration: write 900, 90s, 15m, 2h or 7d")
    return int(number) * units[unit]


def given(name: str) -> str | None:
    """What the environment says about one setting (`NAME`, an older spelling, or `NAME_FILE`), None where it is silent."""
    return _look_up(os.environ, name)


def read_settings(environment: Mapping[str, str] | None = None, beneath: Mapping[str, str] | None = None) -> Settings:
    """The settings of this process; raises `BadSettings` naming *all* that is missing or wrong at once.

    `beneath` answers where the environment is silent: the embedded servers and secrets of a clone.
    """
    source = os.environ if environment is None else environment
    found: dict[str, str] = {}
    problems: list[str] = []
    for field in msgspec.structs.fields(Settings):
        name = field.name.upper()
        try:
            value = _look_up(source, name)
        except OSError as error:
            problems.append(f"{name}_FILE cannot be read: {error.strerror}")
            continue
        if value is None and beneath is not None:
            value = beneath.get(name)
        if value is None and field.required:
            problems.append(f"{name} is missing")
        elif value is not None:
            problems.extend(_misfit(field.name, field.type, value))
            found[field.name] = value
    problems.extend(_wrong_values(found))
    if problems:
        raise BadSettings("\n".join(problems))
    return msgspec.convert(found, Settings, strict=False)


def _look_up(source: Mapping[str, str], name: str) -> str | None:
    for spelling in (name, *SYNONYMS.get(name, ())):
        if spelling in source:
            return source[spelling]
        if f"{spelling}_FILE" in source:
            return Path(source[f"{spelling}_FILE"]).read_text().strip()
    return None


def _misfit(name: str, kind: object, value: str) -> list[str]:
    try:
        msgspec.convert(value, kind, strict=False)
    except msgspec.ValidationError as error:
        return [f"{name.upper()} is wrong: {error}"]
    return []


def _wrong_values(found: Mapping[str, str]) -> list[str]:
    problems = []
    for name in ("broker_url", "redis_url"):
        if found.get(name) and not found[name].startswith(("redis://", "rediss://", "unix://")):
            scheme = found[name].partition("://")[0]
            problems.append(f"{name.upper()} has the unknown scheme {scheme!r}: use redis:// or rediss://")
    for name in ("jwt_expires_in", "jwt_refresh_expiration", "session_idle_timeout", "step_up_max_age"):
        if name in found and found[name] != "0":
            try:
                duration(found[name])
            except BadSettings as error:
                problems.append(f"{name.upper()}: {error}")
    for name, read in (("rate_limits", policies), ("trusted_proxies", networks)):
        try:
            read(found.get(name, ""))
        except ValueError as error:
            problems.append(f"{name.upper()}: {error}")
    return problems + _wrong_mail(found)


def _wrong_mail(found: Mapping[str, str]) -> list[str]:
    problems = []
    if found.get("smtp_security", "none") not in {"starttls", "tls", "none"}:
        problems.append("SMTP_SECURITY must be starttls, tls or none")
    if not re.fullmatch(r"([^\r\n<>]*<)?[^\s<>@,]+@[^\s<>@,]+>?", found.get("email_from", "a@b")):
        problems.append("EMAIL_FROM must be an address, or a name and an address: Daybook <daybook@example.org>")
    return problems
