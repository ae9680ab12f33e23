"""The words of problems, the only place that knows statuses of refusals: what each kind is answered with, and codes for all that can be wrong."""

import re
from typing import Final

from application.shared.dispatch import IdempotencyKeyReused
from domain.shared.refused import (
    Conflict,
    Forbidden,
    Gone,
    Invalid,
    NotFound,
    PreconditionFailed,
    Refused,
    TooLarge,
    TooMany,
    Unauthenticated,
    Unavailable,
    Unsupported,
)

KINDS: Final[tuple[tuple[type[Refused], int], ...]] = (
    (IdempotencyKeyReused, 422),
    (Unauthenticated, 401),
    (Forbidden, 403),
    (NotFound, 404),
    (Gone, 410),
    (PreconditionFailed, 412),
    (Conflict, 409),
    (TooMany, 429),
    (Unavailable, 503),
    (TooLarge, 413),
    (Unsupported, 415),
    (Invalid, 400),
)
BY_STATUS: Final = {
    400: ("validation_failed", "What was sent does not fit"),
    401: ("unauthenticated", "Sign in first"),
    403: ("forbidden", "This is not allowed"),
    404: ("route_not_found", "There is nothing at this address"),
    405: ("method_not_allowed", "This address does not know that method"),
    406: ("not_acceptable", "No answer in a form the client accepts"),
    413: ("payload_too_large", "The body is too large"),
    415: ("unsupported_media_type", "The body must be JSON in UTF-8"),
    416: ("range_not_satisfiable", "The file has no bytes in that range"),
    429: ("too_many_requests", "Too many requests"),
    428: ("precondition_required", "Say which version you have changed, with If-Match"),
    500: ("internal_error", "Something went wrong here"),
    503: ("dependency_unavailable", "Something this needs is not there at the moment"),
}
FURTHER: Final = {
    "malformed_json": (400, "The body is not JSON"),
    "invalid_cursor": (400, "The cursor is not one of this list"),
    "idempotency_key_required": (400, "This needs an idempotency key: without one, nobody could tell a second order from a retry"),
}
"""Codes beside the usual one of their status."""
STORED: Final = frozenset({404, 409, 412})
"""Statuses of refusals that are kept under an idempotency key."""


def status_of(refused: Refused | type[Refused]) -> int:
    """The status a refusal, or a kind of refusal, is answered with."""
    asked = refused if isinstance(refused, type) else type(refused)
    return next((status for kind, status in KINDS if issubclass(asked, kind)), 400)


def code_of(refused: Refused) -> str:
    """The stable code of a refusal; broken rules of fields share one."""
    return "validation_failed" if isinstance(refused, Invalid) and refused.facts.get("errors") else refused.code()


CODES: Final = (
    (r"unknown field", "unknown_field"),
    (r"missing required", "required"),
    (r"Invalid enum", "not_allowed"),
    (r"of length >=", "too_short"),
    (r"of length <=", "too_long"),
    (r">=|<=|> |< |out of range", "out_of_range"),
    (r"matching regex|RFC3339|UUID|Invalid", "wrong_format"),
    (r"Expected", "wrong_type"),
)


def code_for(message: str) -> str:
    """The finer word for what msgspec says of a field."""
    return next((code for pattern, code in CODES if re.search(pattern, message)), "invalid")
