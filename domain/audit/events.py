"""What was refused: facts that an auditor wants to see. Addresses and names of accounts stand here only as HMAC (hex)."""

from datetime import datetime
from uuid import UUID

from domain.shared.event import Event, recorded_as


@recorded_as("audit.sign_in_failed")
class SignInFailed(Event, frozen=True, gc=False):
    """Somebody did not prove who they are: `operation` (its operationId) refused with `code`.

    `account_id` is whom they wanted to be; `account` stands for the name they gave where no account has it.
    """

    operation: str
    code: str
    address: str
    account_id: UUID | None = None
    account: str = ""


@recorded_as("audit.permission_refused")
class PermissionRefused(Event, frozen=True, gc=False):
    """Somebody wanted what they may not: `code` says why, `permission` what was missing, `object_id` what it was about.

    The code `not_found` is that of an object of somebody else, which the caller was told does not exist. `key_id` and `client_id`
    name the API key or the program that acted for the caller.
    """

    operation: str
    code: str
    address: str
    role: str
    caller_id: UUID | None = None
    permission: str = ""
    object_id: UUID | None = None
    key_id: UUID | None = None
    client_id: UUID | None = None


@recorded_as("audit.summed_up")
class SummedUp(Event, frozen=True, gc=False):
    """So many more of one kind (`sign_in_failed`, `permission_refused`) by one caller, or from one address, within a minute.

    Without either: by others, of whom there were too many to count each.
    """

    kind: str
    count: int
    since: datetime
    until: datetime
    caller_id: UUID | None = None
    address: str = ""
