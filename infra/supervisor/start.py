"""`up`: from nothing to a system that answers, in the order that costs the least time."""

import secrets
import signal
import socket
from collections.abc import Callable, Sequence
from importlib import import_module
from types import FrameType
from typing import Final

import msgspec

from api.shared.limits import USUAL
from infra.local.program import free_port
from infra.local.secrets import all_secrets
from infra.local.servers import Servers
from infra.local.state import SYSTEM, LocalProblem, State
from infra.processes import PROCESSES, Process
from infra.processes.memory import share_memory
from infra.settings import Settings, given, read_settings
from infra.supervisor.child import Child, reachable
from infra.supervisor.fork import Apart
from infra.supervisor.log import Log
from infra.supervisor.supervisor import GRACE, Supervisor

ADMIN: Final = "admin.json"
LATER: Final = {
    "DATABASE_URL": "postgresql://", "REDIS_URL": "redis://", "MASTER_KEY": "?", "SECRET_KEY": "?", "JWT_PRIVATE_KEYS": "?",
}  # fmt: skip
"""Stands for what is only known once the servers run, so that a wrong environment is refused before anything is started."""
DEFAULT_EMAIL: Final = "admin@daybook.local"


class Admin(msgspec.Struct, frozen=True):
    """How the first administrator signs in."""

    email: str
    password: str


class Application(msgspec.Struct, frozen=True):
    """What is started: its processes, and the two things to do before it can be used. Tests put a small one here."""

    processes: Sequence[Process]
    migrate: Callable[[str], object]
    """Bring the database at this address (the owner's) up to this code."""
    ensure_admin: Callable[[Settings], bool]
    """Make `admin_email` an administrator unless there is one; whether it did."""


class Screen(msgspec.Struct, frozen=True):
    """How `up` talks: one line at a time, and once, when everything answers, the screen that a person waits for."""

    say: Callable[[str], None]
    doing: Callable[[Sequence[Child]], None]
    """Called every second: what each process is doing now."""
    ready: Callable[[Supervisor, str, str, Admin | None], None]
    """Children, public address, where the data is, and the administrator if it was made just now."""


def daybook() -> Application:
    """The real application; importing it is what takes long, so it happens while the servers start."""
    for process in PROCESSES:
        import_module(process.module)
    from infra.app import ensure_admin
    from infra.postgres.migrate import migrate

    return Application(PROCESSES, migrate, ensure_admin)


def up(state: State, port: int | None, screen: Screen, load: Callable[[], Application] = daybook) -> None:
    """Run everything until SIGINT or SIGTERM. Raises `LocalProblem`, with nothing left running, when something is in the way."""
    state.open()
    if not state.lock():
        raise LocalProblem(f"`daybook up` already runs in this clone ({state.folder}): use it, or stop it first")
    supervisor: Supervisor | None = None
    _hear(_interrupt)
    servers = Servers(state)
    try:
        planned = read_settings(beneath=LATER)
        _must_be_free(port or planned.port, planned.host)
        servers.begin()
        kept = all_secrets(state)
        application = load()
        beneath = {name.upper(): str(value) for name, value in msgspec.to_builtins(kept).items()} | servers.finish()
        if given("THROTTLER_LIMIT") is None:
            beneath["RATE_LIMITS"] = ",".join(f"{name}=100000/60" for name in USUAL)  # Nobody meets limits on a machine of their own.
        settings, admin, admin_is_new = _settle(state, read_settings(beneath=beneath), port)
        share_memory()
        setup = state.logs / "setup.log"
        Apart(lambda: bool(application.migrate(settings.owner_url)), setup).result()
        made = Apart(lambda: application.ensure_admin(settings), setup)
        supervisor = _supervisor(state, servers, application, settings, screen)
        supervisor.start()
        created = made.result()
        if admin_is_new and not created:
            (state.folder / ADMIN).unlink(missing_ok=True)
        supervisor.wait_until_ready()
        screen.ready(supervisor, _url(settings), servers.describe(), admin if created else None)
        supervisor.watch()
    except KeyboardInterrupt:
        screen.say("stopping …")
    finally:
        _hear(lambda *_: supervisor.hurry() if supervisor else None)
        if supervisor is None:
            servers.stop(GRACE[2])
        else:
            supervisor.stop()


def _settle(state: State, settings: Settings, port: int | None) -> tuple[Settings, Admin, bool]:
    """The settings of the children, the administrator to be, and whether that one was made up just now."""
    admin, known = Admin(settings.admin_email, settings.admin_password), state.read(ADMIN, Admin)
    if not admin.email or not admin.password:
        known_password = known.password if known and admin.email in ("", known.email) else ""
        known_email = known.email if known else DEFAULT_EMAIL
        admin = Admin(admin.email or known_email, admin.password or known_password or secrets.token_urlsafe(15))
    if known is None:
        state.write(ADMIN, admin)
    settled = msgspec.structs.replace(
        settings,
        port=port or settings.port,
        admin_email=admin.email,
        admin_password=admin.password,
        files_folder=settings.files_folder or str(state.folder / "files"),
        shutdown_timeout=min(settings.shutdown_timeout, GRACE[1] - 0.5),
    )
    names = (
        "database_url", "migration_database_url", "redis_url", "broker_url", "master_key", "secret_key", "jwt_private_keys", "port", "files_folder",
    )  # fmt: skip
    state.write(SYSTEM, {name.upper(): str(getattr(settled, name)) for name in names})
    return settled, admin, known is None


def _supervisor(state: State, servers: Servers, application: Application, settings: Settings, screen: Screen) -> Supervisor:
    children = [
        Child(process, settings, settings.port if process.public else free_port(), Log(state.logs / f"{process.name}.log"))
        for process in application.processes
    ]
    return Supervisor(state, servers, children, url=_url(settings), say=screen.say, doing=screen.doing)


def _url(settings: Settings) -> str:
    host = reachable(settings.host)
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"


def _must_be_free(port: int, host: str) -> None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise LocalProblem(f"port {port} on {host} cannot be used ({error.strerror}): choose another with --port") from None


def _hear(handler: Callable[[int, FrameType | None], object]) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, handler)
    signal.signal(signal.SIGCHLD, lambda *_: None)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
