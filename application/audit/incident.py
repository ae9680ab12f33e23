"""Keeping refusals in mind: each is a fact of its own, or one of many that are summed up."""

from datetime import datetime
from uuid import UUID

from application.shared.command import Command, handles
from application.shared.ports import Ports
from domain.audit.events import PermissionRefused, SignInFailed, SummedUp
from domain.audit.incident import Incident


class NoteFailedSignIn(Command, frozen=True):
    """Somebody at this address did not prove who they are. `account` stands for the name they gave (HMAC)."""

    operation: str
    code: str
    address: str
    account_id: UUID | None = None
    account: bytes = b""

    @property
    def by(self) -> UUID | str:
        """Whose such incidents are counted together."""
        return self.address


class NoteRefusal(Command, frozen=True):
    """A caller wanted what they may not."""

    operation: str
    code: str
    address: str
    role: str
    caller_id: UUID | None = None
    permission: str = ""
    object_id: UUID | None = None
    key_id: UUID | None = None
    client_id: UUID | None = None

    @property
    def by(self) -> UUID | str:
        """Whose such incidents are counted together."""
        return self.caller_id or self.address


class SumUp(Command, frozen=True):
    """There were many more of one kind, by one account or address; empty: by others."""

    kind: str
    count: int
    since: datetime
    until: datetime
    by: UUID | str


@handles(NoteFailedSignIn)
async def note_failed_sign_in(command: NoteFailedSignIn, ports: Ports) -> None:
    """The name is kept only where it is nobody's: an account is known by its id, which says nothing once it is erased."""
    fact = SignInFailed(
        operation=command.operation,
        code=command.code,
        address=_veiled(ports, command.address),
        account_id=command.account_id,
        account="" if command.account_id else command.account.hex(),
    )
    ports.log.stage(Incident(id=ports.new_id()), fact)


@handles(NoteRefusal)
async def note_refusal(command: NoteRefusal, ports: Ports) -> None:
    """As told."""
    fact = PermissionRefused(
        operation=command.operation,
        code=command.code,
        address=_veiled(ports, command.address),
        role=command.role,
        caller_id=command.caller_id,
        permission=command.permission,
        object_id=command.object_id,
        key_id=command.key_id,
        client_id=command.client_id,
    )
    ports.log.stage(Incident(id=ports.new_id()), fact)


@handles(SumUp)
async def sum_up(command: SumUp, ports: Ports) -> None:
    """As told."""
    is_account = isinstance(command.by, UUID)
    fact = SummedUp(
        kind=command.kind,
        count=command.count,
        since=command.since,
        until=command.until,
        caller_id=command.by if isinstance(command.by, UUID) else None,
        address="" if is_account else _veiled(ports, str(command.by)),
    )
    ports.log.stage(Incident(id=ports.new_id()), fact)


def _veiled(ports: Ports, address: str) -> str:
    """What stands for an address; nothing for none."""
    return ports.sealing.hmac("address", address).hex() if address else ""
