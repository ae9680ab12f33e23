"""What routes may use; put into the application's state by the composition root."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import msgspec
from litestar.connection import ASGIConnection

from api.shared.feed import Feed, Tickets
from api.shared.limits import Limits
from application.audit.incidents import Incidents
from application.identity.access_token import AccessTokens
from application.identity.key_standing import KeyStanding
from application.identity.outside_identity import Providers
from application.identity.standing import Standing
from application.jobs.files import JobFiles
from application.payments.webhook import Signatures
from application.shared.context import Key
from application.shared.dispatch import Dispatch
from application.shared.outside import ByteStore, Scanner
from application.shared.ports import Log, Sealing
from projections.audit.event_log import EventLog
from projections.identity.export import Traces
from projections.identity.person_keys import PersonKeys
from projections.shared.reading import Caches, Past, Tables, Twins


class Rules(msgspec.Struct, frozen=True):
    """Settings that change how HTTP is spoken."""

    require_if_match: bool = False
    batch_max: int = 1000
    list_unbounded_max: int = 100_000
    max_request_size: int = 1_048_576
    import_size_limit: int = 536_870_912
    """Bytes of a file that is to be imported."""
    step_up_seconds: int = 600
    """How long after a sign-in what is sensitive may be done without another one."""
    cors_origins: tuple[str, ...] = ()
    file_size_limit: int = 26_214_400
    file_quota: int = 1_073_741_824
    catalogue_max_age: int = 0
    """Seconds for which anybody may show the catalogue without asking again."""
    address: str = "http://127.0.0.1:3000"
    """Where people reach this API; the issuer of id tokens."""


class Parts(msgspec.Struct, frozen=True):
    """Everything behind the routes."""

    dispatch: Dispatch
    log: Log
    tables: Tables
    caches: Caches
    twins: Twins
    past: Past
    tokens: AccessTokens
    standing: Standing
    keys: KeyStanding
    names: PersonKeys
    sealing: Sealing
    providers: Providers
    incidents: Incidents
    events: EventLog
    traces: Traces
    job_files: JobFiles
    key: Callable[[str, str, str, str, bytes], Key]
    """An idempotency key from scope, key, method, path and body."""
    store: ByteStore
    """The bytes of files."""
    new_id: Callable[[], UUID]
    cursor_secret: bytes
    rules: Rules = Rules()
    scanner: Scanner | None = None
    """None: nobody looks at files for harm."""
    limits: Limits | None = None
    """None: nobody is limited."""
    signatures: Signatures | None = None
    """Of the payment provider; None: it tells nothing by itself."""
    feed: Feed | None = None
    tickets: Tickets | None = None
    """None, both: nobody is told anything live."""


def parts(connection: ASGIConnection[Any, Any, Any, Any]) -> Parts:
    """The parts of this application."""
    found: Parts = connection.app.state["parts"]
    return found
