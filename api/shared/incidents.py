"""Which refusals an auditor wants to know of, and what is told about them; noted at one place, before the answer (security.md 16)."""

from typing import Any, Final
from uuid import UUID

from litestar.connection import ASGIConnection

from api.shared.parts import parts
from application.audit.incident import NoteFailedSignIn, NoteRefusal
from application.shared.context import ANONYMOUS, Caller
from domain.identity.errors import AccountDisabled, ReauthenticationRequired
from domain.shared.refused import Forbidden, Hidden, Refused, Unauthenticated

Req = ASGIConnection[Any, Any, Any, Any]
AT_ONCE: Final = (Unauthenticated, Forbidden)
"""Noted before the answer. What is hidden is noted beside it: waiting for that would tell what exists."""


async def note(request: Req, refused: Refused, object_id: UUID | None = None) -> None:
    """Note a refusal where it is one for the audit. `object_id` is what it was about, else the address says."""
    incident = _incident(request, refused, object_id)
    if incident is None:
        return
    known, trace_id = parts(request).incidents, str(request.scope.get("trace_id", "")) or None
    if isinstance(refused, AT_ONCE):
        await known.note(incident, trace_id)
    else:
        known.note_soon(incident, trace_id)


def _incident(request: Req, refused: Refused, object_id: UUID | None) -> NoteFailedSignIn | NoteRefusal | None:
    # The guard leaves the caller there once a token was good or none was needed: an old token is no failed sign-in.
    who: Caller | None = request.scope.get("user")
    handler: Any = request.scope.get("route_handler")
    if who is None or handler is None:
        return None
    client = request.scope.get("client")
    operation, address = str(getattr(handler, "operation_id", handler.fn.__name__)), client[0] if client else ""
    signs_in = isinstance(refused, Unauthenticated) and not isinstance(refused, ReauthenticationRequired)
    if signs_in or (isinstance(refused, AccountDisabled) and who.id is None):
        account_id, account = refused.concerns or (who.id, b"")
        return NoteFailedSignIn(operation=operation, code=refused.code(), address=address, account_id=account_id, account=account)
    if not isinstance(refused, Forbidden | Hidden):
        return None
    return NoteRefusal(
        operation=operation,
        code=refused.code(),
        address=address,
        role=(who if who.id else ANONYMOUS).role,
        caller_id=who.id,
        permission=str(refused.facts.get("permission", "")),
        object_id=object_id or next((value for value in request.path_params.values() if isinstance(value, UUID)), None),
        key_id=who.key_id,
        client_id=who.client_id,
    )
