"""Proving that an e-mail reaches a person: the one they registered with, or the one they want to change to."""

from datetime import datetime
from typing import Final

import msgspec

from application.identity.personal import account, caller_id, in_clear, sealed_for
from application.identity.policy import blocked_domains, policy
from application.shared.command import Command, handles
from application.shared.link_token import LinkToken
from application.shared.permissions import must
from application.shared.ports import Ports
from domain.identity.errors import EmailTaken, InvalidLink
from domain.identity.person import must_be_welcome, valid_email
from domain.identity.user import User

PURPOSE: Final = "verify-email"


class AskEmailChange(Command, frozen=True):
    """Have a link sent to another e-mail; the caller's account has it once the link was used."""

    email: str


class AskVerificationAgain(Command, frozen=True):
    """Have the link that proves the caller's e-mail, or the one they want to change to, sent once more."""


class VerifyEmail(Command, frozen=True):
    """Use such a link."""

    token: str


class VerificationAsked(msgspec.Struct, frozen=True):
    """Whether the present e-mail is proved, and until when a link that was sent can be used (null: none was)."""

    email_verified: bool
    link_expires_at: datetime | None

    @classmethod
    def of(cls, user: User) -> "VerificationAsked":
        """What an account waits for."""
        return cls(user.verified, None if user.verification is None else user.verification.expires_at)


@handles(AskEmailChange)
async def ask_email_change(command: AskEmailChange, ports: Ports) -> VerificationAsked:
    """Raises `InvalidEmail`, `EmailBlocked`, `EmailTaken`; the last not where registration is private, for it would tell who is known."""
    must(ports.caller, "self:secure")
    user = await account(ports, caller_id(ports))
    email = valid_email(command.email)
    must_be_welcome(email, blocked_domains(ports))
    if not policy(ports).registration_privacy and await ports.log.holder("email", email) not in {None, user.id}:
        raise EmailTaken
    request_id, wanted = ports.new_id(), await sealed_for(ports, user.id, email)
    return VerificationAsked.of(await ports.log.change(User, user.id, lambda user: user.ask_verification(request_id, wanted, ports.now)))


@handles(AskVerificationAgain)
async def ask_verification_again(_: AskVerificationAgain, ports: Ports) -> VerificationAsked:
    """Nothing new within a minute, or where there is nothing to prove."""
    must(ports.caller, "self:write")
    user_id, request_id = caller_id(ports), ports.new_id()
    return VerificationAsked.of(await ports.log.change(User, user_id, lambda user: user.ask_verification_again(request_id, ports.now)))


@handles(VerifyEmail)
async def verify_email(command: VerifyEmail, ports: Ports) -> None:
    """Whoever has the link is the person. Raises `InvalidLink`, and `EmailTaken` when somebody else has that e-mail by now."""
    token = LinkToken.parse(PURPOSE, command.token, ports.sealing)
    if token is None:
        raise InvalidLink
    user = await ports.log.load(User, token.user_id)
    asked = user.email_asked(token.request_id, ports.now)
    present, wanted = await in_clear(ports, user.id, user.email, asked.email)
    ports.log.acts(user.id)
    ports.log.stage(user, *user.prove_email(token.request_id, ports.now, is_present=present == wanted))
    if present != wanted:
        ports.log.claim("email", wanted, user.id, EmailTaken)
        ports.log.release("email", present)
