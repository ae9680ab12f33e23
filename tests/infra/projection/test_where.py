"""Conditions of a list: those that somebody asks for, with their values, in their order."""

from domain.shared.payment_status import PaymentStatus
from projections.shared.where import where


def test_what_nobody_asks_for_is_no_condition():
    assert where(("id < %b", (7,)), ("status = %b", (None,)), ("unread = %b", (False,))) == ("where id < %b and unread = %b", [7, False])


def test_a_condition_of_several_values_needs_all_of_them():
    assert where(("(position, line) < (%b, %b)", (7, 0)), ("a between %b and %b", (1, None))) == ("where (position, line) < (%b, %b)", [7, 0])


def test_where_nobody_asks_for_anything_all_rows_are_meant():
    assert where(("status = %b", (None,))) == ("where true", [])


def test_words_are_asked_for_as_text():
    _, (value,) = where(("status = %b", (PaymentStatus.FAILED,)))
    assert type(value) is str
