"""From the lines of the invoices to what is asked of the shop. Pure: the same lines always come to the same plan.

A stock code is a product, an invoice an order, a cancellation one refund for each order whose goods came back. What cannot be taken is
named by line, so that what is sold, less what came back, and what is named always come to the total of the file.
"""

from collections.abc import Iterable, Sequence
from itertools import islice

from domain.shop.product import same_name
from infra.demo.shop.invoices import InvoiceLine, by_invoice
from infra.demo.shop.returns import Returns
from infra.demo.shop.step import Goods, Item, Named, Plan, Sale


def plan(lines: Sequence[InvoiceLine], invoices: int | None = None) -> Plan:
    """What the first so many invoices (None: all) come to. The opening stock is what all sales of the file need, in any case."""
    named, sales, returns = list[Named](), list[Sale](), Returns()
    for invoice, its_lines in islice(by_invoice(lines).items(), invoices):
        reasons = {line.number: why_not(line) for line in its_lines}
        fit = [line for line in its_lines if not reasons[line.number]]
        named += [_named(line, reasons[line.number]) for line in its_lines if reasons[line.number]]
        if its_lines[0].cancels:
            named += returns.take(invoice, fit)
        else:
            placed = _sales(invoice, fit)
            returns.sold(placed)
            sales += placed
    used = {item.code for sale in sales for item in sale.items}
    goods = {code: one for code, one in _goods(lines).items() if code in used}
    return Plan(goods=goods, sales=sales, refunds=returns.refunds, named=sorted(named, key=lambda one: one.line))


def why_not(line: InvoiceLine) -> str:  # noqa: PLR0911 — one line per reason.
    """Why a line can be neither sold nor taken back, whatever else is in the file; nothing where it can."""
    if line.quantity is None or line.price is None:
        return "quantity or price are no numbers"
    if not line.cancels and not line.invoice.isdigit():
        return "neither an invoice nor a cancellation"
    if line.code == "D":
        return "a discount, which is no product"
    if line.cancels and line.quantity >= 0:
        return "a cancellation that takes nothing back"
    if not line.cancels and line.quantity <= 0:
        return "nothing was sold, and it is no cancellation"
    if line.price <= 0:
        return "a price of zero" if line.price == 0 else "a price below zero"
    return "" if 100 % line.price.as_integer_ratio()[1] == 0 else "a price with parts of a penny"


def _named(line: InvoiceLine, why: str) -> Named:
    return Named(line=line.number, invoice=line.invoice, code=line.code, reason=why, amount=line.amount)


def _sales(invoice: str, lines: Sequence[InvoiceLine]) -> list[Sale]:
    """One order, or several where a product was sold at several prices. Lines of one product and price stay apart: the shop merges them."""
    prices: dict[str, list[int]] = {}
    parts: list[list[Item]] = []
    for line in lines:
        price = _pence(line)
        known = prices.setdefault(line.code, [])
        if price not in known:
            known.append(price)
        nth = known.index(price)
        if nth == len(parts):
            parts.append([])
        parts[nth].append(Item(line=line.number, code=line.code, quantity=line.quantity or 0, price=price))
    return [
        Sale(key=invoice if nth == 0 else f"{invoice}/{nth + 1}", invoice=invoice, customer=lines[0].customer, items=tuple(items))
        for nth, items in enumerate(parts)
    ]


def _goods(lines: Iterable[InvoiceLine]) -> dict[str, Goods]:
    """What is sold in the file: at its first price, with as many pieces as are sold of it."""
    sold: dict[str, list[InvoiceLine]] = {}
    for line in lines:
        if not line.cancels and not why_not(line):
            sold.setdefault(line.code, []).append(line)
    said = {code: next((line.description for line in its if line.description), code) for code, its in sold.items()}
    goods, codes = dict[str, Goods](), dict[str, list[str]]()
    for code, words in said.items():
        codes.setdefault(same_name(words), []).append(code)
    taken = set[str]()
    for code, its in sold.items():
        called = said[code] if len(codes[same_name(said[code])]) == 1 else f"{said[code]} ({code})"
        while same_name(called) in taken:
            called += f" ({code})"
        taken.add(same_name(called))
        goods[code] = Goods(code=code, name=called, price=_pence(its[0]), stock=sum(line.quantity or 0 for line in its))
    return goods


def _pence(line: InvoiceLine) -> int:
    return int((line.price or 0) * 100)
