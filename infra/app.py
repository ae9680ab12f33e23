"""The composition root: every context's modules are imported, and the parts of a process are put together."""

import asyncio
import pkgutil
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Any
from uuid import UUID

import msgspec
import uuid_utils.compat as uuid_utils
from redis.asyncio import Redis

import application
import domain
import projections
from application.identity.typed import Typed
from application.identity.user import EnsureAdmin
from application.shared.context import SYSTEM, Context
from application.shared.dispatch import Dispatch
from application.shared.outside import Outside
from infra.outside.file_store import store_of
from infra.outside.local_files import LocalFiles
from infra.outside.mail_roads import Post, mail_of
from infra.outside.openid import OpenIdProviders
from infra.outside.openid_settings import read_providers
from infra.outside.s3_files import S3Files
from infra.postgres.log import PostgresLog
from infra.postgres.log_reader import LogReader
from infra.postgres.remains import PostgresRemains
from infra.projection.deadline_model import register_deadlines
from infra.redis.attempts import RedisAttempts
from infra.redis.clients import client
from infra.security.passwords import BcryptPasswords
from infra.security.sealing import AesSealing
from infra.security.totp import PyotpCodes
from infra.settings import Settings


def import_contexts() -> None:
    """Import every module of the contexts: importing is what registers events, handlers, reactions and read models."""
    for package in (domain, application, projections):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            import_module(module.name)
    register_deadlines()


import_contexts()


def new_id() -> UUID:
    """A UUIDv7."""
    return uuid_utils.uuid7()


async def pause(attempt: int) -> None:
    """Before deciding again: a moment, longer each time, never the same for two."""
    await asyncio.sleep(random.uniform(0, min(0.001 * 2**attempt, 0.1)))  # noqa: S311 — jitter, not a secret.


class System(msgspec.Struct, frozen=True):
    """What every process of a running system has."""

    settings: Settings
    me: UUID
    log: PostgresLog
    reader: LogReader
    redis: Redis
    sealing: AesSealing
    passwords: BcryptPasswords
    dispatch: Dispatch
    providers: OpenIdProviders
    store: LocalFiles | S3Files
    mail: Post

    def context(self, **more: Any) -> Context:
        """The context of a command that Daybook itself gives."""
        return Context(SYSTEM, new_id(), **more)


@asynccontextmanager
async def system(settings: Settings, *, readers: int | None = None) -> AsyncIterator[System]:
    """Open the parts of one process; closes them in the right order, writing what was accepted."""
    log = PostgresLog(settings.database_url, readers=readers or settings.database_connections)
    redis = client(settings.redis_url)
    sealing, passwords = AesSealing.read(settings), BcryptPasswords.read(settings)
    mail = mail_of(settings)
    store = store_of(settings)
    outside = Outside(
        mail=mail,
        attempts=RedisAttempts(redis, sealing),
        codes=PyotpCodes(),
        remains=PostgresRemains(log.readers),
        store=store,
    )
    dispatch = Dispatch(log=log, sealing=sealing, passwords=passwords, new_id=new_id, pause=pause, settings=settings, outside=outside)
    providers = OpenIdProviders(read_providers(settings), log.now)
    try:
        await log.start()
        yield System(settings, new_id(), log, LogReader(log.readers), redis, sealing, passwords, dispatch, providers, store, mail)
    finally:
        await log.stop()
        await redis.aclose()
        await providers.close()
        await store.close()
        passwords.stop()


def ensure_admin(settings: Settings) -> bool:
    """Make the first administrator of the settings unless there is one; whether it did."""

    async def make() -> bool:
        async with system(settings, readers=1) as parts:
            wish = EnsureAdmin(email=settings.admin_email, password=Typed(settings.admin_password))
            outcome = await parts.dispatch(wish, parts.context())
            return bool(outcome.result.made)

    return asyncio.run(make())
