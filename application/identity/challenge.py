"""The second step of a sign-in."""

from application.identity.personal import opened
from application.identity.second_factor import METHOD, prove_code
from application.identity.session import CHALLENGE, SignedIn, start_session
from application.shared.command import Command, handles
from application.shared.link_token import LinkToken
from application.shared.ports import Ports
from domain.identity.challenge import SignInChallenge
from domain.identity.errors import InvalidToken, MfaInvalid
from domain.identity.user import User


class PassChallenge(Command, frozen=True):
    """Answer a sign-in's challenge with a code of the authenticator or a recovery code."""

    mfa_token: str
    code: str


@handles(PassChallenge)
async def pass_challenge(command: PassChallenge, ports: Ports) -> SignedIn | None:
    """Raises `InvalidToken`, `AccountDisabled`, `TooManyRequests`, and `MfaInvalid`, which is recorded first."""
    token = LinkToken.parse(CHALLENGE, command.mfa_token, ports.sealing)
    if token is None:
        raise InvalidToken
    challenge = await ports.log.load(SignInChallenge, token.request_id)
    challenge.must_be_open(ports.now)
    user = await ports.log.load(User, challenge.user_id)
    user.must_be_active()
    if challenge.issued_at <= user.sessions_since:
        raise InvalidToken  # Whatever ended the sessions ended what was about to become one.
    try:
        await prove_code(ports, user.id, command.code)
    except MfaInvalid as refused:
        ports.log.stage(challenge, *challenge.fail())
        ports.log.refuse(refused.concerning(user.id, b""))
        return None
    signed_in = await start_session(ports, await opened(ports, user), (*challenge.methods, METHOD))
    ports.log.stage(challenge, *challenge.complete(signed_in.session_id))
    return signed_in
