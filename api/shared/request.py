"""What a route is given."""

from typing import Any

from litestar import Request

Req = Request[Any, Any, Any]
"""A request; who asks is `api.shared.access.caller`, what the process is made of `api.shared.parts.parts`."""
