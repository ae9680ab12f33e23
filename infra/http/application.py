"""The API put together: every route there is, behind one guard, with problems for every error and its document."""

from datetime import timedelta
from typing import Final
from uuid import UUID

import msgspec
import psycopg
from litestar import Litestar
from litestar.datastructures import State
from litestar.di import Provide
from litestar.openapi.spec import Components, Contact, License, SecurityScheme
from psycopg_pool import PoolClosed, PoolTimeout
from redis.exceptions import RedisError

from api.shared.access import guard
from api.shared.health import Health, health_routes
from api.shared.limits import Policy, policies
from api.shared.parts import Parts, Rules
from api.shared.problems import HANDLERS, on_unavailable
from api.shared.querying import freshness
from api.shared.routes import find_routes, find_sockets
from application.audit.incidents import Incidents
from application.identity.api_key import NoteKeyUse
from application.identity.key_standing import KeyStanding
from application.identity.standing import Standing
from infra.app import System, new_id
from infra.broker.follower import Follower
from infra.http.cross_origin import cross_origin
from infra.http.description import DocumentConfig
from infra.http.documents import document_plugins, document_router, document_routes
from infra.http.link_pages import link_pages
from infra.http.summing_up import summing_up
from infra.http.unsubscribe_page import unsubscribe_pages
from infra.jobs.files import JobFolder
from infra.outside.scanner import scanner_of
from infra.postgres.event_log import PostgresEventLog
from infra.postgres.tables import PostgresTables
from infra.postgres.traces import PostgresTraces
from infra.projection.as_of import LogPast
from infra.redis.caches import RedisCaches
from infra.redis.limits import RedisLimits
from infra.redis.progress import Progress
from infra.redis.registry import RedisRegistry
from infra.redis.tickets import RedisTickets
from infra.redis.twins import RedisTwins
from infra.security.idempotency import HttpKey
from infra.security.key_ring import followed
from infra.security.secret_keys import SubKeys
from infra.security.tokens import RsaTokens
from infra.security.webhook_signatures import WebhookSignatures
from infra.settings import Settings
from projections.identity.person_keys import PersonKeys

AWAY: Final = (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout, PoolClosed, RedisError, TimeoutError, ConnectionError)
"""What drivers raise when their server is away; everything else they raise is a mistake of ours."""


DEVELOPMENT: Final = "http://localhost:3000,http://localhost:4200,http://localhost:5173,http://localhost:8080"
"""Where pages are served from that somebody is just writing."""


def rules(settings: Settings) -> Rules:
    """The settings that routes know."""
    usual = DEVELOPMENT if settings.env == "development" else ""
    origins = tuple(origin.strip() for origin in (settings.cors_origins or usual).split(",") if origin.strip())
    return Rules(
        require_if_match=settings.require_if_match,
        batch_max=settings.batch_max,
        list_unbounded_max=settings.list_unbounded_max,
        max_request_size=settings.max_request_size,
        import_size_limit=settings.import_size_limit,
        file_size_limit=settings.file_size_limit,
        file_quota=settings.file_quota,
        step_up_seconds=settings.step_up_lifetime,
        cors_origins=origins,
        catalogue_max_age=settings.catalogue_max_age,
        address=settings.address,
    )


def policies_of(settings: Settings) -> dict[str, Policy]:
    """The rate limits of a system."""
    return policies(settings.rate_limits, window=settings.throttler_ttl, floor=settings.throttler_limit)


def parts_of(system: System, progress: Progress) -> Parts:
    """What routes may use."""
    keys = SubKeys.read(system.settings)
    tables = PostgresTables(system.log.reads, progress)

    async def newest_of(actor: UUID | None) -> tuple[int, int]:
        """Positions of the caller's newest event and of the log's."""
        query = """select coalesce((select position from events where actor_id = %b order by position desc limit 1), 0),
                          coalesce((select max(position) from events), 0)"""
        ((own, head),) = await system.log.reads(query, actor)
        return own, head

    async def head() -> tuple[UUID, int]:
        """Which log this is, and its newest position."""
        ((log_id, position),) = await system.log.reads("select log_id, coalesce((select max(position) from events), 0) from log_identity")
        return log_id, position

    def key(scope: str, text: str, method: str, path: str, body: bytes) -> HttpKey:
        return HttpKey(keys.idempotency, scope, text, method=method, path=path, body=body)

    return Parts(
        dispatch=system.dispatch,
        log=system.log,
        tables=tables,
        caches=RedisCaches(system.redis, progress, newest_of),
        twins=RedisTwins(system.redis, system.log.reads, tables),
        past=LogPast(system.reader),
        tokens=RsaTokens.read(system.settings, system.log, system.sealing),
        standing=Standing(system.log, RedisRegistry(system.redis, head), idle=timedelta(seconds=system.settings.session_idle) or None),
        keys=KeyStanding(system.log, system.sealing, lambda key_id: system.dispatch(NoteKeyUse(key_id=key_id), system.context())),
        names=PersonKeys(system.log, system.sealing),
        sealing=system.sealing,
        providers=system.providers,
        incidents=Incidents(system.dispatch, lambda trace_id: system.context(trace_id=trace_id), system.log.now),
        events=PostgresEventLog(system.log.reads),
        traces=PostgresTraces(system.log.readers),
        job_files=JobFolder(system.settings.jobs_at),
        key=key,
        store=system.store,
        scanner=scanner_of(system.settings),
        new_id=new_id,
        cursor_secret=keys.cursors,
        rules=rules(system.settings),
        signatures=WebhookSignatures.read(system.settings),
        limits=RedisLimits(system.redis, policies_of(system.settings), system.sealing),
        feed=Follower(system.settings.broker, system.reader),
        tickets=RedisTickets(system.redis, system.sealing),
    )


def application(parts: Parts, health: Health) -> Litestar:
    """The API."""
    bearer = SecurityScheme(type="http", scheme="bearer", bearer_format="JWT", description="An access token from login, refresh or register.")
    api_key = SecurityScheme(type="apiKey", name="X-API-Key", security_scheme_in="header", description="A key from /api/v1/api-keys.")
    document = DocumentConfig(
        title="Daybook",
        version="1.0.0",
        summary="Assignment of work with a history that can be proved.",
        description="Errors are problem documents (RFC 9457) with a stable `code`; commands take an `Idempotency-Key`.",
        contact=Contact(name="Daybook"),
        license=License(name="MIT", identifier="MIT"),
        components=Components(security_schemes={"bearer": bearer, "api_key": api_key}),
        security=[{"bearer": []}, {"api_key": []}],
        openapi_router=document_router(),
        render_plugins=document_plugins(),
        use_handler_docstrings=True,
    )
    made = Litestar(
        [*find_routes(), *find_sockets(), *health_routes(health), *document_routes(), *link_pages(), *unsubscribe_pages()],
        state=State({"parts": parts}),
        lifespan=[summing_up(parts.incidents), lambda _: followed(parts.tokens)],
        guards=[guard],
        dependencies={"fresh": Provide(freshness, sync_to_thread=False)},
        exception_handlers={**HANDLERS, **dict.fromkeys(AWAY, on_unavailable)},
        openapi_config=document,
        request_max_body_size=parts.rules.max_request_size,
        type_encoders={msgspec.Raw: bytes},
        logging_config=None,
        debug=False,
    )
    return cross_origin(made, parts.rules.cors_origins)
