"""P2: appending through the store, beside the recorder of the `eventsourcing` library."""

from infra.bench.appending import SECONDS, one_process
from infra.bench.place import CLIENTS, Place
from infra.bench.row import Row, in_turn
from infra.eventsourcing.rival import record


def p2(place: Place) -> list[Row]:
    """64 clients here, 64 threads there; each has a process and a database of its own."""
    settings, theirs = place.settings(), place.database()
    place.say("P2: appends through the store and the eventsourcing library's recorder in turn")
    seconds = place.seconds(SECONDS)
    figures = in_turn(
        3, lambda: one_process(place, settings), lambda: float(place.run(record, url=theirs.owner_url, threads=CLIENTS, seconds=seconds))
    )
    return [
        Row.of(
            *figures,
            id="P2",
            what="append: 64 concurrent one-event commands",
            against="eventsourcing's Postgres recorder, 64 threads",
            unit="commands/s",
            reach=20,
        )
    ]
