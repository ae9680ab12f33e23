"""A product: what is sold under one name, at one price. How much of it there is, is its stock's affair."""

import unicodedata
from datetime import datetime
from typing import Any, Final, Self

import msgspec
from msgspec import UNSET

from domain.shared import fields as rules
from domain.shared import money
from domain.shared.aggregate import Aggregate
from domain.shared.event import Event
from domain.shared.money import Money
from domain.shop import events as e
from domain.shop.events import ProductFields

NAME: Final = 255
DESCRIPTION: Final = 10_000
NOTHING: Final = Money(0, "")


def same_name(name: str) -> str:
    """What two names have in common that are the same to people: composed (NFC), in one case, with single spaces."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", " ".join(name.split())).casefold())


class Product(Aggregate, frozen=True):
    """One product; `removed` is one that is not sold any more."""

    name: str = ""
    description: str = ""
    price: Money = NOTHING
    removed: bool = False
    created_at: datetime | None = None
    updated_at: datetime | None = None

    @property
    def exists(self) -> bool:
        """Whether this is a product that is sold; its id may also be that of something else."""
        return self.created_at is not None and not self.removed

    def add(self, fields: ProductFields, now: datetime) -> list[Event]:
        """The first fact of a product; raises `Invalid`."""
        rules.refuse(_misfits(fields))
        return [e.ProductAdded(product_id=self.id, at=now, fields=_tidy(fields))]

    def edit(self, changes: ProductFields, now: datetime) -> list[Event]:
        """Change some of what it says; raises `Invalid`. What stays the same is no change."""
        rules.refuse(_misfits(changes))
        new = {name: value for name, value in _given(_tidy(changes)).items() if value != getattr(self, name)}
        if not new:
            return []
        before = ProductFields(**{name: getattr(self, name) for name in new})
        return [e.ProductEdited(product_id=self.id, at=now, before=before, after=ProductFields(**new))]

    def remove(self, now: datetime) -> list[Event]:
        """Sell it no more."""
        return [e.ProductRemoved(product_id=self.id, at=now)]

    def evolve(self, event: Event) -> Self:
        """The product after one more fact."""
        match event:
            case e.ProductAdded(fields=fields, at=at):
                return self.but(**_given(fields), created_at=at, updated_at=at)
            case e.ProductEdited(after=after, at=at):
                return self.but(**_given(after), updated_at=at)
            case e.ProductRemoved(at=at):
                return self.but(removed=True, updated_at=at)
        return self


def _misfits(fields: ProductFields) -> rules.Errors:
    name = rules.text("/name", fields.name.strip() if isinstance(fields.name, str) else fields.name, NAME, least=1)
    price = [] if fields.price is UNSET else money.price("/price", fields.price)
    return name + rules.text("/description", fields.description, DESCRIPTION) + price


def _tidy(fields: ProductFields) -> ProductFields:
    return fields if fields.name is UNSET else msgspec.structs.replace(fields, name=" ".join(fields.name.split()))


def _given(fields: ProductFields) -> dict[str, Any]:
    return {name: value for name in fields.__struct_fields__ if (value := getattr(fields, name)) is not UNSET}
