"""Money: exact, in the smallest unit of its currency (cents, pence), never a float."""

from typing import Final, Self

import msgspec

from domain.shared.fields import Errors, error

MOST: Final = 10**12
"""Minor units of one price."""
CURRENCIES: Final = frozenset(
    """AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY COP CRC CUP
    CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES
    KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD
    OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY
    TTD TWD TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWG""".split()  # noqa: SIM905 — two hundred words are read more easily than their quotes.
)
"""Currencies people pay with (ISO 4217, list one, without funds and metals)."""
PLACES: Final = dict.fromkeys("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF".split(), 0) | dict.fromkeys(  # noqa: SIM905 — as above.
    "BHD IQD JOD KWD LYD OMR TND".split(),  # noqa: SIM905 — as above.
    3,
)
"""Decimal places of currencies that do not have two (ISO 4217)."""


class Money(msgspec.Struct, frozen=True):
    """An amount in minor units, e.g. 339 of GBP is £3.39; people read it as `3.39 GBP`."""

    amount: int
    currency: str

    def __str__(self) -> str:
        places = PLACES.get(self.currency, 2)
        units, minor = divmod(abs(self.amount), 10**places)
        return f"{'-' if self.amount < 0 else ''}{units}{f'.{minor:0{places}}' if places else ''} {self.currency}"

    def times(self, quantity: int) -> Self:
        """So many of it."""
        return msgspec.structs.replace(self, amount=self.amount * quantity)

    def of(self, amount: int) -> Self:
        """Another amount of the same currency."""
        return msgspec.structs.replace(self, amount=amount)


def price(pointer: str, value: Money) -> Errors:
    """Whether this can be the price of something: nothing or more, not too much, of a currency there is."""
    errors: Errors = []
    if not 0 <= value.amount <= MOST:
        errors += error(f"{pointer}/amount", "out_of_range", f"{pointer[1:]} must be from 0 to {MOST} minor units.")
    if value.currency not in CURRENCIES:
        errors += error(f"{pointer}/currency", "unknown_currency", f"{value.currency[:8]!r} is not the ISO 4217 code of a currency.")
    return errors
