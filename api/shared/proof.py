"""What somebody showed to prove who they are, kept so that it can be asked again whether it still counts."""

import msgspec

from api.shared.parts import Parts
from application.identity.access_token import AccessClaims, UnknownKey
from application.identity.key_text import WORD
from application.shared.context import Caller


class Proof(msgspec.Struct, frozen=True):
    """An access token with what it says, or an API key; and the address it came from."""

    text: str
    address: str
    claims: AccessClaims | None

    async def caller(self, known: Parts) -> Caller:
        """The caller with today's roles; raises `InvalidToken`, `TokenExpired` (of a key), `AccountDisabled`."""
        if self.claims is None:
            return await known.keys.caller(self.text, self.address)
        return await known.standing.caller(self.claims)


async def proof_of(known: Parts, text: str, address: str, *, is_key: bool = False) -> Proof:
    """A verified token, or a key that is still to be looked up; raises `InvalidToken`, `TokenExpired`."""
    if is_key or text.startswith(WORD):
        return Proof(text, address, None)
    return Proof(text, address, await claims_of(known, text))


async def claims_of(known: Parts, token: str) -> AccessClaims:
    """What a token says, also one signed by a key that was made a moment ago; raises `InvalidToken`, `TokenExpired`."""
    try:
        return known.tokens.verify(token, known.log.now())
    except UnknownKey:
        await known.tokens.refresh()
        return known.tokens.verify(token, known.log.now())
