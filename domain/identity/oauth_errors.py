"""Why OAuth refuses. In snake case the names are the error codes of RFC 6749 (4.1.2.1, 5.2) and OpenID Connect Core (3.1.2.6)."""

from domain.identity.errors import Misfit
from domain.shared.refused import Conflict, Invalid, Unauthenticated


class InvalidRequest(Invalid):
    """A parameter is missing, unfit, or there twice."""


class InvalidClient(Unauthenticated):
    """This program did not prove which one it is."""


class InvalidGrant(Invalid):
    """This code or token is not valid any more, or was given to another program."""


class UnauthorizedClient(Invalid):
    """This program may not ask in this way."""


class UnsupportedGrantType(Invalid):
    """Tokens are not given for this."""


class UnsupportedResponseType(Invalid):
    """Only codes are given here."""


class InvalidScope(Invalid):
    """Nothing of what was asked for can be given."""


class AccessDenied(Invalid):
    """The person said no."""


class LoginRequired(Invalid):
    """This needs the person to sign in, on a page of its own."""


class RequestNotSupported(Invalid):
    """Parameters are not taken from request objects."""


class UnknownClient(Invalid):
    """No program is registered under this id."""


class RedirectUriMismatch(Invalid):
    """The program is not registered with this address to return to."""


class AuthorizationOver(Conflict):
    """This page was used or is too old; go back to the program and start again."""


class UnfitRedirectUri(Misfit):
    """An address to return to is absolute, with https (http only for this machine), and has no fragment, no credentials and no blanks."""


class UnfitScope(Misfit):
    """There is no such scope, or no program may have it."""


class UnfitGrants(Misfit):
    """The grants do not fit together, the kind of the program, or its addresses to return to."""
