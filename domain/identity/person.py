"""The rules of what a person types: e-mail, name, password. Each gives back what is kept, or refuses."""

import re
import unicodedata
from collections.abc import Callable, Iterable
from typing import Final

from domain.identity.errors import EmailBlocked, InvalidEmail, InvalidName, InvalidPassword, PasswordTooCommon

# As browsers judge <input type=email> (HTML Living Standard), and internationalised names on both sides (RFC 6531).
EMAIL: Final = re.compile(r"[^\s@\"(),:;<>\[\]\\]{1,64}@(?=.{1,253}$)[^\W_](?:[\w-]*[^\W_])?(?:\.[^\W_](?:[\w-]*[^\W_])?)*")
SHORTEST_PASSWORD: Final = 8
LONGEST_PASSWORD: Final = 128
LONGEST_EMAIL: Final = 254
LONGEST_NAME: Final = 200
PRODUCT: Final = "daybook"
"""Its name with little around it is a password that everybody guesses."""
ERASED: Final = "erased"
"""What stands for a personal field whose key was destroyed."""


def folded(email: str) -> str:
    """An e-mail as it is compared and kept: trimmed, composed (NFC) and case-folded. Does not judge."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", email.strip()).casefold())


def valid_email(text: str) -> str:
    """The e-mail in its folded form; raises `InvalidEmail`."""
    email = folded(text) if len(text) <= LONGEST_EMAIL else ""
    if len(email) > LONGEST_EMAIL or not EMAIL.fullmatch(email) or _has_controls(email):
        raise InvalidEmail("/email")
    return email


def valid_name(text: str) -> str:
    """The name, trimmed; raises `InvalidName`."""
    name = text.strip()
    if not 1 <= len(name) <= LONGEST_NAME or _has_controls(name):
        raise InvalidName("/name")
    return name


def must_be_welcome(email: str, blocked: Iterable[str]) -> None:
    """Raises `EmailBlocked` for a valid e-mail of a blocked domain or of one below it."""
    domain = email.rpartition("@")[2]
    if any(domain == one or domain.endswith(f".{one}") for one in blocked):
        raise EmailBlocked("/email")


def valid_password(text: str, is_listed: Callable[[str], bool], pointer: str = "/password") -> str:
    """The password exactly as typed, in no particular composition (NIST SP 800-63B, 3.1.1.2).

    `is_listed` knows the passwords that attackers try first. Raises `InvalidPassword`, `PasswordTooCommon`, naming the field.
    """
    if not SHORTEST_PASSWORD <= len(text) <= LONGEST_PASSWORD:
        raise InvalidPassword(pointer)
    plain = text.casefold()
    if is_listed(text) or (PRODUCT in plain and len(plain.replace(PRODUCT, "")) < SHORTEST_PASSWORD):
        raise PasswordTooCommon(pointer)
    return text


def _has_controls(text: str) -> bool:
    # Cc: control characters, NUL among them. Cs: lone surrogates, which cannot be written as UTF-8.
    return any(unicodedata.category(character) in {"Cc", "Cs"} for character in text)
