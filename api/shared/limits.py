"""How much a caller may ask for: one table of policies, and how a client is told where it stands (RateLimit headers, RFC 9651)."""

import re
from collections.abc import Mapping
from math import ceil
from typing import Any, Final, Protocol
from uuid import UUID

import msgspec

UNLIMITED: Final = "unlimited"
"""The policy of health, numbers and documents."""
DEFAULT: Final = "default"
TABLE: Final = """
policy         requests  seconds

default        100       60
login          10        60
register       3         3600
password       3         3600
second-factor  30        300
export         10        3600
invitation     60        3600
import         30        3600
rebuild        5         3600
auth           100       60
oauth          300       60
users          300       60
tasks          1000      60
projects       1000      60
teams          1000      60
nodes          1000      60
files          200       60
"""
"""Requests of one caller in any span of so many seconds. A route names its policy (`limit="login"`); one that does not has that of its
area, the first word of its path, and where there is none, `default`."""
AREAS: Final = frozenset({"auth", "oauth", "users", "tasks", "projects", "teams", "nodes", "files"})
"""Policies of whole areas; the others are those of single operations."""
WISH: Final = re.compile(r"([a-z-]+)=([1-9][0-9]{0,8})/([1-9][0-9]{0,6})")


class Policy(msgspec.Struct, frozen=True):
    """`limit` requests in any `seconds`."""

    name: str
    limit: int
    seconds: int


def _read(table: str) -> dict[str, Policy]:
    lines = [line.split() for line in table.splitlines() if line.strip()][1:]
    return {name: Policy(name, int(limit), int(seconds)) for name, limit, seconds in lines}


USUAL: Final = _read(TABLE)


def policies(changed: str = "", *, window: int = 60_000, floor: int = 0) -> dict[str, Policy]:
    """The table with what settings change: `changed` as `name=limit/seconds,…`; `window` in milliseconds and `floor`, where one is given,
    replace the policy `default`, which then holds for whole areas, too, and no other stays below `floor`. Raises `ValueError`
    for what is no policy.
    """
    found = {name: policy for name, policy in USUAL.items() if floor == 0 or name not in AREAS}
    for wish in filter(None, (one.strip() for one in changed.split(","))):
        fits = WISH.fullmatch(wish)
        if fits is None or fits[1] not in USUAL:
            raise ValueError(f"{wish!r} is no rate limit: write name=limit/seconds, with a name among {', '.join(USUAL)}")
        found[fits[1]] = Policy(fits[1], int(fits[2]), int(fits[3]))
    usual = found[DEFAULT]
    found[DEFAULT] = Policy(DEFAULT, floor or usual.limit, usual.seconds if window == 60_000 else ceil(window / 1000))
    return {name: Policy(name, max(policy.limit, floor), policy.seconds) for name, policy in found.items()}


def policy_of(known: Mapping[str, Policy], opt: dict[str, Any], path: str) -> Policy | None:
    """The policy of a route with these options at this path; None where nobody is limited."""
    name = opt.get("limit") or path.removeprefix("/api/v1").strip("/").partition("/")[0]
    return None if name == UNLIMITED else known.get(name, known[DEFAULT])


class Taken(msgspec.Struct, frozen=True):
    """Whether a request may go on, how many more may follow, and seconds until it will be more."""

    allowed: bool
    remaining: int
    reset: int


class Limits(Protocol):
    """Counts requests for all processes together."""

    @property
    def policies(self) -> Mapping[str, Policy]:
        """The policies of this system by name."""

    async def take(self, policy: Policy, who: UUID | str) -> Taken:
        """Count one request of a principal (UUID) or of a network address."""


def headers(policy: Policy, taken: Taken) -> list[tuple[bytes, bytes]]:
    """What a client is told: the fields of draft-ietf-httpapi-ratelimit-headers, and those that were usual before."""
    name, limit = policy.name.encode(), b"%d" % policy.limit
    left, reset = b"%d" % taken.remaining, b"%d" % taken.reset
    return [
        (b"ratelimit-policy", b'"%b";q=%b;w=%d' % (name, limit, policy.seconds)),
        (b"ratelimit", b'"%b";r=%b;t=%b' % (name, left, reset)),
        (b"x-ratelimit-limit", limit),
        (b"x-ratelimit-remaining", left),
        (b"x-ratelimit-reset", reset),
    ]
