"""Why identity refuses. The docstring is the problem's title."""

from domain.shared.refused import Conflict, Forbidden, Invalid, Unauthenticated


class InvalidCredentials(Unauthenticated):
    """The e-mail or the password is wrong."""


class InvalidToken(Unauthenticated):
    """The token is not valid."""


class TokenExpired(InvalidToken):
    """The token is no longer valid."""


class RefreshReused(Unauthenticated):
    """This refresh token was used before, so the whole session has ended; sign in again."""


class AccountDisabled(Forbidden):
    """This account is disabled."""


class RoleNotAssignable(Forbidden):
    """A public registration cannot choose its role."""


class RegistrationClosed(Forbidden):
    """Accounts are created by an administrator here."""


class EmailTaken(Conflict):
    """An account with this e-mail exists already."""


class AdminExists(Conflict):
    """The first administrator was made before."""


class InsufficientRole(Forbidden):
    """Your role may not do this."""


class Misfit(Invalid):
    """A field does not fit its rule."""

    def __init__(self, pointer: str) -> None:
        word = super().code()
        super().__init__(errors=[{"pointer": pointer, "code": word, "message": self.title()}])

    @classmethod
    def code(cls) -> str:
        """The same for every field; the finer word stands beside the field."""
        return "validation_failed"


class InvalidEmail(Misfit):
    """This is not an e-mail address."""


class InvalidName(Misfit):
    """A name has 1 to 200 characters, none of them control characters."""


class InvalidPassword(Misfit):
    """A password has 8 to 128 characters."""


class PasswordTooCommon(InvalidPassword):
    """This password is among the first an attacker tries."""
