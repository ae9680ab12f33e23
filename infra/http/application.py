"""The API put together: every route there is, behind one guard, with problems for every error and its document."""

from typing import Final
from uuid import UUID

import msgspec
import psycopg
from litestar import Litestar
from litestar.config.cors import CORSConfig
from litestar.datastructures import State
from litestar.di import Provide
from litestar.openapi.spec import Components, Contact, License, SecurityScheme
from psycopg_pool import PoolClosed, PoolTimeout
from redis.exceptions import RedisError

from api.shared.access import guard
from api.shared.health import Health, health_routes
from api.shared.parts import Parts, Rules
from api.shared.problems import HANDLERS, on_unavailable
from api.shared.querying import freshness
from api.shared.routes import find_routes
from application.identity.standing import Standing
from infra.app import System, new_id
from infra.http.description import DocumentConfig
from infra.http.documents import document_plugins, document_router, document_routes
from infra.postgres.tables import PostgresTables
from infra.redis.caches import RedisCaches
from infra.redis.progress import Progress
from infra.security.idempotency import HttpKey
from infra.security.secret_keys import SubKeys
from infra.security.tokens import RsaTokens
from infra.settings import Settings
from projections.identity.person_keys import PersonKeys

AWAY: Final = (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout, PoolClosed, RedisError, TimeoutError, ConnectionError)
"""What drivers raise when their server is away; everything else they raise is a mistake of ours."""


def rules(settings: Settings) -> Rules:
    """The settings that routes know."""
    origins = tuple(origin.strip() for origin in settings.cors_origins.split(",") if origin.strip())
    return Rules(settings.require_if_match, settings.batch_max, settings.list_unbounded_max, settings.max_request_size, origins)


def parts_of(system: System, progress: Progress) -> Parts:
    """What routes may use."""
    keys = SubKeys.read(system.settings)

    async def newest_of(actor: UUID | None) -> tuple[int, int]:
        """Positions of the caller's newest event and of the log's."""
        query = """select coalesce((select position from events where actor_id = %b order by position desc limit 1), 0),
                          coalesce((select max(position) from events), 0)"""
        ((own, head),) = await system.log.reads(query, actor)
        return own, head

    def key(scope: str, text: str, method: str, path: str, body: bytes) -> HttpKey:
        return HttpKey(keys.idempotency, scope, text, method=method, path=path, body=body)

    return Parts(
        dispatch=system.dispatch,
        log=system.log,
        tables=PostgresTables(system.log.reads, progress),
        caches=RedisCaches(system.redis, progress, newest_of),
        tokens=RsaTokens.read(system.settings),
        standing=Standing(system.log),
        names=PersonKeys(system.log, system.sealing),
        key=key,
        new_id=new_id,
        cursor_secret=keys.cursors,
        rules=rules(system.settings),
    )


def application(parts: Parts, health: Health) -> Litestar:
    """The API."""
    bearer = SecurityScheme(type="http", scheme="bearer", bearer_format="JWT", description="An access token from login, refresh or register.")
    document = DocumentConfig(
        title="Daybook",
        version="1.0.0",
        summary="Assignment of work with a history that can be proved.",
        description="Errors are problem documents (RFC 9457) with a stable `code`; commands take an `Idempotency-Key`.",
        contact=Contact(name="Daybook"),
        license=License(name="MIT", identifier="MIT"),
        components=Components(security_schemes={"bearer": bearer}),
        security=[{"bearer": []}],
        openapi_router=document_router(),
        render_plugins=document_plugins(),
        use_handler_docstrings=True,
    )
    return Litestar(
        [*find_routes(), *health_routes(health), *document_routes()],
        state=State({"parts": parts}),
        guards=[guard],
        dependencies={"fresh": Provide(freshness, sync_to_thread=False)},
        exception_handlers={**HANDLERS, **dict.fromkeys(AWAY, on_unavailable)},
        openapi_config=document,
        cors_config=_cross_origin(parts.rules.cors_origins),
        request_max_body_size=parts.rules.max_request_size,
        type_encoders={msgspec.Raw: bytes},
        logging_config=None,
        debug=False,
    )


def _cross_origin(origins: tuple[str, ...]) -> CORSConfig | None:
    """Pages of these origins may call; whoever lists `*` gets no credentials with it."""
    if not origins:
        return None
    shown = ["ETag", "Location", "Link", "Retry-After", "Daybook-Position", "Daybook-Stale", "Idempotent-Replayed", "X-Request-Id", "traceparent"]
    exact = not any("*" in origin for origin in origins)
    return CORSConfig(allow_origins=list(origins), allow_credentials=exact, expose_headers=shown, max_age=86_400)
