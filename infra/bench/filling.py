"""A log with many events, written in bulk: tasks that were created, assigned, started and completed, four events each."""

from typing import Any, Final

import psycopg

FILL: Final = """
insert into events (position, stream_id, version, type, data, metadata, actor_id, recorded_at)
select p, stream, version, (array['task.created', 'task.assigned', 'task.started', 'task.completed'])[version],
       convert_to(case version
           when 1 then format('{"at":"%%s","owner_id":"%%s","title":"Replace the fan of rack %%s","description":"%%s","priority":"high"}',
                              at, owner, p, repeat('It is loud. ', 5))
           when 2 then format('{"at":"%%s","node_id":"%%s","token":2}', at, owner)
           when 3 then format('{"at":"%%s"}', at)
           else format('{"at":"%%s","from_status":"in_progress"}', at) end, 'UTF8'),
       convert_to(format('{"command_id":"%%s","schema":1,"trace_id":"%%s"}', gen_random_uuid(), md5(p::text)), 'UTF8'), owner, now()
from generate_series(%(after)s::bigint + 1, %(upto)s::bigint) p,
     lateral (select ((p - 1) %% 4 + 1)::int as version, md5(((p - 1) / 4)::text) as random,
                     to_char(now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at) a,
     lateral (select (lpad(to_hex((p - 1) / 4), 12, '0') || '7' || substr(random, 1, 3) || '8' || substr(random, 4, 15))::uuid as stream,
                     ('00000000-0000-7000-8000-' || lpad(to_hex((p - 1) / 4 %% 100), 12, '0'))::uuid as owner) b"""
PIECE: Final = 250_000


def fill_log(connection: "psycopg.Connection[Any]", events: int) -> None:
    """Fill an empty log. `connection` is the owner's."""
    for after in range(0, events, PIECE):
        connection.execute(FILL, {"after": after, "upto": min(after + PIECE, events)})
    connection.execute("vacuum (freeze, analyze) events")
    connection.execute("checkpoint")
