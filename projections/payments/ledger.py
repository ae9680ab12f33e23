"""The books: every posting there is, a row each, and the sums of each account by currency, which are never counted up or down but always those
of the rows.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, LiteralString
from uuid import UUID

import msgspec

from domain.payments.ledger import CLEARING, MONEY, Account, Posting, entry
from domain.shared.event import Recorded
from projections.shared.read_model import Groups, ReadModel, Row, read_model
from projections.shared.reading import LAST_POSITION, Freshness, SeenMany, Tables
from projections.shared.where import where

Key = tuple[int, int]
SUMS: Final = "sums"
"""The one group; its names are `GBP/provider/debit`."""


class PostingRow(Row, frozen=True, gc=False):
    """One side of an entry. `position` is that of the fact, `line` counts its postings from 1; amounts in minor units, one of them 0."""

    position: int
    line: int
    account: str
    currency: str
    debit: int
    credit: int
    order_id: UUID
    payment_id: UUID | None
    at: datetime


def keys(recorded: Recorded[Any]) -> tuple[Key, ...]:
    """One for each posting."""
    return tuple((recorded.position, line) for line, _ in enumerate(entry(recorded.event), 1))


def fold(key: Key, row: PostingRow | None, recorded: Recorded[Any]) -> PostingRow | None:  # noqa: ARG001 — the signature of folds; a row is made once.
    """The posting; nothing else ever touches it."""
    event, posting = recorded.event, entry(recorded.event)[key[1] - 1]
    return PostingRow(
        position=key[0],
        line=key[1],
        account=posting.account.value,
        currency=posting.currency,
        debit=posting.debit,
        credit=posting.credit,
        order_id=event.order_id,
        payment_id=getattr(event, "payment_id", None),
        at=recorded.recorded_at,
    )


def sum_of(posting: Posting | PostingRow) -> str:
    """The name of the sum that a posting adds to."""
    return f"{posting.currency}/{posting.account}/{'debit' if posting.debit else 'credit'}"


def contrib(row: PostingRow) -> Groups:
    """What a posting adds to its account."""
    return {SUMS: {sum_of(row): row.debit or row.credit}}


LEDGER: Final = read_model(
    ReadModel(
        name="ledger",
        version=1,
        store="postgres",
        row=PostingRow,
        key=("position", "line"),
        listens=MONEY,
        keys=keys,
        fold=fold,
        contrib=contrib,
        indexes=("account, position, line", "order_id, position, line", "order_id, account, position, line"),
        appends=True,
    )
)


class AccountBalance(msgspec.Struct, frozen=True):
    """What was ever written on both sides of an account, in minor units; `balance` is debit less credit."""

    account: Account
    debit: int
    credit: int
    balance: int


class CurrencyBalance(msgspec.Struct, frozen=True):
    """The accounts in one currency. `under_way`: what stands on accounts that are empty when everything is quiet."""

    currency: str
    debit: int
    credit: int
    balanced: bool
    under_way: int
    accounts: tuple[AccountBalance, ...]


class TrialBalance(msgspec.Struct, frozen=True):
    """Whether debits and credits are equal in every currency, at a position of the log."""

    balanced: bool
    position: int
    currencies: tuple[CurrencyBalance, ...]


def balance(sums: Mapping[str, int], position: int) -> TrialBalance:
    """The trial balance by the sums of all accounts."""
    found: dict[str, dict[str, dict[str, int]]] = {}
    for name, number in sums.items():
        currency, account, side = name.split("/")
        found.setdefault(currency, {}).setdefault(account, {})[side] = number
    currencies = tuple(_currency(currency, found[currency]) for currency in sorted(found))
    return TrialBalance(all(one.balanced for one in currencies), position, currencies)


def _currency(currency: str, found: Mapping[str, Mapping[str, int]]) -> CurrencyBalance:
    accounts = tuple(_account(account, found.get(account.value, {})) for account in Account)
    debit, credit = sum(one.debit for one in accounts), sum(one.credit for one in accounts)
    under_way = sum(abs(one.balance) for one in accounts if one.account in CLEARING and one.account is not Account.AUTHORISED_FUNDS)
    return CurrencyBalance(currency, debit, credit, debit == credit, under_way, accounts)


def _account(account: Account, sides: Mapping[str, int]) -> AccountBalance:
    debit, credit = sides.get("debit", 0), sides.get("credit", 0)
    return AccountBalance(account, debit, credit, debit - credit)


async def trial_balance(tables: Tables, fresh: Freshness) -> tuple[TrialBalance, bool]:
    """The trial balance, and whether it is stale."""
    found, position, stale = await tables.sums(LEDGER, [SUMS], fresh)
    return balance(found.get(SUMS, {}), position), stale


def where_of(account: Account | None, order_id: UUID | None, *, limit: int, before: Key | None = None) -> tuple[LiteralString, list[Any]]:
    """The rest of a SELECT, with its arguments: newest first."""
    conditions, arguments = where(
        ("(position, line) < (%b, %b)", before or (LAST_POSITION, 0)),
        ("account = %b", (account,)),
        ("order_id = %b", (order_id,)),
    )
    return conditions + " order by position desc, line desc limit %b", [*arguments, limit]


async def postings(
    tables: Tables, account: Account | None, order_id: UUID | None, fresh: Freshness, *, limit: int, before: Key | None = None
) -> SeenMany[PostingRow]:
    """Newest first, older than one of them; at most `limit`."""
    rest, arguments = where_of(account, order_id, limit=limit, before=before)
    return await tables.many(LEDGER, rest, arguments, fresh)
