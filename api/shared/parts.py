"""What routes may use; put into the application's state by the composition root."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import msgspec
from litestar.connection import ASGIConnection

from application.identity.access_token import AccessTokens
from application.identity.standing import Standing
from application.shared.context import Key
from application.shared.dispatch import Dispatch
from application.shared.ports import Log
from projections.identity.person_keys import PersonKeys
from projections.shared.reading import Caches, Tables


class Rules(msgspec.Struct, frozen=True):
    """Settings that change how HTTP is spoken."""

    require_if_match: bool = False
    batch_max: int = 1000
    list_unbounded_max: int = 100_000
    max_request_size: int = 1_048_576
    cors_origins: tuple[str, ...] = ()


class Parts(msgspec.Struct, frozen=True):
    """Everything behind the routes."""

    dispatch: Dispatch
    log: Log
    tables: Tables
    caches: Caches
    tokens: AccessTokens
    standing: Standing
    names: PersonKeys
    key: Callable[[str, str, str, str, bytes], Key]
    """An idempotency key from scope, key, method, path and body."""
    new_id: Callable[[], UUID]
    cursor_secret: bytes
    rules: Rules = Rules()


def parts(connection: ASGIConnection[Any, Any, Any, Any]) -> Parts:
    """The parts of this application."""
    found: Parts = connection.app.state["parts"]
    return found
