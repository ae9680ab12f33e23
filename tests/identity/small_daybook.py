"""A small Daybook with identity only: the log in memory, real cryptography (bcrypt at its lowest cost), a clock to be turned."""

import itertools
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from application.identity.session import LogIn, RefreshSession, SignedIn
from application.identity.typed import Typed
from application.identity.user import RegisterUser
from application.shared.command import Command
from application.shared.context import ANONYMOUS, Caller, Context
from application.shared.dispatch import Dispatch
from application.shared.outside import Outside
from application.shared.ports import Entry, Staged
from domain.identity.user import User
from domain.shared.event import Event
from infra.memory.attempts import MemoryAttempts
from infra.memory.log import MemoryLog
from infra.memory.mail import MemoryMail
from infra.memory.remains import MemoryRemains
from infra.security.passwords import BcryptPasswords
from infra.security.sealing import AesSealing
from infra.security.secret_keys import SubKeys
from infra.security.totp import PyotpCodes

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
GRACE = 10
LIFETIME = 30 * 86_400
PASSWORD = "a garden of forking paths"


async def no_pause(_: int) -> None:
    """Tests do not wait."""


class Identity:
    """What tests ask and look at."""

    def __init__(self, passwords: Any = None, log: Any = None) -> None:
        keys = SubKeys.of(b"s" * 32)
        self.time = NOON
        self.log = log or MemoryLog(now=lambda: self.time)
        self.sealing = AesSealing([b"m" * 32], keys.names)
        self.passwords = passwords or BcryptPasswords(keys.pepper, 4)
        self.settings = SimpleNamespace(
            registration_enabled=True,
            registration_privacy=False,
            email_blocked_domains="",
            refresh_lifetime=LIFETIME,
            refresh_grace_seconds=GRACE,
            session_idle=0,
            session_max_per_user=0,
        )
        self.mail, self.attempts, self.remains = MemoryMail(), MemoryAttempts(), MemoryRemains()
        self.ids = itertools.count(1)
        self.dispatch = Dispatch(
            log=self.log,
            sealing=self.sealing,
            passwords=self.passwords,
            new_id=self.new_id,
            pause=no_pause,
            settings=self.settings,
            outside=Outside(mail=self.mail, attempts=self.attempts, codes=PyotpCodes(), remains=self.remains),
        )

    def new_id(self) -> UUID:
        return UUID(int=next(self.ids))

    async def ask(self, command: Command, caller: Caller = ANONYMOUS) -> Any:
        return (await self.dispatch(command, Context(caller, self.new_id()))).result

    async def register(self, email: str = "ada@example.org", password: str = PASSWORD, **more: Any) -> SignedIn:
        return await self.ask(RegisterUser(email=email, name="Ada Lovelace", password=Typed(password), **more))

    async def log_in(self, email: str = "ada@example.org", password: str = PASSWORD) -> SignedIn:
        return await self.ask(LogIn(email=email, password=Typed(password)))

    async def refresh(self, token: str) -> SignedIn:
        return await self.ask(RefreshSession(refresh_token=token))

    async def record(self, user_id: UUID, event: Event) -> None:
        """Facts that no command of this issue brings about."""
        state, _ = await self.log.load(User, user_id)
        context = Context(ANONYMOUS, self.new_id())
        await self.log.append(Entry(context=context, decided_at=self.time, events=[Staged(user_id, state.version + 1, event)]))

    def later(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)

    def facts(self) -> list[str]:
        return [type(recorded.event).__name__ for recorded in self.log.recorded]
