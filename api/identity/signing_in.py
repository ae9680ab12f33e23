"""What a client gets that has just proved who it is."""

from uuid import UUID

import msgspec
from litestar import Response

from api.shared.commanding import Req, context, respond
from api.shared.parts import parts
from application.identity.session import SignedIn
from application.shared.command import Command
from application.shared.context import Answer
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


async def in_full(request: Req, command: Command, status: int = 200) -> Response[bytes]:
    """Dispatch a command that signs somebody in, and answer with the tokens.

    Such an answer is never stored, so an idempotency key only guards against another body: the same request again is
    carried out again, and says itself what that means (signed in once more, the same successor, `email_taken`).
    """
    known, about = parts(request), await context(request)
    outcome = await known.dispatch(command, about)
    if outcome.replayed:
        outcome = await known.dispatch(command, msgspec.structs.replace(about, key=None))
    made: SignedIn = outcome.result
    person = made.person
    token = known.tokens.issue(person.id, made.session_id, person.role, known.log.now())
    shown = SignIn(Who(person.id, person.email, person.name, person.role), token, token, made.refresh_token, known.tokens.lifetime)
    return respond(Answer(status, msgspec.json.encode(shown)), outcome)


def session_named_by(request: Req) -> UUID | None:
    """The session of the bearer token, though it may have ended; None without one. Raises `InvalidToken`, `TokenExpired`."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return None
    known = parts(request)
    return known.tokens.verify(token.strip(), known.log.now()).sid
