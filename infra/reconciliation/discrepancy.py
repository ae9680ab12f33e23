"""What reconciliation finds."""

import msgspec


class Discrepancy(msgspec.Struct, frozen=True):
    """What is not as it must be: of which order, payment, product or sum, and why."""

    what: str
    why: str
