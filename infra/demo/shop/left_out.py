"""A plan without what the shop did not take, so that it still comes to the total of the file."""

from collections.abc import Mapping

from msgspec.structs import replace

from infra.demo.shop.step import Named, Plan, Refund, Sale, pounds


def leave_out(plan: Plan, *, goods: Mapping[str, str] | None = None, sales: Mapping[str, str] | None = None) -> Plan:
    """Without the products of these codes, and without these orders, each with a reason; nothing of them comes back either."""
    codes, orders = goods or {}, sales or {}
    named, kept = list(plan.named), list[Sale]()
    for sale in plan.sales:
        gone = {item.code: orders.get(sale.key) or codes.get(item.code, "") for item in sale.items}
        named += [_of(sale, item.line, item.code, gone[item.code], item.amount) for item in sale.items if gone[item.code]]
        left = tuple(item for item in sale.items if not gone[item.code])
        if left:
            kept.append(replace(sale, items=left))
    refunds = list[Refund]()
    for refund in plan.refunds:
        why = {back.code: orders.get(refund.sale) or codes.get(back.code, "") for back in refund.backs}
        told = [(back, f"its sale was not taken: {why[back.code]}") for back in refund.backs if why[back.code]]
        named += [_of(refund, back.line, back.code, reason, -back.amount) for back, reason in told]
        backs = tuple(back for back in refund.backs if not why[back.code])
        if backs:
            refunds.append(replace(refund, backs=backs))
    remaining = {code: one for code, one in plan.goods.items() if code not in codes}
    return Plan(goods=remaining, sales=kept, refunds=refunds, named=sorted(named, key=lambda one: one.line))


def leave_out_refunds(plan: Plan, refunds: Mapping[str, str]) -> Plan:
    """Without these refunds, by their keys, each with a reason."""
    named = [_of(one, back.line, back.code, refunds[one.key], -back.amount) for one in plan.refunds if one.key in refunds for back in one.backs]
    kept = [one for one in plan.refunds if one.key not in refunds]
    return replace(plan, refunds=kept, named=sorted([*plan.named, *named], key=lambda one: one.line))


def _of(whole: Sale | Refund, line: int, code: str, reason: str, pence: int) -> Named:
    return Named(line=line, invoice=whole.invoice, code=code, reason=reason, amount=pounds(pence))
