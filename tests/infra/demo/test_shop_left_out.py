"""What the shop did not take leaves the plan by name: the total of the file stays what it is."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as some

from infra.demo.shop.invoices import read_invoices, total
from infra.demo.shop.left_out import leave_out, leave_out_refunds
from infra.demo.shop.plan import plan
from infra.demo.shop.step import Back, Goods, Item, Plan, Refund, Sale
from tests.infra.demo.lines import worth

FILE = read_invoices()
WHOLE = plan(FILE)


def small() -> Plan:
    items = (Item(line=2, code="A", quantity=3, price=200), Item(line=3, code="B", quantity=1, price=50))
    backs = (Back(line=4, code="A", quantity=1, price=200, sold_at=200), Back(line=5, code="B", quantity=1, price=50, sold_at=50))
    goods = {code: Goods(code=code, name=code, price=200, stock=3) for code in "AB"}
    sales, refunds = [Sale(key="1", invoice="1", customer="", items=items)], [Refund(invoice="C2", sale="1", backs=backs)]
    return Plan(goods=goods, sales=sales, refunds=refunds, named=[])


def named(made: Plan) -> list[tuple[int, str, str, Decimal]]:
    return [(one.line, one.invoice, one.reason, one.amount) for one in made.named]


def test_without_a_product_the_rest_of_its_orders_and_refunds_stays():
    made = leave_out(small(), goods={"A": "no"})
    assert named(made) == [(2, "1", "no", Decimal(6)), (4, "C2", "its sale was not taken: no", Decimal(-2))]
    assert ([sale.amount for sale in made.sales], [refund.amount for refund in made.refunds], list(made.goods)) == ([50], [50], ["B"])


def test_without_an_order_nothing_of_it_comes_back():
    made = leave_out(small(), sales={"1": "no"})
    assert (made.sales, made.refunds, [line for line, *_ in named(made)]) == ([], [], [2, 3, 4, 5])


def test_a_refund_that_was_refused_leaves_its_order():
    made = leave_out_refunds(small(), {"C2/1": "no"})
    assert (len(made.sales), made.refunds) == (1, [])
    assert named(made) == [(4, "C2", "no", Decimal(-2)), (5, "C2", "no", Decimal("-0.5"))]


@given(
    some.sets(some.sampled_from(sorted(WHOLE.goods)), max_size=9),
    some.sets(some.sampled_from([sale.key for sale in WHOLE.sales]), max_size=9),
    some.sets(some.sampled_from([refund.key for refund in WHOLE.refunds]), max_size=3),
)
def test_whatever_is_left_out_of_the_file_its_total_stays(goods, sales, refunds):
    made = leave_out(WHOLE, goods=dict.fromkeys(goods, "no"), sales=dict.fromkeys(sales, "no"))
    made = leave_out_refunds(made, dict.fromkeys(refunds, "no"))
    assert worth(made) == total(FILE)
    assert not goods & {item.code for sale in made.sales for item in sale.items}
    assert not sales & {refund.sale for refund in made.refunds}
