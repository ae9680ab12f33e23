"""What a client gets that has just proved who it is."""

from uuid import UUID

import msgspec
from litestar import Response

from api.identity.quiet import mail_comes
from api.shared.commanding import again_unless_new, respond
from api.shared.parts import parts
from api.shared.proof import claims_of
from api.shared.request import Req
from application.identity.session import Challenged, SignedIn
from application.shared.command import Command
from application.shared.context import Answer
from domain.identity.challenge import LIFETIME
from domain.identity.role import Role


class Who(msgspec.Struct, frozen=True):
    """Whom the tokens belong to."""

    id: UUID
    email: str
    name: str
    role: Role


class SignIn(msgspec.Struct, frozen=True):
    """Tokens (RFC 6749, 5.1) and whom they belong to. `token` is another word for `access_token`; `expires_in` are seconds."""

    user: Who
    access_token: str
    token: str
    refresh_token: str
    expires_in: int
    token_type: str = "Bearer"  # noqa: S105 — the name of a scheme.


class SecondStep(msgspec.Struct, frozen=True):
    """The password is right, and the second factor is asked for: `/auth/2fa/verify` takes the token, for so many seconds, and nothing else."""

    mfa_token: str
    expires_in: int
    methods: tuple[str, ...] = ("totp", "recovery_code")
    mfa_required: bool = True


async def in_full(request: Req, command: Command, status: int = 200) -> Response[bytes]:
    """Dispatch a command that signs somebody in, and answer with the tokens; with the second step where one is needed, or that a mail comes."""
    known, outcome = parts(request), await again_unless_new(request, command)
    made: SignedIn | Challenged | None = outcome.result
    if made is None:
        return mail_comes()
    if isinstance(made, Challenged):
        return respond(Answer(200, msgspec.json.encode(SecondStep(made.mfa_token, int(LIFETIME.total_seconds())))), outcome)
    person = made.person
    token = known.tokens.issue(made.grant, known.log.now())
    shown = SignIn(Who(person.id, person.email, person.name, person.role), token, token, made.refresh_token, known.tokens.lifetime)
    return respond(Answer(status, msgspec.json.encode(shown)), outcome)


async def session_named_by(request: Req) -> UUID | None:
    """The session of the bearer token, though it may have ended; None without one. Raises `InvalidToken`, `TokenExpired`."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return None
    return (await claims_of(parts(request), token.strip())).sid
