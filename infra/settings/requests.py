"""Settings of requests: how many, how large, from where."""

from infra.settings.files import FileSettings
from infra.settings.words import Size


class RequestSettings(FileSettings, frozen=True, kw_only=True):
    """What a client may ask of this system."""

    throttler_ttl: int = 60_000
    """Milliseconds of the window of the policy `default`."""
    throttler_limit: int = 0
    """Requests per window of the policy `default`, and the floor of all others; 0: as `rate_limits` says."""
    rate_limits: str = ""
    """Policies that differ from the usual ones: `name=limit/seconds`, commas between them."""
    trusted_proxies: str = ""
    """Addresses or networks (CIDR, commas between them) whose X-Forwarded-For and X-Forwarded-Proto are believed."""
    require_if_match: bool = False
    max_request_size: Size = 1_048_576
    batch_max: int = 1000
    list_unbounded_max: int = 100_000
    cors_origins: str = ""
