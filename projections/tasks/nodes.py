"""Every worker node: since when it is known, when it was last heard of, whether it takes work and how much."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from msgspec.structs import replace

from domain.identity import events as identity
from domain.identity.role import Role
from domain.shared.event import Recorded
from domain.tasks import events as e
from projections.shared.read_model import ReadModel, Row, read_model


class NodeRow(Row, frozen=True, gc=False):
    """A node. Its name and e-mail are personal data and stand elsewhere."""

    node_id: UUID
    known_since: datetime
    active: bool = True
    """Its account is not disabled and has the role `node`."""
    disabled: bool = False
    is_node: bool = False
    """It has the role `node`, and its account was not erased."""
    draining: bool = False
    capacity: int | None = None
    last_seen_at: datetime | None = None


def keys(recorded: Recorded[Any]) -> tuple[UUID, ...]:
    """The node; roles that are not `node` concern no node."""
    event = recorded.event
    if isinstance(event, e.NodeEvent):
        return (event.node_id,)
    if isinstance(event, identity.RoleGranted | identity.RoleRevoked) and event.role is not Role.NODE:
        return ()
    return (event.user_id,)


def fold(node_id: UUID, row: NodeRow | None, recorded: Recorded[Any]) -> NodeRow | None:
    """The row after one more event; only the role `node` makes one."""
    event = recorded.event
    changes: dict[str, Any] = {}
    match event:
        case identity.RoleGranted() | identity.RoleRevoked():
            changes = {"is_node": isinstance(event, identity.RoleGranted)}
        case identity.UserDisabled() | identity.UserEnabled():
            changes = {"disabled": isinstance(event, identity.UserDisabled)}
        case identity.UserErased():
            changes = {"is_node": False}
        case e.NodeDrained() | e.NodeResumed():
            changes = {"draining": isinstance(event, e.NodeDrained)}
        case e.NodeCapacitySet(capacity=capacity):
            changes = {"capacity": capacity}
        case e.NodeSeen(at=at):
            changes = {"last_seen_at": at}
    if row is None and not changes.get("is_node"):
        return None
    row = replace(row or NodeRow(node_id=node_id, known_since=recorded.recorded_at), **changes)
    return replace(row, active=row.is_node and not row.disabled)


NODES: Final = read_model(
    ReadModel(
        name="nodes",
        version=2,
        store="postgres",
        row=NodeRow,
        key=("node_id",),
        listens=(
            identity.RoleGranted,
            identity.RoleRevoked,
            identity.UserDisabled,
            identity.UserEnabled,
            identity.UserErased,
            e.NodeSeen,
            e.NodeDrained,
            e.NodeResumed,
            e.NodeCapacitySet,
        ),
        keys=keys,
        fold=fold,
    )
)
