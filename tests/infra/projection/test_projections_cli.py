"""`daybook projections` and `daybook events`, as a person or a script calls them, on a system that the environment names."""

import json
from datetime import UTC, datetime
from uuid import UUID, uuid4

import psycopg
import pytest
from click.testing import CliRunner

from domain.tasks.events import TaskCreated
from infra.cli import daybook
from projections.tasks.task_board import TASK_BOARD
from tests.command_line import command_line
from tests.infra.projection.world import World


@pytest.fixture
def call(world: World, monkeypatch):
    return command_line(world.settings, monkeypatch)


async def a_task(world: World, title: str = "dig") -> UUID:
    stream = uuid4()
    await world.put(TaskCreated(at=datetime.now(UTC), owner_id=uuid4(), title=title), stream=stream)
    return stream


async def test_rebuild_verify_and_roll_back_by_name(world: World, call):
    await a_task(world)
    one = await call("projections", "rebuild", "task_board", "task_counts", "--json")
    assert one.exit_code == 0, one.output
    assert [(told["model"], told["events"]) for told in json.loads(one.stdout)] == [("task_board", 1), ("task_counts", 1)]
    again = await call("projections", "rebuild", "task_board")
    assert again.exit_code == 0
    assert "build 2 from 1 events" in again.stdout
    assert "0 rows differ" in again.stdout
    back = await call("projections", "rollback", "task_board", "--json")
    assert json.loads(back.stdout) == {"model": "task_board", "build": 1}
    listed = json.loads((await call("projections", "list", "--json")).stdout)
    assert {(told["build"], told["state"]) for told in listed if told["model"] == TASK_BOARD.table} == {(1, "live"), (2, "previous")}
    assert (await call("projections", "retire", "task_board")).exit_code == 0
    assert (await call("projections", "retire", "task_board")).exit_code == 1, "there is none any more"


async def test_verify_ends_with_1_and_says_what_differs(world: World, call):
    stream = await a_task(world)
    await call("projections", "rebuild", "task_board")
    good = await call("projections", "verify", "task_board")
    assert (good.exit_code, good.stdout) == (0, "task_board: 1 rows at 1: as the log says\n")
    with psycopg.connect(world.settings.database_url, options="-c role=daybook_app", autocommit=True) as connection:
        connection.execute(f"update read_models.{TASK_BOARD.table}_b1 set title = 'dance'")
    bad = await call("projections", "verify", "task_board")
    assert bad.exit_code == 1
    assert f'{stream}: {{"title":["dance","dig"]}}' in bad.stdout
    told = json.loads((await call("projections", "verify", "task_board", "--json")).stdout)
    assert told[0]["differing"] == 1


async def test_a_name_that_does_not_exist_or_none_at_all_is_refused_with_what_there_is(call):
    unknown = await call("projections", "rebuild", "taskboard")
    assert unknown.exit_code == 2
    assert "there is no read model taskboard" in " ".join(unknown.stderr.replace("│", " ").split())
    assert (await call("projections", "verify")).exit_code == 2


async def test_nothing_parked_is_said_so(call):
    parked = await call("projections", "parked")
    assert (parked.exit_code, parked.stdout) == (0, "Nothing is parked.\n")


async def test_events_are_shown_by_stream_by_position_and_newest(world: World, call):
    stream = await a_task(world)
    await a_task(world, "fill")
    shown = await call("events", "stream", str(stream), "--json")
    told = [json.loads(line) for line in shown.stdout.splitlines()]
    assert [(one["position"], one["version"], one["type"], one["data"]["title"]) for one in told] == [(1, 1, "task.created", "dig")]
    assert '"title":"fill"' in (await call("events", "show", "2")).stdout
    assert len((await call("events", "tail", "--json")).stdout.splitlines()) == 2
    assert len((await call("events", "tail", "--from", "2", "--json")).stdout.splitlines()) == 1
    assert (await call("events", "show", "3")).exit_code == 1
    assert (await call("events", "stream", str(uuid4()))).exit_code == 1


@pytest.mark.parametrize(
    "words",
    [
        "projections list",
        "projections rebuild",
        "projections verify",
        "projections parked",
        "projections rollback",
        "projections retire",
        "events stream",
        "events show",
        "events tail",
    ],
)
def test_every_command_has_help_with_an_example(words):
    told = CliRunner().invoke(daybook, [*words.split(), "--help"])
    assert told.exit_code == 0
    assert f"Example: daybook {words}" in told.output
