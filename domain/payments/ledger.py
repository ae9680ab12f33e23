"""The books: each fact about money is a balanced entry of debits and credits (double entry, Pacioli 1494), derived from the log alone.

`authorised_funds` and `authorisations` hold what may be taken and was not; `customer_deposits` what was taken for orders that are not
over. These are zero when nothing is under way. `provider` is what the payment provider owes, `sales` less `sales_returns` what was earned.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any, Final

import msgspec

from domain.orders.events import OrderCompleted, OrderRefunded
from domain.payments.events import PaymentAuthorised, PaymentCaptured, PaymentRefunded, PaymentVoided
from domain.shared.event import Event
from domain.shared.money import Money


class Account(StrEnum):
    """An account of the books."""

    AUTHORISED_FUNDS = "authorised_funds"
    AUTHORISATIONS = "authorisations"
    CUSTOMER_DEPOSITS = "customer_deposits"
    PROVIDER = "provider"
    SALES = "sales"
    SALES_RETURNS = "sales_returns"


CLEARING: Final = frozenset({Account.AUTHORISED_FUNDS, Account.AUTHORISATIONS, Account.CUSTOMER_DEPOSITS})
"""Zero when everything is quiet."""


class Posting(msgspec.Struct, frozen=True):
    """One side of an entry: `debit` or `credit`, the other one 0, in minor units."""

    account: Account
    currency: str
    debit: int = 0
    credit: int = 0


MONEY: Final = (PaymentAuthorised, PaymentCaptured, PaymentVoided, PaymentRefunded, OrderCompleted, OrderRefunded)
"""The facts that are entries."""


def entry(event: Event | Any) -> tuple[Posting, ...]:  # noqa: PLR0911 — one line per kind of event.
    """The postings of a fact, debits equal to credits; nothing for what moves no money."""
    match event:
        case PaymentAuthorised(amount=amount):
            return _moved(amount, Account.AUTHORISED_FUNDS, Account.AUTHORISATIONS)
        case PaymentVoided(amount=amount):
            return _moved(amount, Account.AUTHORISATIONS, Account.AUTHORISED_FUNDS)
        case PaymentCaptured(amount=amount):
            taken = _moved(amount, Account.PROVIDER, Account.CUSTOMER_DEPOSITS)
            return _moved(amount, Account.AUTHORISATIONS, Account.AUTHORISED_FUNDS) + taken
        case PaymentRefunded(amount=amount):
            return _moved(amount, Account.CUSTOMER_DEPOSITS, Account.PROVIDER)
        case OrderCompleted(total=amount):
            return _moved(amount, Account.CUSTOMER_DEPOSITS, Account.SALES)
        case OrderRefunded(amount=amount):
            return _moved(amount, Account.SALES_RETURNS, Account.CUSTOMER_DEPOSITS)
    return ()


def _moved(amount: Money, debited: Account, credited: Account) -> tuple[Posting, ...]:
    if amount.amount == 0:
        return ()
    return (Posting(debited, amount.currency, debit=amount.amount), Posting(credited, amount.currency, credit=amount.amount))


def is_balanced(postings: Iterable[Posting]) -> bool:
    """Whether debits and credits are equal in each currency."""
    sums: dict[str, int] = {}
    for posting in postings:
        sums[posting.currency] = sums.get(posting.currency, 0) + posting.debit - posting.credit
    return not any(sums.values())
