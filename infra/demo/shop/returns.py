"""Whose goods a cancellation brings back: pieces that the same customer bought before, at the same price where there are such."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

import msgspec

from infra.demo.shop.invoices import InvoiceLine
from infra.demo.shop.step import Back, Named, Refund, Sale


class Sold(msgspec.Struct):
    """Pieces of one product in one order, of which so many did not come back yet."""

    sale: str
    nth: int
    """Orders count in the order of the file."""
    price: int
    left: int


class Returns:
    """Which pieces were sold to whom, and the refunds of those that came back."""

    def __init__(self) -> None:
        self.refunds: list[Refund] = []
        self._sold: dict[tuple[str, str], list[Sold]] = {}
        self._paid: dict[str, int] = {}

    def sold(self, sales: Iterable[Sale]) -> None:
        """These may come back from now on."""
        for sale in sales:
            nth, pieces = len(self._paid), dict[str, int]()
            self._paid[sale.key] = sale.amount
            for item in sale.items:
                pieces[item.code] = pieces.get(item.code, 0) + item.quantity
            for code, price in sale.prices.items():
                self._sold.setdefault((sale.customer, code), []).append(Sold(sale.key, nth, price, pieces[code]))

    def take(self, invoice: str, lines: Sequence[InvoiceLine]) -> list[Named]:
        """Take back what a cancellation says; what cannot be."""
        named, backs = list[Named](), dict[str, list[Back]]()
        for line in lines:
            assert line.quantity is not None
            assert line.price is not None
            missing, price = -line.quantity, int(line.price * 100)
            known = self._sold.get((line.customer, line.code), [])
            for one in sorted(known, key=lambda one: (one.price != price, -one.nth)):
                quantity = min(missing, one.left, self._paid[one.sale] // price)
                if quantity:
                    one.left -= quantity
                    missing -= quantity
                    self._paid[one.sale] -= quantity * price
                    back = Back(line=line.number, code=line.code, quantity=quantity, price=price, sold_at=one.price)
                    backs.setdefault(one.sale, []).append(back)
            if missing:
                named.append(_without_sale(line, missing, some=missing < -line.quantity or bool(known)))
        self.refunds += [Refund(invoice=invoice, sale=sale, backs=tuple(its)) for sale, its in backs.items()]
        return named


def _without_sale(line: InvoiceLine, missing: int, *, some: bool) -> Named:
    why = f"a cancellation of {missing} more than were sold to this customer before" if some else "a cancellation without its sale"
    return Named(line=line.number, invoice=line.invoice, code=line.code, reason=why, amount=Decimal(-missing) * (line.price or 0))
