"""The identity routes in a small application: real guard, problems and tokens, the log in memory, no server."""

from types import ModuleType
from typing import Any

from litestar import Litestar
from litestar.datastructures import State
from litestar.di import Provide
from litestar.handlers import HTTPRouteHandler
from litestar.testing import AsyncTestClient

from api.identity import email, jwks, me, password, reauthentication, role, second_factor, session, user
from api.shared.access import guard
from api.shared.parts import Parts
from api.shared.problems import HANDLERS
from api.shared.querying import freshness
from application.audit.incidents import Incidents
from application.identity.api_key import NoteKeyUse
from application.identity.key_standing import KeyStanding
from application.identity.standing import Standing
from application.shared.context import SYSTEM, Context
from infra.memory.files import MemoryFiles
from infra.outside.openid import OpenIdProviders
from infra.security.idempotency import HttpKey
from projections.identity.person_keys import PersonKeys
from tests.identity.rows import Rows
from tests.identity.small_daybook import Identity
from tests.infra.doubles.forge import tokens

SECRET = b"i" * 32


def key(scope: str, given: str, method: str, path: str, body: bytes) -> HttpKey:
    return HttpKey(SECRET, scope, given, method=method, path=path, body=body)


def routes(*modules: ModuleType) -> list[HTTPRouteHandler]:
    return [value for module in modules for value in vars(module).values() if isinstance(value, HTTPRouteHandler)]


def client(identity: Identity) -> AsyncTestClient[Litestar]:
    known: Any = Parts(
        store=MemoryFiles(),
        dispatch=identity.dispatch,
        log=identity.log,
        tables=Rows(identity),
        caches=None,
        twins=None,
        past=None,
        tokens=tokens(),
        standing=Standing(identity.log),
        keys=KeyStanding(identity.log, identity.sealing, lambda key_id: identity.ask(NoteKeyUse(key_id=key_id), SYSTEM)),
        names=PersonKeys(identity.log, identity.sealing),
        sealing=identity.sealing,
        providers=OpenIdProviders({}, identity.log.now),
        incidents=Incidents(identity.dispatch, lambda _: Context(SYSTEM, identity.new_id()), identity.log.now),
        events=None,
        traces=None,
        job_files=None,
        key=key,
        new_id=identity.new_id,
        cursor_secret=b"c" * 32,
    )
    app = Litestar(
        routes(email, jwks, me, password, reauthentication, role, second_factor, session, user),
        guards=[guard],
        dependencies={"fresh": Provide(freshness, sync_to_thread=False)},
        exception_handlers=HANDLERS,
        state=State({"parts": known}),
        openapi_config=None,
        request_max_body_size=1_048_576,
    )
    return AsyncTestClient(app)
