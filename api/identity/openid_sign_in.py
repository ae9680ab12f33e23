"""Signing in through outside providers (OpenID Connect), and linking such an identity with an account."""

from typing import Annotated, Any, Final

import msgspec
from litestar import Response
from litestar.params import FromPath, QueryParameter
from litestar.response import Redirect

from api.identity.signing_in import SecondStep, SignIn, in_full
from api.shared.access import PUBLIC, caller
from api.shared.browser import NAME, cookie_with, word_for, word_of
from api.shared.commanding import carry_out, carry_out_silently
from api.shared.parts import parts
from api.shared.querying import Page, page
from api.shared.request import Req
from api.shared.routing import command, query, remove
from application.identity.errand import PATIENCE, Errand
from application.identity.outside_identity import LinkIdentity, SignInOutside, UnlinkIdentity
from domain.identity.errors import IdentityNotProved, ReauthenticationRequired
from domain.shared.aggregate import NOBODY
from projections.identity.outside_identities import LinkedIdentity, outside_identities

HERE: Final = "/api/v1/auth/oidc"
State = Annotated[str | None, QueryParameter(name="state", max_length=4096, description="What the provider was told.")]
Word = Annotated[str | None, QueryParameter(max_length=4096, description="What the provider sends back.")]


class WayToProvider(msgspec.Struct, frozen=True):
    """Where to send the browser that asked, which has a cookie for its way back."""

    address: str


@query(f"{HERE}/{{provider:str}}/login", limit="login", needs=PUBLIC, status=302, tags=["identity"])
async def sign_in_at_provider(request: Req, provider: FromPath[str]) -> Redirect:
    """To the provider's page, and from there back to `callback`."""
    word = word_for(request)
    errand = Errand.begin(provider, word, parts(request).sealing, parts(request).log.now())
    return Redirect(await _address(request, errand), status_code=302, cookies=[_cookie(request, word)], headers={"Cache-Control": "no-store"})


@command(f"{HERE}/{{provider:str}}/link", needs="self:secure", step_up=True, answers=WayToProvider, tags=["identity"])
async def link_at_provider(request: Req, provider: FromPath[str]) -> Response[bytes]:
    """Where to go to link an identity with one's account; the browser must keep the cookie of this answer."""
    known, who, word = parts(request), caller(request), word_for(request)
    if who.session_id is None:
        raise ReauthenticationRequired(max_age=known.rules.step_up_seconds)
    errand = Errand.begin(provider, word, known.sealing, known.log.now(), account=who.id, session=who.session_id)
    told = msgspec.json.encode(WayToProvider(await _address(request, errand)))
    return Response(told, media_type="application/json", cookies=[_cookie(request, word)], headers={"Cache-Control": "no-store"})


@query(
    f"{HERE}/{{provider:str}}/callback",
    needs=PUBLIC,
    answers=SignIn | SecondStep | LinkedIdentity,
    ignores_unknown=True,
    tags=["identity"],
)
async def come_back_from_provider(
    request: Req, provider: FromPath[str], sent: State = None, code: Word = None, error: Word = None, iss: Word = None
) -> Response[bytes]:
    """Back from the provider: signed in, at the second step, or linked, as it was begun. What else the provider sends is ignored."""
    known = parts(request)
    errand = Errand.parse(sent or "", provider, word_of(request), known.sealing, known.log.now())
    if error is not None or code is None:
        raise IdentityNotProved
    who = await known.providers.proved(provider, errand.journey(sent or "", _back_here(request, provider)), code, iss)
    if errand.account is None or errand.session is None:
        answer = await in_full(request, SignInOutside(who=who))
    else:
        answer = await carry_out(request, LinkIdentity(user_id=errand.account, session_id=errand.session, who=who), LinkedIdentity)
    answer.delete_cookie(NAME, path=HERE)
    return answer


@remove(f"{HERE}/{{provider:str}}/link", needs="self:secure", step_up=True, tags=["identity"])
async def unlink_provider(request: Req, provider: FromPath[str]) -> Response[None]:
    """Do without an identity; not without the last way to sign in."""
    return await carry_out_silently(request, UnlinkIdentity(provider=provider))


@query("/api/v1/auth/identities", needs="self:secure", answers=Page[LinkedIdentity], tags=["identity"])
async def list_identities(request: Req) -> Response[bytes]:
    """The outside identities one can sign in with."""
    known, who = parts(request), caller(request)
    found, position = await outside_identities(known.log, known.names, who.id or NOBODY)
    return page(request, found, position=position)


async def _address(request: Req, errand: Errand) -> str:
    known = parts(request)
    state = errand.state(known.sealing, known.new_id)
    return await known.providers.address(errand.provider, errand.journey(state, _back_here(request, errand.provider)))


def _back_here(request: Req, provider: str) -> str:
    return f"{parts(request).rules.address}{HERE}/{provider}/callback"


def _cookie(request: Req, word: str) -> Any:
    return cookie_with(request, word, HERE, PATIENCE.total_seconds())
