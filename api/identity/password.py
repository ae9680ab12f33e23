"""Changing a password, and replacing a forgotten one."""

from typing import Any, ClassVar

from litestar import Response
from litestar.params import JSONBody

from api.identity.email import EmailBody
from api.identity.fields import Link, NewPassword, Password
from api.identity.quiet import mail_comes
from api.shared.access import PUBLIC
from api.shared.bodies import Body
from api.shared.commanding import again_unless_new, carry_out_silently
from api.shared.request import Req
from api.shared.routing import command, replace
from application.identity.password import AskPasswordReset, ChangePassword, ResetPassword
from application.identity.quiet import MailComes
from application.identity.typed import Typed


class ChangePasswordBody(Body, frozen=True):
    """`current_password` is another word for `old_password`."""

    further_rules: ClassVar[dict[str, Any]] = {
        "anyOf": [{"required": [name], "properties": {name: {"type": "string"}}} for name in ("old_password", "current_password")]
    }
    new_password: NewPassword
    old_password: Password | None = None
    current_password: Password | None = None
    confirm_password: NewPassword | None = None

    def __post_init__(self) -> None:
        """One of both must be there."""
        if self.old_password is None and self.current_password is None:
            raise ValueError("Object missing required field `old_password`")

    @property
    def wish(self) -> ChangePassword:
        """What is asked for; raises `PasswordsDiffer`."""
        old = self.current_password if self.old_password is None else self.old_password
        return ChangePassword(old=Typed(old or ""), new=Typed.repeated(self.new_password, self.confirm_password))


class ResetPasswordBody(Body, frozen=True):
    """The token of the link, and the password to have from now on."""

    token: Link
    new_password: NewPassword
    confirm_password: NewPassword | None = None


@command("/api/v1/auth/password/change", limit="login", needs="self:secure", status=204, tags=["identity"])
async def change_password(request: Req, data: JSONBody[ChangePasswordBody]) -> Response[None]:
    """Change one's password; all other sessions end within a second, and a mail says so.

    The wrong old one is refused with 401 `invalid_credentials`, the same one again with 400 `password_unchanged`.
    """
    return await carry_out_silently(request, data.wish)


@replace("/api/v1/auth/password/change", limit="login", needs="self:secure", status=204, tags=["identity"])
async def put_password(request: Req, data: JSONBody[ChangePasswordBody]) -> Response[None]:
    """Change one's password (PUT means the same as POST)."""
    return await carry_out_silently(request, data.wish)


@command("/api/v1/auth/password/forgot", limit="password", needs=PUBLIC, status=202, answers=MailComes, tags=["identity"])
async def ask_password_reset(request: Req, data: JSONBody[EmailBody]) -> Response[bytes]:
    """Have a link sent that replaces a forgotten password; the answer is the same whether there is such an account or not."""
    await again_unless_new(request, AskPasswordReset(email=data.email))
    return mail_comes()


@command("/api/v1/auth/password/reset", limit="login", needs=PUBLIC, status=204, tags=["identity"])
async def reset_password(request: Req, data: JSONBody[ResetPasswordBody]) -> Response[None]:
    """Replace a forgotten password with the link of a mail, once and within the hour. All sessions end, and none begins.

    An old, used or foreign link is refused with 400 `invalid_link`.
    """
    wish = ResetPassword(token=data.token, new=Typed.repeated(data.new_password, data.confirm_password))
    return await carry_out_silently(request, wish)
