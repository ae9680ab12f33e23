"""The second factor: offering, confirming, proving, and doing without it."""

import re
from base64 import b32encode
from hmac import compare_digest
from typing import Final
from uuid import UUID

import msgspec

from application.identity.personal import account, opened
from application.identity.session import end_all_sessions
from application.identity.typed import Typed
from application.shared.command import Command, handles
from application.shared.permissions import must
from application.shared.ports import Ports
from domain.identity.errors import CodeSpent, InvalidCredentials, MfaInvalid
from domain.identity.second_factor import CODES, SecondFactor, factor_id
from domain.identity.user import User
from domain.shared.aggregate import NOBODY

SEED: Final = 20
"""Bytes of a seed: as long as what SHA-1 gives (RFC 4226, 4)."""
SHORT: Final = re.compile(r"[0-9]{6}")
"""A code of an authenticator; what looks otherwise is a recovery code."""
HMAC: Final = 32
METHOD: Final = "otp"
"""The authentication method of a one-time code (RFC 8176)."""


class OfferSecondFactor(Command, frozen=True):
    """Show the caller a seed for their authenticator. Until its first code is shown, nothing changes."""


class ConfirmSecondFactor(Command, frozen=True):
    """Switch the second factor on with the first code of the offered seed; all other sessions of the caller end."""

    code: str


class DisableSecondFactor(Command, frozen=True):
    """Do without a second factor, by password and code; all other sessions of the caller end."""

    password: Typed
    code: str


class RenewRecoveryCodes(Command, frozen=True):
    """Issue new recovery codes, by code; the old ones are void."""

    code: str


class ResetSecondFactor(Command, frozen=True):
    """Take the second factor from somebody who lost it, and end their sessions. For administrators."""

    user_id: UUID


class Offered(msgspec.Struct, frozen=True):
    """A seed as its owner is shown it, once: to be typed, to be followed, to be looked at."""

    secret: str
    otpauth_uri: str
    qr_svg: str


class RecoveryCodes(msgspec.Struct, frozen=True):
    """Codes as their owner is shown them, once."""

    recovery_codes: list[str]


@handles(OfferSecondFactor)
async def offer_second_factor(_: OfferSecondFactor, ports: Ports) -> Offered:
    """Raises `SecondFactorNotForMachines`, `SecondFactorIsOn`."""
    user = await _myself(ports)
    factor = await ports.log.load(SecondFactor, factor_id(user.id))
    seed_id, seed = ports.new_id(), ports.sealing.new_key()[:SEED]
    ports.log.stage(factor, *factor.offer(user.id, user.role, seed_id))
    ports.log.keep("totp", seed_id, seed)
    if factor.offered is not None:
        ports.log.keep("totp", factor.offered, None)
    codes = ports.outside.codes
    uri = codes.uri(seed, (await opened(ports, user)).email)
    return Offered(codes.secret(seed), uri, codes.picture(uri))


@handles(ConfirmSecondFactor)
async def confirm_second_factor(command: ConfirmSecondFactor, ports: Ports) -> RecoveryCodes:
    """Raises `SecondFactorNotOffered`, `SecondFactorIsOn`, `MfaInvalid`, `TooManyRequests`."""
    user = await _myself(ports)
    factor = await ports.log.load(SecondFactor, factor_id(user.id))
    seed_id = factor.must_be_offered()
    await must_wait(ports, user.id)
    step, issue_id = await _step(ports, seed_id, _as_kept(command.code)), ports.new_id()
    if step is None:
        await count_failure(ports, user.id)
    ports.log.stage(factor, *factor.confirm(step, issue_id))
    await end_all_sessions(ports, user.id, "second_factor_enabled", spared=ports.caller.session_id)
    return _recovery_codes(ports, user.id, issue_id)


@handles(DisableSecondFactor)
async def disable_second_factor(command: DisableSecondFactor, ports: Ports) -> None:
    """Raises `SecondFactorIsOff`, `InvalidCredentials`, `MfaInvalid`, `TooManyRequests`."""
    user = await _myself(ports)
    (await ports.log.load(SecondFactor, factor_id(user.id))).must_be_on()
    await prove_password(ports, user.id, command.password)
    before = await prove_code(ports, user.id, command.code)
    await ports.log.change(SecondFactor, before.id, lambda factor: factor.disable())
    drop_secrets(ports, before)
    await end_all_sessions(ports, user.id, "second_factor_disabled", spared=ports.caller.session_id)


@handles(RenewRecoveryCodes)
async def renew_recovery_codes(command: RenewRecoveryCodes, ports: Ports) -> RecoveryCodes:
    """Raises `SecondFactorIsOff`, `MfaInvalid`, `TooManyRequests`."""
    user = await _myself(ports)
    before, issue_id = await prove_code(ports, user.id, command.code), ports.new_id()
    await ports.log.change(SecondFactor, before.id, lambda factor: factor.renew_codes(issue_id))
    if before.issue is not None:
        ports.log.keep("recovery_codes", before.issue, None)
    return _recovery_codes(ports, user.id, issue_id)


@handles(ResetSecondFactor)
async def reset_second_factor(command: ResetSecondFactor, ports: Ports) -> None:
    """Told twice, nothing new happens; raises `InsufficientRole`, `NotFound`, `AccountErased`."""
    must(ports.caller, "users:manage")
    await account(ports, command.user_id)
    factor = await ports.log.load(SecondFactor, factor_id(command.user_id))
    if facts := factor.reset():
        ports.log.stage(factor, *facts)
        drop_secrets(ports, factor)
        await end_all_sessions(ports, command.user_id, "second_factor_reset")


async def prove_password(ports: Ports, user_id: UUID, password: Typed) -> None:
    """The caller knows the account's password; raises `InvalidCredentials`, `TooManyRequests`. A code may have to be proved yet."""
    await must_wait(ports, user_id)
    if not await password.fits(ports.passwords, await ports.log.secret("password", user_id)):
        await count_failure(ports, user_id)
        raise InvalidCredentials


async def prove_code(ports: Ports, user_id: UUID, code: str) -> SecondFactor:
    """Spend a code of the authenticator or a recovery code, staged with whatever it is shown for; the factor after it.

    Of many who show one code at the same time, the version of the factor's stream lets one through; the others decide again
    and find it spent. Raises `SecondFactorIsOff`, `MfaInvalid`, `TooManyRequests`.
    """
    await must_wait(ports, user_id)
    factor = await ports.log.load(SecondFactor, factor_id(user_id))
    typed = _as_kept(code)
    try:
        if SHORT.fullmatch(typed):
            facts = factor.use_code(await _step(ports, factor.must_be_on(), typed))
        else:
            facts = factor.use_recovery_code(await _number(ports, factor, typed))
    except CodeSpent:
        raise  # Whoever shows it has the authenticator, or was a moment too late: nobody guesses like that.
    except MfaInvalid:
        await count_failure(ports, user_id)
        raise
    await count_success(ports, user_id)
    return ports.log.stage(factor, *facts)


async def must_wait(ports: Ports, user_id: UUID) -> None:
    """Raises `TooManyRequests` when too many proofs for this account failed a moment ago."""
    await ports.outside.attempts.must_wait(str(user_id), ports.caller.address)


async def count_failure(ports: Ports, user_id: UUID) -> None:
    """One more proof for this account failed."""
    await ports.outside.attempts.failed(str(user_id), ports.caller.address)


async def count_success(ports: Ports, user_id: UUID) -> None:
    """All that this account asks for was proved."""
    await ports.outside.attempts.succeeded(str(user_id), ports.caller.address)


def _as_kept(code: str) -> str:
    """A code without the spaces and dashes that make it easier to read."""
    return re.sub(r"[\s-]", "", code).lower()


async def _myself(ports: Ports) -> User:
    must(ports.caller, "self:secure")
    return await ports.log.load(User, ports.caller.id or NOBODY)


async def _step(ports: Ports, seed_id: UUID, code: str) -> int | None:
    seed = await ports.log.secret("totp", seed_id)
    return None if seed is None else ports.outside.codes.step_of(seed, code, ports.now)


async def _number(ports: Ports, factor: SecondFactor, code: str) -> int | None:
    kept = await ports.log.secret("recovery_codes", factor.issue or NOBODY) or b""
    shown = _digest(ports, factor.user_id, code)
    return next((at // HMAC for at in range(0, len(kept), HMAC) if compare_digest(kept[at : at + HMAC], shown)), None)


def _recovery_codes(ports: Ports, user_id: UUID, issue_id: UUID) -> RecoveryCodes:
    """Fresh codes of 50 random bits; the vault keeps HMACs, which are worth nothing without the server's key."""
    typed = [b32encode(ports.sealing.new_key()[:10]).decode().lower()[:10] for _ in range(CODES)]
    ports.log.keep("recovery_codes", issue_id, b"".join(_digest(ports, user_id, code) for code in typed))
    return RecoveryCodes([f"{code[:5]}-{code[5:]}" for code in typed])


def _digest(ports: Ports, user_id: UUID, code: str) -> bytes:
    return ports.sealing.hmac("recovery code", f"{user_id}.{code}")


def drop_secrets(ports: Ports, factor: SecondFactor) -> None:
    """Let the vault keep nothing of a factor."""
    for kind, entry_id in (("totp", factor.seed), ("totp", factor.offered), ("recovery_codes", factor.issue)):
        if entry_id is not None:
            ports.log.keep(kind, entry_id, None)
