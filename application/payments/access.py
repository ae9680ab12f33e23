"""Whose payments one sees: one's own, or everybody's where the permission reaches that far."""

from uuid import UUID

from application.shared.context import Caller
from application.shared.permissions import Reach, reach
from domain.shared.refused import Hidden

READ = "payments:read"


def must_be_in_sight(customer_id: UUID | None, caller: Caller) -> None:
    """Raises `Hidden` unless the caller is this customer, or reads all payments."""
    if reach(caller, READ) is not Reach.ALL and (caller.id is None or customer_id != caller.id):
        raise Hidden


def whose(customer_id: UUID | None, caller: Caller) -> UUID | None:
    """Whose payments a list shows to the caller who asks for those of this customer, or of nobody in particular; None: everybody's.

    Raises `Hidden` for those of others.
    """
    if reach(caller, READ) is Reach.ALL:
        return customer_id
    own = customer_id or caller.id
    must_be_in_sight(own, caller)
    return own
