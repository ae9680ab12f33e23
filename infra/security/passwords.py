"""Passwords: bcrypt over a peppered digest, in threads of their own, and the list of those an attacker tries first."""

import asyncio
import hashlib
import hmac
import os
import sys
import threading
from base64 import b64encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib.resources import files
from typing import Final, Self, TypeVar

import bcrypt

from domain.identity.errors import InvalidPassword
from domain.identity.person import valid_password
from domain.shared.refused import Overloaded
from infra.security.secret_keys import SubKeys
from infra.settings import Settings

T = TypeVar("T")
THREADS: Final = max(2, (os.cpu_count() or 2) // 2)
WAITING: Final = 64
"""Passwords that may wait; with cost 12 on two cores the last of them waits about 8 s."""


class BcryptPasswords:
    """The `Passwords` port. bcrypt reads 72 bytes and stops at NUL, so it is given base64(HMAC-SHA-384(pepper, password)):
    64 characters that depend on the whole password, and useless to whoever has the database without the pepper.
    """

    def __init__(self, pepper: bytes, cost: int) -> None:
        self._pepper = pepper
        self._cost = cost
        # What an account that does not exist is compared with: made by the same work, known by no password.
        self._nobody = bcrypt.hashpw(b64encode(os.urandom(48)), bcrypt.gensalt(cost))
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="password", initializer=_step_back)
        self._waiting = 0

    @classmethod
    def read(cls, settings: Settings) -> Self:
        """With the pepper and cost of this process; raises `BadSettings`."""
        return cls(SubKeys.read(settings).pepper, settings.bcrypt_cost)

    async def hash(self, password: str) -> bytes:
        """A salted hash; raises `Overloaded`."""
        return await self._slowly(lambda: bcrypt.hashpw(self._digest(password), bcrypt.gensalt(self._cost)))

    async def verify(self, password: str, hashed: bytes | None) -> bool:
        """Whether the password fits; false, after the same work, when there is no hash. Raises `Overloaded`."""
        fits = await self._slowly(lambda: bcrypt.checkpw(self._digest(password), hashed or self._nobody))
        return fits and hashed is not None

    def is_common(self, password: str) -> bool:
        """Whether the password is on the list, in any case."""
        return password.casefold() in common_passwords()

    def needs_rehash(self, hashed: bytes) -> bool:
        """Whether the hash was made at another cost than today's: `$2b$12$…` is one of cost 12."""
        return hashed.split(b"$")[2:3] != [b"%02d" % self._cost]

    def stop(self) -> None:
        """Let hashes that are being computed end."""
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _digest(self, password: str) -> bytes:
        return b64encode(hmac.digest(self._pepper, password.encode("utf-8", "surrogatepass"), hashlib.sha384))

    async def _slowly(self, work: Callable[[], T]) -> T:
        if self._waiting >= WAITING:
            raise Overloaded("Too many passwords are being checked; try again soon.")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._waiting -= 1


def _step_back() -> None:
    """Where threads have priorities of their own (Linux), let everything else of this process go first."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)


def weak_admin(settings: Settings) -> list[str]:
    """What is wrong with the password of the first administrator, where strangers can try it."""
    if settings.env != "production" or not settings.admin_password:
        return []
    try:
        valid_password(settings.admin_password, lambda text: text.casefold() in common_passwords())
    except InvalidPassword as refused:
        return [f"ADMIN_PASSWORD cannot be used: {refused.title()}"]
    return []


@cache
def common_passwords() -> frozenset[str]:
    """Passwords of eight characters and more that stand at the top of every list of leaked ones, case-folded."""
    text = (files("infra.security") / "common_passwords.txt").read_text("utf-8")
    return frozenset(line for line in text.splitlines() if line and not line.startswith("#"))
