"""The second factor as it is spoken."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from api.identity.signing_in import SignIn, in_full
from api.shared.access import PUBLIC
from api.shared.bodies import Body
from api.shared.commanding import carry_out, carry_out_silently
from api.shared.request import Req
from api.shared.routing import command
from application.identity.challenge import PassChallenge
from application.identity.second_factor import (
    ConfirmSecondFactor,
    DisableSecondFactor,
    OfferSecondFactor,
    RenewRecoveryCodes,
    ResetSecondFactor,
)
from application.identity.typed import Typed
from domain.identity.person import LONGEST_PASSWORD

Code = Annotated[str, Meta(min_length=6, max_length=32, description="Of the authenticator, or a recovery code.", examples=["492039"])]


class CodeBody(Body, frozen=True):
    """A code that proves the second factor."""

    code: Code


class DisableBody(Body, frozen=True):
    """Both factors."""

    password: Annotated[str, Meta(max_length=LONGEST_PASSWORD, examples=["a garden of forking paths"])]
    code: Code


class VerifyBody(Body, frozen=True):
    """The challenge of the sign-in, and its answer."""

    mfa_token: Annotated[str, Meta(max_length=256, examples=["0193….0193….iY4x"])]
    code: Code


class Seed(msgspec.Struct, frozen=True):
    """A secret for an authenticator (TOTP, RFC 6238), shown once: to be typed, to be followed, to be looked at."""

    secret: Annotated[str, Meta(description="Base32.", examples=["GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"])]
    otpauth_uri: Annotated[str, Meta(examples=["otpauth://totp/Daybook:ada%40example.org?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Daybook"])]
    qr_svg: Annotated[str, Meta(description="The QR code of `otpauth_uri`.", examples=["<svg …></svg>"])]


class Codes(msgspec.Struct, frozen=True):
    """Recovery codes, shown once; each is good for one sign-in."""

    recovery_codes: Annotated[list[str], Meta(examples=[["k3v7a-p2qxd", "m5tna-7hz4e"]])]


@command("/api/v1/auth/2fa/setup", needs="self:secure", step_up=True, answers=Seed, tags=["identity"])
async def set_up_second_factor(request: Req) -> Response[bytes]:
    """Show a secret for an authenticator; nothing changes until its first code is shown to `/auth/2fa/enable`."""
    return await carry_out(request, OfferSecondFactor(), Seed, stored=False)


@command("/api/v1/auth/2fa/enable", limit="second-factor", needs="self:secure", answers=Codes, tags=["identity"])
async def enable_second_factor(request: Req, data: JSONBody[CodeBody]) -> Response[bytes]:
    """Switch the second factor on with its first code; all other sessions end. The answer holds ten recovery codes, once."""
    return await carry_out(request, ConfirmSecondFactor(code=data.code), Codes, stored=False)


@command("/api/v1/auth/2fa/disable", limit="second-factor", needs="self:secure", status=204, tags=["identity"])
async def disable_second_factor(request: Req, data: JSONBody[DisableBody]) -> Response[None]:
    """Do without a second factor; all other sessions end."""
    return await carry_out_silently(request, DisableSecondFactor(password=Typed(data.password), code=data.code))


@command("/api/v1/auth/2fa/recovery-codes", needs="self:secure", step_up=True, answers=Codes, tags=["identity"])
async def renew_recovery_codes(request: Req, data: JSONBody[CodeBody]) -> Response[bytes]:
    """Ten new recovery codes, shown once; the old ones are void."""
    return await carry_out(request, RenewRecoveryCodes(code=data.code), Codes, stored=False)


@command("/api/v1/auth/2fa/verify", limit="second-factor", needs=PUBLIC, answers=SignIn, tags=["identity"])
async def verify_second_factor(request: Req, data: JSONBody[VerifyBody]) -> Response[bytes]:
    """Finish a sign-in that `/auth/login` answered with `mfa_required`. A challenge lives five minutes and takes five wrong codes."""
    return await in_full(request, PassChallenge(mfa_token=data.mfa_token, code=data.code))


@command("/api/v1/users/{user_id:uuid}/2fa/reset", needs="users:manage", step_up=True, status=204, tags=["identity"])
async def reset_second_factor(request: Req, user_id: FromPath[UUID]) -> Response[None]:
    """Take the second factor from somebody who lost it; their sessions end."""
    return await carry_out_silently(request, ResetSecondFactor(user_id=user_id))
