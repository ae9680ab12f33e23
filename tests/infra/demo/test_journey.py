"""`daybook demo` on a running system: it plays, it proves, it does nothing twice, and it goes on after any end."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
import redis

from infra.demo.log import by_ticket, read_log
from infra.demo.step import Step
from infra.demo.story import Story
from infra.demo.team_story import TeamStory
from infra.local.program import free_port
from infra.local.state import CLONE
from projections.tasks.task_board import TASK_BOARD
from projections.tasks.task_counts import TASK_COUNTS
from projections.tasks.task_history import TASK_HISTORY
from tests.eventually import until
from tests.servers import Database

pytestmark = pytest.mark.server
PROGRAM = """
import sys
from pathlib import Path
import infra.local.state
infra.local.state.CLONE = Path(sys.argv.pop(1))
from infra.__main__ import main
main()
"""
"""The command line, in a clone of its own."""


class Clone:
    """One clone in which `up` runs."""

    def __init__(self, folder: Path, database: Database, redis_url: str) -> None:
        self.folder = folder
        self.database = database
        self.environment = os.environ | {
            "PYTHONPATH": str(CLONE), "DATABASE_URL": database.owner_url, "REDIS_URL": redis_url, "BCRYPT_COST": "4",
            "ADMIN_EMAIL": "ada@example.org", "ADMIN_PASSWORD": "a garden of forking paths",
        }  # fmt: skip
        folder.mkdir()
        (folder / "pyproject.toml").touch()

    def start(self, *words: str, **more: Any) -> subprocess.Popen[bytes]:
        with (self.folder / "said").open("ab") as said:
            return subprocess.Popen(
                [sys.executable, "-c", PROGRAM, str(self.folder), *words], cwd=self.folder, env=self.environment, stderr=said, **more
            )

    def demo(self, *words: str) -> tuple[int, dict[str, Any]]:
        """Exit code and what it told as JSON."""
        run = self.start("demo", "--json", *words, stdout=subprocess.PIPE)
        told, _ = run.communicate(timeout=60)
        assert told, (self.folder / "said").read_text()[-2000:]
        return run.returncode, json.loads(told)

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.database.super_url, autocommit=True) as connection:
            done = connection.execute(statement)
            return done.fetchall() if done.description else []

    @contextmanager
    def as_admin(self) -> Iterator[httpx.Client]:
        url = json.loads((self.folder / ".daybook" / "running.json").read_bytes())["url"]
        who = {"email": self.environment["ADMIN_EMAIL"], "password": self.environment["ADMIN_PASSWORD"]}
        with httpx.Client(base_url=url) as http:
            http.headers["authorization"] = f"Bearer {http.post('/api/v1/auth/login', json=who).json()['access_token']}"
            yield http

    def events(self) -> int:
        """How many things have happened to tasks."""
        return int(self.sql("select count(*) from daybook.events where type like 'task.%'")[0][0])


@pytest.fixture(scope="module")
def clone(module_database, servers, tmp_path_factory) -> Iterator[Clone]:
    made = Clone(tmp_path_factory.mktemp("demo") / "clone", module_database, servers.empty_redis())
    with (made.folder / "screen").open("wb") as screen:
        up = made.start("up", "--port", str(free_port()), stdout=screen)
    until(lambda: b"Ctrl-C stops everything" in (made.folder / "screen").read_bytes() or up.poll() is not None, 40, "the screen")
    assert up.poll() is None, (made.folder / "said").read_text()
    yield made
    up.send_signal(signal.SIGTERM)
    up.wait(15)


def steps_of(kind: type[Story], lines: int) -> list[Step]:
    last = lines + 1
    tickets = by_ticket(read_log()).values()
    return [step for ticket in tickets for told in kind(ticket).told if told.line <= last for step in told.steps if not step.refusal]


def steps_up_to(lines: int) -> int:
    """How many things happen to tasks up to a line."""
    return sum(step.events for kind in (Story, TeamStory) for step in steps_of(kind, lines))


def test_the_log_is_played_and_what_is_shown_agrees_with_it(clone):
    code, told = clone.demo("--limit", "300", "--refused", "refused.tsv")
    played = told["played"]
    assert (code, told["agrees"], told["differences"], told["verified"]) == (0, True, [], True)
    assert [(each["line"], each["code"]) for each in played["refused"]] == [(289, "not_found"), (290, "not_found")]
    assert played["unexpected"] == []
    assert played["accepted"] + played["nothing_new"] + len(played["refused"]) == 300
    assert played["commands"] == len(steps_of(Story, 300))
    assert clone.events() == steps_up_to(300)
    assert (clone.folder / "refused.tsv").read_text().count("\n") == 3
    team = told["team"]
    assert (team["commands"], team["refused"], team["unexpected"]) == (len(steps_of(TeamStory, 300)), [], [])
    assert team["accepted"] + team["nothing_new"] == 300
    assert sum(project["tasks"] for project in told["projects"]) == told["tickets"]
    assert sum(project["overdue"] for project in told["projects"]) > 0


def test_playing_it_again_days_later_does_nothing_twice(clone):
    before = clone.events()
    clone.sql("delete from daybook.http_keys")  # They are kept for 24 hours.
    code, told = clone.demo("--limit", "300")
    assert (code, told["played"]["accepted"], told["played"]["commands"]) == (0, 0, 0)
    assert told["played"]["already"] > 200
    assert clone.events() == before


@pytest.mark.parametrize(("number", "limit"), [(signal.SIGINT, 550), (signal.SIGKILL, 800)], ids=["interrupted", "killed"])
def test_a_run_that_ended_anywhere_is_gone_on_with(clone, number, limit):
    before = clone.events()
    run = clone.start("demo", "--json", "--limit", str(limit), stdout=subprocess.PIPE)
    until(lambda: clone.events() > before + 40 or run.poll() is not None, 30, "a few steps")
    run.send_signal(number)
    told, _ = run.communicate(timeout=20)
    if number == signal.SIGINT:
        assert run.returncode == 130
        assert json.loads(told)["differences"] is None
    assert before + 40 < clone.events() < steps_up_to(limit)
    code, then = clone.demo("--limit", str(limit))
    assert (code, then["agrees"]) == (0, True)
    assert clone.events() == steps_up_to(limit)


def test_a_task_that_was_deleted_is_played_anew_though_its_keys_are_still_known(clone):
    lines = read_log()
    early = {line.ticket for line in lines[:300]}
    ticket = next(line.ticket for line in lines[300:] if line.ticket not in early)
    task = clone.sql(f"select id from read_models.{TASK_BOARD.table}_b1 where external_id = '{ticket}'")[0][0]
    with clone.as_admin() as http:
        assert http.delete(f"/api/v1/tasks/{task}").status_code == 204
    code, told = clone.demo("--limit", "550")
    assert (code, told["played"]["unexpected"]) == (0, [])
    assert told["played"]["accepted"] > 0


def test_what_is_shown_otherwise_than_the_log_says_is_told_and_ends_with_1(clone):
    def task(ticket: str) -> Any:
        return clone.sql(f"select id from read_models.{TASK_BOARD.table}_b1 where external_id = '{ticket}' and not deleted")[0][0]

    with clone.as_admin() as http:
        assert http.post(f"/api/v1/tasks/{task('Case 2748')}/notes", json={"note": "Not of the log."}).status_code == 200
    clone.sql(f"update read_models.{TASK_BOARD.table}_b1 set priority = 'low' where external_id = 'Case 4284'")
    clone.sql(f"update read_models.{TASK_HISTORY.table}_b1 set performed_by = 'nobody' where task_id = '{task('Case 1534')}' and version = 2")
    owner = clone.sql(f"select owner_id from read_models.{TASK_BOARD.table}_b1 limit 1")[0][0]
    with redis.Redis.from_url(clone.environment["REDIS_URL"]) as cache:
        cache.hincrby(f"{{{TASK_COUNTS.table}}}:b1:groups", f"owner:{owner}\ttotal", 1)
    code, told = clone.demo("--limit", "300")
    assert (code, told["agrees"]) == (1, False)
    assert {(each["code"], each["ticket"]) for each in told["played"]["unexpected"]} == {("changed_by_others", "Case 2748")}
    seen = "\n".join(told["differences"])
    assert "Case 2748: version" in seen
    assert "Case 4284: the board shows" in seen
    assert "Case 1534: change 2 of its history" in seen
    assert "counts of help desk: {'total'" in seen
    assert re.search(r"task_counts, owner:\S+/total: ", seen), "verified from inside too"
