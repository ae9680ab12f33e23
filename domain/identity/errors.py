"""Why identity refuses. The docstring is the problem's title."""

from domain.shared.refused import Conflict, Forbidden, Invalid, Unauthenticated, Unavailable


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


class MfaInvalid(Unauthenticated):
    """The code is wrong, or was used before."""


class CodeSpent(MfaInvalid):
    """The code is wrong, or was used before."""

    @classmethod
    def code(cls) -> str:
        """The same as for a wrong one: nobody is told that a code was right."""
        return MfaInvalid.code()


class MfaRequired(Unauthenticated):
    """This account has a second factor; send its code, too."""


class SecondFactorNotForMachines(Forbidden):
    """Worker nodes and services sign in with keys and have no second factor."""


class SecondFactorIsOn(Conflict):
    """The second factor is on already; disable it first to have another one."""


class SecondFactorIsOff(Conflict):
    """This account has no second factor."""


class SecondFactorNotOffered(Conflict):
    """Ask for a secret first."""


class IdentityTaken(Conflict):
    """This outside identity belongs to another account."""


class LastWayIn(Conflict):
    """Nothing else is left to sign in with; set a password first."""


class IdentityNotProved(Unauthenticated):
    """The provider did not prove who you are; begin again."""


class SignInNotBegun(Invalid):
    """This sign-in was not begun in this browser, or too long ago; begin again."""


class DomainNotAllowed(Forbidden):
    """With this provider only people of certain e-mail domains can sign in."""


class ProviderUnavailable(Unavailable):
    """The provider does not answer as it should at the moment; try again soon."""


class ReauthenticationRequired(Unauthenticated):
    """This needs a sign-in of the last minutes; prove once more who you are."""


class SigningKeyNeeded(Conflict):
    """This key signs, or is to; another one must sign before it can be retired."""


class LastAdmin(Conflict):
    """This is the last administrator; appoint another one first."""


class InvalidLink(Invalid):
    """This link is not valid any more; ask for a new one."""


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


class PasswordsDiffer(Misfit):
    """The password and its repetition are not the same."""


class EmailBlocked(Misfit):
    """E-mails of this domain cannot register here."""


class InvalidRole(Misfit):
    """There is no such role."""


class PasswordUnchanged(Invalid):
    """The new password is the old one."""


class AccountErased(Conflict):
    """This account was erased; nothing can be done with it any more."""


class StillForgetting(Unavailable):
    """What is kept of this person is still being deleted."""


class ApiKeyIsOver(Conflict):
    """This key was revoked or is of the past; make another one."""


class UnfitKeyScope(Misfit):
    """There is no such scope, or the roles of the account (or the caller's own scopes) do not reach as far."""


class UnfitNetwork(Misfit):
    """This is no network address: write 192.0.2.0/24, 2001:db8::/32, or a single address."""


class ExpiryPassed(Misfit):
    """This moment has passed."""
