"""Settings of the shop, of orders and of payments."""

from datetime import timedelta
from typing import Annotated

from msgspec import Meta

from domain.payments.backoff import EVER, Backoff
from infra.settings.mail import MailSettings
from infra.settings.words import Secret, duration

Count = Annotated[int, Meta(ge=0)]
Share = Annotated[float, Meta(ge=0, le=1)]


class ShopSettings(MailSettings, frozen=True, kw_only=True):
    """How things are sold and paid."""

    shop_currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")] = "USD"
    """ISO 4217; of prices that name none."""
    catalogue_max_age: Count = 0
    """Seconds for which browsers and others may show products without asking again; what was written since is not seen by whoever does."""
    low_stock_level: Count = 0
    """Administrators are told when no more than so many of a product are free, unless it has a level of its own; 0: never."""
    reservation_ttl: str = "15m"
    """What is held for an order is free after this long, unless its money is authorised by then."""
    order_deadline: str = "20m"
    """An order that is not over after this long is listed as stuck."""
    order_single_pending: bool = False
    """Nobody may place an order before their last one is over."""
    verify_at: Annotated[str, Meta(pattern="^(([01][0-9]|2[0-3]):[0-5][0-9])?$")] = "03:00"
    """When the clock verifies ledger and stock every night (UTC); empty: never."""
    payment_provider: str = "simulator"
    """`simulator`, or `http` for a provider at `payment_provider_url`."""
    payment_provider_url: str = ""
    payment_provider_key: Secret = ""
    """What the provider knows Daybook by."""
    payment_webhook_secret: Secret = ""
    """`whsec_…`: with this the provider signs what it tells by itself (Standard Webhooks). Several, with spaces between them, while it changes."""
    payment_timeout: Annotated[float, Meta(gt=0)] = 10.0
    """Seconds after which nobody waits for an answer of the provider any more."""
    payment_lapse: str = "7d"
    """After this long the provider lets go of what is authorised and not captured. So long it is asked whether a call arrived of which it knew
    nothing, though the payment was given up.
    """
    payment_duration: Count = 1000
    """Milliseconds a simulated authorisation takes."""
    payment_failed_probability: Annotated[float, Meta(ge=0, le=100)] = 0.0
    """Percent of simulated attempts that fail, 0 to 100."""
    payment_seed: int = 0
    """With the same seed the same attempts fail after each start, in the order in which they are made; 0: others each time."""
    payment_concurrency: Annotated[int, Meta(ge=1)] = 200
    """Calls to the provider that are under way at once."""
    backoff_retries: Count = 10
    """Retries after the first attempt."""
    backoff_delay: Count = 300
    """Milliseconds before the first retry; doubled before each further one."""
    backoff_jitter: Share = 0.0
    """The share of each pause, 0 to 1, that chance may take off it."""
    backoff_max_delay: Count = 0
    """Milliseconds of the longest pause; 0: any."""

    @property
    def reservation_lifetime(self) -> int:
        """Seconds after which what is held is free."""
        return duration(self.reservation_ttl)

    @property
    def order_patience(self) -> timedelta:
        """How long an order may take."""
        return timedelta(seconds=duration(self.order_deadline))

    @property
    def payment_backoff(self) -> Backoff:
        """When calls that failed are made again."""
        longest = min(timedelta(milliseconds=self.backoff_max_delay), EVER) if self.backoff_max_delay else EVER
        lapse = timedelta(seconds=duration(self.payment_lapse))
        return Backoff(self.backoff_retries, timedelta(milliseconds=self.backoff_delay), self.backoff_jitter, longest, lapse)

    @property
    def payment_patience(self) -> timedelta:
        """After how long a call whose maker was not heard of is lost."""
        return timedelta(seconds=20 + self.payment_timeout, milliseconds=self.payment_duration)
