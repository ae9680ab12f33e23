"""What a product says of itself, and what it refuses."""

from uuid import UUID

import pytest
from msgspec import UNSET

from domain.shared.money import MOST, Money
from domain.shop import events as e
from domain.shop.events import ProductFields
from domain.shop.product import Product, same_name
from tests.scenario import NOON, given

PRICE = Money(339, "GBP")
FIELDS = ProductFields(name="Lamp", description="Warm", price=PRICE)
FRESH = Product(id=UUID(int=70))
LAMP = FRESH.after(*FRESH.add(FIELDS, NOON))


def test_a_product_is_added_with_tidy_names():
    after = given(FRESH).when(lambda one: one.add(ProductFields(name="  Tea   light ", description="", price=PRICE), NOON)).then_a(e.ProductAdded)
    assert (after.name, after.price, after.exists) == ("Tea light", PRICE, True)


@pytest.mark.parametrize(
    ("fields", "pointer", "code"),
    [
        (ProductFields(name=" ", description="", price=PRICE), "/name", "required"),
        (ProductFields(name="x" * 256, description="", price=PRICE), "/name", "too_long"),
        (ProductFields(name="x", description="y" * 10_001, price=PRICE), "/description", "too_long"),
        (ProductFields(name="x", description="", price=Money(-1, "GBP")), "/price/amount", "out_of_range"),
        (ProductFields(name="x", description="", price=Money(MOST + 1, "GBP")), "/price/amount", "out_of_range"),
        (ProductFields(name="x", description="", price=Money(1, "gbp")), "/price/currency", "unknown_currency"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(fields, pointer, code):
    given(FRESH).when(lambda one: one.add(fields, NOON)).invalid(pointer, code)
    given(LAMP).when(lambda one: one.edit(fields, NOON)).invalid(pointer, code)


def test_only_what_changed_is_told_with_what_it_was():
    wish = ProductFields(name=" Lamp", description="Cold", price=UNSET)
    changed = e.ProductEdited(product_id=LAMP.id, at=NOON, before=ProductFields(description="Warm"), after=ProductFields(description="Cold"))
    given(LAMP).when(lambda one: one.edit(wish, NOON)).then(changed)
    given(LAMP).when(lambda one: one.edit(FIELDS, NOON)).nothing()


def test_a_removed_product_is_no_more():
    assert not given(LAMP).when(lambda one: one.remove(NOON)).then_a(e.ProductRemoved).exists


@pytest.mark.parametrize("other", ["lâmp", "LÂMP", " lâmp ", "La\u0302mp", "LA\u0302MP"])
def test_names_are_the_same_to_people_in_whatever_case_with_whatever_spaces_and_however_an_accent_is_written(other):
    assert same_name(other) == same_name("Lâmp")
