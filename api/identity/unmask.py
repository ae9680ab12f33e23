"""Personal fields in clear, for a reason."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response
from litestar.params import FromPath, JSONBody

from api.shared.bodies import Body
from api.shared.commanding import carry_out
from api.shared.request import Req
from api.shared.routing import command
from application.identity.unmask import UnmaskPersonalData

Reason = Annotated[str, msgspec.Meta(min_length=1, max_length=500, pattern=r"\S", examples=["Ticket 4711: the person asks whose account this is."])]


class UnmaskBody(Body, frozen=True):
    """Why it must be known; kept in the history of the account."""

    reason: Reason


class Unmasked(msgspec.Struct, frozen=True):
    """Who somebody is, in clear."""

    id: UUID
    email: str
    name: str
    version: int


@command("/api/v1/users/{user_id:uuid}/unmask", needs="users:unmask", step_up=True, answers=Unmasked, tags=["identity"])
async def unmask_personal_data(request: Req, user_id: FromPath[UUID], data: JSONBody[UnmaskBody]) -> Response[bytes]:
    """See the name and e-mail of a person, which auditors are otherwise shown masked; a fact of the person's account."""
    return await carry_out(request, UnmaskPersonalData(user_id=user_id, reason=data.reason), Unmasked, stored=False)
