"""From the shop's invoices to orders and refunds: every penny of the file is sold, given back, or named."""

from collections import Counter
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as some

from domain.shop.product import same_name
from infra.demo.shop.invoices import InvoiceLine, parse_invoices, read_invoices, total
from infra.demo.shop.plan import plan
from infra.demo.shop.step import Plan
from tests.infra.demo.lines import worth

HEADING = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"


def lines(*rows: tuple[str, str, object, object], customer: str = "17850") -> list[InvoiceLine]:
    """Invoice, code, quantity and price of each."""
    text = "".join(f"{invoice},{code},LAMP {code},{quantity},1/12/2010,{price},{customer},EIRE\n" for invoice, code, quantity, price in rows)
    return list(parse_invoices(HEADING + text))


def reasons(made: Plan) -> dict[int, str]:
    return {one.line: one.reason for one in made.named}


def test_an_invoice_is_an_order_whose_lines_the_shop_merges():
    (sale,) = plan(lines(("1", "A", 6, "2.55"), ("1", "B", 1, "0.5"), ("1", "A", 2, "2.55"))).sales
    assert [(item.code, item.quantity, item.price) for item in sale.items] == [("A", 6, 255), ("B", 1, 50), ("A", 2, 255)]
    assert (sale.key, sale.amount, sale.prices) == ("1", 2090, {"A": 255, "B": 50})


def test_a_product_at_two_prices_on_one_invoice_makes_two_orders():
    made = plan(lines(("1", "A", 6, "2.55"), ("1", "A", 1, "4.25"), ("1", "B", 1, "1"), ("1", "A", 1, "2.55")))
    assert [(sale.key, sale.prices, sale.amount) for sale in made.sales] == [("1", {"A": 255, "B": 100}, 1885), ("1/2", {"A": 425}, 425)]


def test_the_opening_stock_is_what_all_sales_of_the_file_need_also_when_only_some_are_played():
    made = plan(lines(("1", "A", 6, "2.55"), ("2", "A", 4, "3"), ("C3", "A", -1, "3"), ("4", "B", 1, "1")), 1)
    assert [(one.code, one.price, one.stock) for one in made.goods.values()] == [("A", 255, 10)]
    assert [sale.key for sale in made.sales] == ["1"]


def test_a_description_that_two_codes_share_gets_their_codes():
    rows = "1,A,Lamp,1,1/12/2010,1,7,EIRE\n1,B, LAMP ,1,1/12/2010,1,7,EIRE\n1,C,,1,1/12/2010,1,7,EIRE\n"
    assert [one.name for one in plan(list(parse_invoices(HEADING + rows))).goods.values()] == ["Lamp (A)", "LAMP (B)", "C"]


def test_a_cancellation_takes_back_from_the_customers_own_orders_first_at_its_price_then_the_newest():
    rows = ("1", "A", 5, "2"), ("2", "A", 5, "3"), ("3", "A", 5, "3"), ("C4", "A", -12, "3")
    made = plan(lines(*rows))
    assert [(refund.key, refund.quantities, refund.amount, refund.worth) for refund in made.refunds] == [
        ("C4/3", {"A": 5}, 1500, 1500), ("C4/2", {"A": 5}, 1500, 1500), ("C4/1", {"A": 2}, 600, 400),
    ]  # fmt: skip
    assert made.named == []


def test_nobody_gets_back_more_than_an_order_came_to():
    made = plan(lines(("1", "A", 2, "1"), ("C2", "A", -2, "1.50")))
    assert [(refund.quantities, refund.amount) for refund in made.refunds] == [({"A": 1}, 150)]
    assert [(one.reason, one.amount) for one in made.named] == [("a cancellation of 1 more than were sold to this customer before", Decimal("-1.50"))]


def test_what_somebody_else_bought_or_what_was_sold_later_is_not_taken_back():
    made = plan([*lines(("1", "A", 2, "1"), customer="9"), *lines(("C2", "A", -1, "1"), ("3", "A", 2, "1"))])
    assert made.refunds == []
    assert [one.reason for one in made.named] == ["a cancellation without its sale"]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (("1", "A", "many", "1"), "quantity or price are no numbers"),
        (("1", "A", 1, "NaN"), "quantity or price are no numbers"),
        (("A1", "A", 1, "1"), "neither an invoice nor a cancellation"),
        (("C1", "D", -1, "27.50"), "a discount, which is no product"),
        (("C1", "A", 1, "1"), "a cancellation that takes nothing back"),
        (("1", "A", -1, "0"), "nothing was sold, and it is no cancellation"),
        (("1", "A", 1, "0.00"), "a price of zero"),
        (("1", "A", 1, "-1"), "a price below zero"),
        (("1", "A", 1, "0.125"), "a price with parts of a penny"),
        (("C1", "A", -1, "1"), "a cancellation without its sale"),
    ],
)
def test_what_cannot_be_taken_is_named_by_line_with_its_amount(row, reason):
    file = lines(row)
    made = plan(file)
    assert reasons(made) == {2: reason}
    assert (made.goods, made.sales, worth(made)) == ({}, [], total(file))


rows = some.tuples(
    some.sampled_from(["1", "2", "3", "C4", "C5", "6", "C7", "A8"]),
    some.sampled_from(["A", "B", "C", "D"]),
    some.integers(-9, 9),
    some.sampled_from(["0", "0.01", "1", "1.0", "2.55", "2.550", "3.5", "0.125", "-1", "x"]),
    some.sampled_from(["", "17850", "12583"]),
)


@given(some.lists(rows, max_size=40), some.none() | some.integers(0, 9))
def test_sold_less_given_back_and_named_are_the_total_of_any_file(found, invoices):
    customers = {invoice: customer for invoice, _, _, _, customer in found}
    file = list(
        parse_invoices(HEADING + "".join(f"{i},{code},x,{quantity},1/12/2010,{price},{customers[i]},EIRE\n" for i, code, quantity, price, _ in found))
    )
    played = set(list(dict.fromkeys(line.invoice for line in file))[:invoices])
    made = plan(file, invoices)
    assert worth(made) == total(line for line in file if line.invoice in played)
    for sale in made.sales:
        assert sum(refund.amount for refund in made.refunds if refund.sale == sale.key) <= sale.amount
        for code in sale.prices:
            pieces = sum(item.quantity for item in sale.items if item.code == code)
            assert sum(refund.quantities.get(code, 0) for refund in made.refunds if refund.sale == sale.key) <= pieces
    for code, goods in made.goods.items():
        assert sum(item.quantity for sale in made.sales for item in sale.items if item.code == code) <= goods.stock
    names = [same_name(goods.name) for goods in made.goods.values()]
    assert len(names) == len(set(names))


def test_the_whole_file_comes_to_this():
    file = read_invoices()
    made = plan(file)
    assert (len(file), file[0].number, file[-1].number, total(file)) == (9_999, 2, 10_000, Decimal("180659.25"))
    assert (len(made.goods), len(made.sales), len(made.refunds), len(made.named)) == (1_963, 429, 9, 136)
    assert (sum(sale.amount for sale in made.sales), sum(refund.amount for refund in made.refunds)) == (18_423_983, 18_400)
    assert sum(one.amount for one in made.named) == Decimal("-3396.58")
    assert worth(made) == total(file)
    assert Counter(one.reason for one in made.named) == {
        "a cancellation without its sale": 88, "nothing was sold, and it is no cancellation": 30, "a price of zero": 16,
        "a discount, which is no product": 2,
    }  # fmt: skip
    assert len({same_name(goods.name) for goods in made.goods.values()}) == len(made.goods)
