"""Why files refuse. The docstring is the problem's title."""

from domain.shared.refused import Conflict, TooLarge, Unsupported


class QuotaExceeded(Conflict):
    """There is no room for this file among yours."""


class PayloadTooLarge(TooLarge):
    """The file is larger than files may be."""


class UnsupportedMediaType(Unsupported):
    """Files of this kind are not taken, or it is not what it is said to be."""
