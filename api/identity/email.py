"""Proving an e-mail, and changing it."""

from litestar import Response
from litestar.params import JSONBody

from api.identity.fields import Email, Link
from api.shared.access import PUBLIC
from api.shared.bodies import Body
from api.shared.commanding import carry_out, carry_out_silently
from api.shared.request import Req
from api.shared.routing import command
from application.identity.email import AskEmailChange, AskVerificationAgain, VerificationAsked, VerifyEmail


class EmailBody(Body, frozen=True):
    """An e-mail."""

    email: Email


class LinkBody(Body, frozen=True):
    """The token of a link that came by mail."""

    token: Link


@command("/api/v1/users/me/email", needs="self:secure", step_up=True, status=202, answers=VerificationAsked, tags=["identity"])
async def ask_email_change(request: Req, data: JSONBody[EmailBody]) -> Response[bytes]:
    """Change one's e-mail: a link goes to the new one, and the change is made when it is used."""
    return await carry_out(request, AskEmailChange(email=data.email), VerificationAsked, status=202)


@command("/api/v1/auth/verify-email", needs=PUBLIC, status=204, tags=["identity"])
async def verify_email(request: Req, data: JSONBody[LinkBody]) -> Response[None]:
    """Use the link of a mail: the e-mail it was sent to is proved and, where it is another one, is the account's from now on.

    An old, used or foreign link is refused with 400 `invalid_link`; 409 `email_taken` where somebody else has the e-mail by now.
    """
    return await carry_out_silently(request, VerifyEmail(token=data.token))


@command("/api/v1/auth/verify-email/resend", limit="password", needs="self:write", status=202, answers=VerificationAsked, tags=["identity"])
async def ask_verification_again(request: Req) -> Response[bytes]:
    """Have the link sent once more; at most one a minute, and none where there is nothing to prove."""
    return await carry_out(request, AskVerificationAgain(), VerificationAsked, status=202)
