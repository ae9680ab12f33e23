"""Money as people read it: in the units they pay with, to as many places as its currency has (ISO 4217)."""

import pytest

from domain.shared.money import CURRENCIES, PLACES, Money


@pytest.mark.parametrize(
    ("amount", "currency", "told"),
    [
        (339, "GBP", "3.39 GBP"),
        (700, "GBP", "7.00 GBP"),
        (5, "EUR", "0.05 EUR"),
        (0, "USD", "0.00 USD"),
        (-5, "USD", "-0.05 USD"),
        (500, "JPY", "500 JPY"),
        (1005, "KWD", "1.005 KWD"),
        (10**12, "USD", "10000000000.00 USD"),
    ],
)
def test_it_is_told_in_the_units_people_pay_with(amount, currency, told):
    assert str(Money(amount, currency)) == told


def test_only_currencies_there_are_have_other_places_than_two():
    assert set(PLACES) < CURRENCIES
    assert set(PLACES.values()) == {0, 3}
