"""The library's own recorder, unchanged, as a rival for `daybook bench`: 64 threads, one event each time."""

import json
import threading
import time
from uuid import uuid4

from eventsourcing.persistence import StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from psycopg.conninfo import conninfo_to_dict


def record(url: str, threads: int, seconds: float) -> float:
    """Events per second that so many threads record, each on a stream of its own, after a warm-up."""
    at = {name: str(value) for name, value in conninfo_to_dict(url).items()}
    datastore = PostgresDatastore(
        at["dbname"], at["host"], at["port"], at["user"], at["password"], pool_size=threads, max_overflow=0, max_waiting=threads
    )
    recorder = PostgresApplicationRecorder(datastore, events_table_name="stored_events")
    recorder.create_table()
    state = json.dumps({"title": "Replace the fan of rack 12", "owner": str(uuid4()), "priority": "high", "more": "x" * 40}).encode()
    counts = [0] * threads
    stop = threading.Event()

    def work(mine: int) -> None:
        while not stop.is_set():
            recorder.insert_events([StoredEvent(uuid4(), 1, "task.created", state)])
            counts[mine] += 1

    working = [threading.Thread(target=work, args=(mine,)) for mine in range(threads)]
    for one in working:
        one.start()
    time.sleep(seconds / 4)
    began, before = time.perf_counter(), sum(counts)
    time.sleep(seconds)
    rate = (sum(counts) - before) / (time.perf_counter() - began)
    stop.set()
    for one in working:
        one.join()
    datastore.close()
    return rate
