"""`daybook ledger`: the books are right, and whoever changes a fact or a sum behind Daybook's back is found out."""

import json

import pytest

from domain.orders.order import Order
from infra.projection.bulk_read import Stopped
from infra.projection.watch import Watch
from infra.reconciliation.ledger import reconcile
from projections.payments.ledger import LEDGER
from tests.command_line import command_line
from tests.eventually import eventually
from tests.http.daybook import own_api
from tests.payments.shopping import three_ends
from tests.tampering import edited, tampered

__all__ = ["own_api"]
pytestmark = pytest.mark.usefixtures("bought")


@pytest.fixture(scope="module")
async def bought(api) -> dict[str, Order]:
    found = await three_ends(api.system)

    async def quiet() -> bool:
        told = await reconcile(api.system.settings)
        return told.under_way == 0 and told.orders == 3 and told.position == (await api.system.reader.head()).position

    await eventually(quiet, 20)
    return found


@pytest.fixture
def call(api, monkeypatch):
    return command_line(api.system.settings, monkeypatch)


async def test_the_books_are_right_and_shown(call):
    told = await call("ledger", "verify")
    assert told.exit_code == 0, told.output
    assert "3 orders and" in told.stdout
    assert "all is quiet: the books are right" in told.stdout
    shown = json.loads((await call("ledger", "balance", "--json")).stdout)
    accounts = {one["account"]: one["balance"] for one in shown["currencies"][0]["accounts"]}
    assert accounts == {"authorised_funds": 0, "authorisations": 0, "customer_deposits": 0, "provider": 1400, "sales": -1900, "sales_returns": 500}
    assert "1,400" in (await call("ledger", "balance")).stdout
    assert "GBP, in minor units" in (await call("ledger", "balance")).stdout


async def test_the_same_is_found_when_the_log_is_read_in_parts(api):
    whole, parts = await reconcile(api.system.settings), await reconcile(api.system.settings, at_once=1)
    assert whole == parts
    assert whole.is_right


@pytest.mark.parametrize("kind", ["payment.authorised", "payment.captured", "payment.refunded", "order.completed", "order.refunded", "order.placed"])
async def test_an_amount_that_somebody_changed_is_found_by_name(api, module_database, bought, kind):
    order = bought["returned"].id
    before, after = ('"amount":500', '"amount":400') if "refunded" in kind else ('"amount":1000', '"amount":1400')
    with tampered(module_database, edited(kind, order, before, after)):
        told = await reconcile(api.system.settings)
    assert not told.is_right
    assert any(str(order) in one.what for one in told.wrong if one.what.startswith("order")), told.wrong
    assert (await reconcile(api.system.settings)).is_right


async def test_a_sum_that_somebody_changed_is_found_and_ends_with_1(module_database, call):
    change = f"update read_models.{LEDGER.table}_b1_groups set number = number {{}} 1 where name = 'GBP/sales/credit'"
    with tampered(module_database, ((change.format("+"),), (change.format("-"),))):
        told = await call("ledger", "verify")
    assert told.exit_code == 1
    assert "GBP/sales/credit: 1901 is served, 1900 by the log" in told.stdout


@pytest.mark.parametrize(("column", "forth", "back"), [("credit", "credit + 1", "credit - 1"), ("account", "'provider'", "'sales'")])
async def test_a_posting_that_somebody_changed_is_found_though_no_sum_was(module_database, bought, call, column, forth, back):
    which = f"read_models.{LEDGER.table}_b1 set {column} = {{}} where order_id = '{bought['paid'].id}' and credit > 0 and account = '{{}}'"
    there = "provider" if column == "account" else "sales"
    with tampered(module_database, ((f"update {which.format(forth, 'sales')}",), (f"update {which.format(back, there)}",))):
        told = await call("ledger", "verify")
    assert told.exit_code == 1
    assert "posting " in told.stdout
    assert f'"{column}"' in told.stdout
    assert (await call("ledger", "verify")).exit_code == 0


async def test_whoever_looks_on_can_stop_it(api):
    watch = Watch()
    watch.stop.set()
    with pytest.raises(Stopped):
        await reconcile(api.system.settings, watch)
