"""Where a program sends people to let it act for them (RFC 6749, 3.1; OpenID Connect Core, 3.1.2)."""

from typing import Annotated, Final
from urllib.parse import urlencode

from litestar import Response
from litestar.enums import HttpMethod
from msgspec import Meta

from api.identity.oauth_page import problem_page, shown, sign_in_page
from api.identity.oauth_speaking import oauth
from api.shared.browser import cookie_with, word_for, word_of
from api.shared.commanding import context
from api.shared.forms import Form, form_of, query_of
from api.shared.incidents import note
from api.shared.parts import parts
from api.shared.problem_codes import status_of
from api.shared.problems import BodyRefused
from api.shared.request import Req
from application.identity.oauth_authorize import Authorize
from application.identity.oauth_request import PATIENCE, Asked, AuthorizationRequest, client_of, judged
from application.identity.typed import Typed
from domain.identity.errors import AccountDisabled, InvalidCredentials, MfaInvalid, MfaRequired
from domain.identity.oauth_client import OAuthClient
from domain.identity.oauth_errors import AccessDenied, AuthorizationOver, RedirectUriMismatch, UnknownClient
from domain.identity.person import LONGEST_PASSWORD
from domain.shared.refused import Invalid, Refused, TooMany

HOPELESS: Final = (UnknownClient, RedirectUriMismatch, AuthorizationOver)
"""After these nobody is sent anywhere."""
NOT_YET: Final = (InvalidCredentials, MfaRequired, MfaInvalid, AccountDisabled, TooMany)
"""After these the person may try again."""
UNFIT: Final = "What was sent is no form, or says a thing twice."
ALLOW: Final = "allow"
"""What a form says that was sent without pressing a button: whoever typed their password wants in."""


class AskedForm(Form, Asked, frozen=True):
    """What a program asks for."""

    client_id: Annotated[str | None, Meta(description="Which program asks.")] = None
    redirect_uri: Annotated[str | None, Meta(description="Where to return to: one of the program's, character by character.")] = None
    response_type: Annotated[str | None, Meta(description="`code`.")] = None
    scope: Annotated[str | None, Meta(description="What is wanted, with spaces between; left out: all the program may have.")] = None
    state: Annotated[str | None, Meta(description="Comes back as it is.")] = None
    nonce: Annotated[str | None, Meta(description="Comes back in the id token.")] = None
    code_challenge: Annotated[str | None, Meta(description="SHA-256 of the code_verifier in base64url (RFC 7636).")] = None
    code_challenge_method: Annotated[str | None, Meta(description="`S256`.")] = None
    prompt: Annotated[str | None, Meta(description="The person is always asked, so `none` always fails.")] = None
    max_age: Annotated[str | None, Meta(description="Seconds; every sign-in here is fresh.")] = None


class DecisionForm(Form, frozen=True):
    """What the person says to it."""

    request: Annotated[str | None, Meta(description="What stands in the page.")] = None
    decision: Annotated[str | None, Meta(description="`allow`, or anything else for no.", examples=["allow"])] = ALLOW
    email: Annotated[str | None, Meta(description="Who signs in.")] = None
    password: Annotated[str | None, Meta(description="Their password.")] = None
    code: Annotated[str | None, Meta(description="The code of their second factor, if it is on.")] = None


@oauth(HttpMethod.GET, "/oauth/authorize", asked=AskedForm, pages=True)
async def ask_for_consent(request: Req) -> Response[bytes]:
    """The page to sign in on and let a program act for oneself.

    With PKCE (S256) only. The answer goes to the redirect_uri: `code`, `state` and `iss` (RFC 9207), or `error`.
    """
    known = parts(request)
    try:
        asked = query_of(request, AskedForm)
        client = await client_of(known.log, asked)
    except BodyRefused:
        return shown(problem_page(UNFIT), 400)
    except HOPELESS as refused:
        return shown(problem_page(refused.title()), 400)
    try:
        wanted = judged(asked, client, known.new_id(), known.log.now())
    except Invalid as refused:
        return _back(request, asked.redirect_uri or "", asked.state, error=refused.code(), error_description=refused.detail)
    browser = word_for(request)
    page = sign_in_page(client, wanted.scopes, wanted.text(known.sealing, browser), wanted.redirect_uri)
    return shown(page, 200, wanted.redirect_uri, cookie=cookie_with(request, browser, "/oauth", PATIENCE.total_seconds()))


@oauth(HttpMethod.POST, "/oauth/authorize", form=DecisionForm, needed=("request",), pages=True, limit="login")
async def decide_on_consent(request: Req) -> Response[bytes]:
    """What the person said on the page: back to the program, with a code or without."""
    known = parts(request)
    try:
        form = await form_of(request, DecisionForm)
        wanted = AuthorizationRequest.parse(form.request or "", known.sealing, word_of(request), known.log.now())
    except BodyRefused as refused:
        return shown(problem_page(UNFIT), refused.status)
    except AuthorizationOver as refused:
        return shown(problem_page(refused.title()), 400)
    client, _ = await known.log.load(OAuthClient, wanted.client_id)
    try:
        if form.decision != ALLOW:
            raise AccessDenied
        password = Typed((form.password or "")[: LONGEST_PASSWORD + 1])
        wish = Authorize(request=wanted, email=form.email or "", password=password, code=form.code)
        made = (await known.dispatch(wish, await context(request))).result
    except HOPELESS as refused:
        return shown(problem_page(refused.title()), 400)
    except NOT_YET as refused:
        await note(request, refused)
        return _again(form, wanted, client, refused)
    except Invalid as refused:
        return _back(request, wanted.redirect_uri, wanted.state, error=refused.code(), error_description=refused.detail)
    return _back(request, wanted.redirect_uri, wanted.state, code=made.code)


def _again(form: DecisionForm, wanted: AuthorizationRequest, client: OAuthClient, refused: Refused) -> Response[bytes]:
    page = sign_in_page(client, wanted.scopes, form.request or "", wanted.redirect_uri, email=form.email or "", wrong=refused.title())
    told = {"Retry-After": str(refused.facts["retry_after"])} if "retry_after" in refused.facts else {}
    return shown(page, status_of(refused), wanted.redirect_uri, told)


def _back(request: Req, redirect_uri: str, state: str | None, **told: str) -> Response[bytes]:
    """Back to the program; `iss` says who answers (RFC 9207)."""
    answer = {**told, **({} if state is None else {"state": state}), "iss": parts(request).rules.address}
    joint = "&" if "?" in redirect_uri else "?"
    headers = {"Location": f"{redirect_uri}{joint}{urlencode(answer)}", "Cache-Control": "no-store"}
    return Response(b"", status_code=303, headers=headers)
