"""Database time without asking the database: the monotonic clock plus an offset that every append answer renews (A12)."""

import time
from datetime import UTC, datetime, timedelta


class DatabaseClock:
    """Reads as the database's clock does; never goes back."""

    def __init__(self) -> None:
        self._base = datetime.now(UTC)
        self._at = time.monotonic()

    def now(self) -> datetime:
        """Database time, UTC."""
        return self._base + timedelta(seconds=time.monotonic() - self._at)

    def renew(self, told: datetime) -> None:
        """Learn what the database's clock just said."""
        self._base, self._at = told, time.monotonic()
