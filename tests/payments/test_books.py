"""The books of every simulated run are right: at any moment, without an alarm about what is only under way, and with nothing left in the end."""

import msgspec
import pytest

from domain.payments.events import CallStarted, PaymentAuthorised, PaymentCaptured, PaymentRefunded, PaymentRequested, PaymentVoided
from infra.cli.ledger import _table
from infra.reconciliation.books import Books, differences
from projections.payments.ledger import balance
from tests.orders.customers import run


def books_of(recorded):
    books = Books()
    books.read(recorded)
    return books


@pytest.mark.parametrize("seed", range(1000, 1030))
def test_there_is_no_alarm_at_any_moment_and_nothing_left_in_the_end(seed):
    log = run(seed).recorded
    for position in range(len(log)):
        assert books_of(log[:position]).judged(tended=0) == [], position
    books = books_of(log)
    assert books.judged(tended=len(log)) == []
    assert books.under_way == 0
    assert differences(books.sums, books.sums) == []


def test_a_capture_that_is_not_there_is_missed():
    log = next(log for log in (run(seed).recorded for seed in range(1000, 1030)) if any(isinstance(one.event, PaymentCaptured) for one in log))
    left_out = next(one for one in log if isinstance(one.event, PaymentCaptured))
    wrong = books_of([one for one in log if one is not left_out]).judged(tended=0)
    assert any(str(left_out.event.order_id) in one.what for one in wrong)


def is_sale(event):
    return isinstance(event, PaymentCaptured) and event.amount.amount > 0


def foreign(one):
    moved = msgspec.structs.replace(one.event.amount, currency="CHF")
    return msgspec.structs.replace(one, event=msgspec.structs.replace(one.event, amount=moved))


@pytest.mark.parametrize("kinds", [(PaymentCaptured,), (PaymentAuthorised, PaymentCaptured, PaymentVoided, PaymentRefunded), (PaymentRequested,)])
def test_money_of_another_currency_than_its_orders_is_wrong_though_both_sides_are_equal(kinds):
    log = next(log for log in (run(seed).recorded for seed in range(1000, 1030)) if any(is_sale(one.event) for one in log))
    bought = next(one.event.order_id for one in log if is_sale(one.event))
    other = [foreign(one) if isinstance(one.event, kinds) and one.event.order_id == bought else one for one in log]
    assert any("CHF" in one.why and str(bought) in one.what for one in books_of(other).judged(tended=len(log)))


def test_a_stream_with_a_gap_is_wrong_though_nothing_of_it_moved_money():
    log = run(1000).recorded
    left_out = next(one for one in log if isinstance(one.event, CallStarted))
    wrong = books_of([one for one in log if one is not left_out]).judged(tended=len(log))
    assert [one.what for one in wrong] == [f"stream {left_out.stream_id}"]


def test_what_went_back_and_the_order_does_not_show_is_wrong_once_it_should():
    log = next(log for log in (run(seed).recorded for seed in range(1000, 1100)) if any(is_unasked(one.event) for one in log))
    position = next(one.position for one in log if is_unasked(one.event))
    told = [one for one in log if one.position <= position]
    assert books_of(told).judged(tended=position - 1) == []
    assert any("was kept where" in one.why for one in books_of(told).judged(tended=position))


def is_unasked(event):
    return isinstance(event, PaymentRefunded) and event.refund_id is None


def test_sums_are_compared_where_they_stand_though_more_was_read():
    log = run(1000).recorded
    for position in range(0, len(log), 50):
        ahead, there = Books(position), books_of(log[:position])
        ahead.read(log)
        assert ahead.sums == there.sums


def test_amounts_are_shown_to_the_last_digit_however_narrow_the_screen(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "60")
    sums = {f"USD/{account}/{side}": 1_007_200_000_034 for account in ("provider", "sales") for side in ("debit", "credit")}
    sums["USD/sales/credit"] += 1_007_200_000_034
    _table(balance(sums, 4_036))
    shown = capsys.readouterr().out
    assert "-1,007,200,000,034" in shown
    assert "…" not in shown
