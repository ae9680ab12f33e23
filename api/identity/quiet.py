"""The answer that tells strangers nothing."""

import msgspec
from litestar import Response

from application.identity.quiet import MailComes


def mail_comes() -> Response[bytes]:
    """202, always the same: also without a position, which would say whether something was written."""
    body = msgspec.json.encode(MailComes())
    return Response(body, status_code=202, media_type="application/json", headers={"Cache-Control": "no-store"})
