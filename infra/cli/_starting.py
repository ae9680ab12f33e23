"""What the commands that run one process have in common: settings that are complete, and a port that is free."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from infra.app import System
    from infra.settings import Settings


def process_settings() -> "Settings":
    """The settings of a process started by hand or by a container: the environment, else the system that `up` keeps in this clone.

    Raises `BadSettings` with a line for each setting that is missing, and for each secret that no one should rely on.
    """
    from infra.local.state import SYSTEM, current_settings, here
    from infra.outside.openid_settings import read_providers
    from infra.security.passwords import weak_admin
    from infra.security.secret_keys import SubKeys, master_keys, weak_keys
    from infra.security.signing_keys import read_signing_keys
    from infra.settings import BadSettings, given, read_settings

    # A named database comes with secrets of its own: those of this clone would open nothing in it.
    local = given("DATABASE_URL") is None and here().read(SYSTEM, dict[str, str]) is not None
    settings = current_settings() if local else read_settings()
    problems = []
    for check in (master_keys, SubKeys.read, lambda found: read_signing_keys(found.jwt_private_keys), read_providers):
        try:
            check(settings)
        except BadSettings as problem:
            problems.append(str(problem))
    problems += weak_admin(settings) + ([] if problems else weak_keys(settings))
    if problems:
        raise BadSettings("\n".join(problems))
    return settings


def with_system(work: "Callable[[System], Awaitable[None]]") -> None:
    """Do something in the system this clone or the environment names; raises `LocalProblem` where that is refused.

    The system need not run, but its database must.
    """
    import asyncio

    import psycopg

    from domain.shared.refused import Refused
    from infra.app import system
    from infra.local.state import LocalProblem

    settings = process_settings()

    async def run() -> None:
        async with system(settings, readers=1) as parts:
            await work(parts)

    try:
        asyncio.run(run())
    except Refused as refused:
        raise LocalProblem(refused.detail.rstrip(".")) from None
    except (psycopg.Error, OSError) as error:
        raise LocalProblem(f"the database cannot be reached: {str(error).strip().splitlines()[0]}") from None


def must_be_free(host: str, port: int) -> None:
    """Raises `LocalProblem` when nobody can listen there, before anything else is started."""
    import socket

    from infra.local.state import LocalProblem

    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise LocalProblem(f"port {port} on {host} cannot be used ({error.strerror or error}): choose another") from None


def run_process(name: str, port: int) -> None:
    """Run one of the processes that are not the API, with its health on `port`, until SIGTERM."""
    from importlib import import_module

    from infra.processes import PROCESSES

    settings = process_settings()
    must_be_free(settings.host, port)
    module = next(process.module for process in PROCESSES if process.name == name)
    import_module(module).main(settings, port)
