"""`daybook map` reads the code: every command is in it, with the facts it can lead to, and the README shows the same."""

import json
from pathlib import Path

from click.testing import CliRunner

from application.shared.command import HANDLERS
from domain.shared.event import BY_CLASS
from infra.app import import_contexts
from infra.cli import daybook
from infra.cli.map import paths
from infra.local.state import CLONE

import_contexts()
README = CLONE / "README.md"
BEGIN, END = "<!-- map -->", "<!-- /map -->"

SILENT = ["DropBytes", "ChangeTasks"]
"""The bytes of a removed file are no fact; many wishes at once lead to what each of them leads to."""


def shown(*words: str) -> str:
    done = CliRunner().invoke(daybook, ["map", *words], catch_exceptions=False)
    assert done.exit_code == 0
    return done.output


def in_the_readme(readme: Path) -> str:
    """What stands between the two marks, without the fence of the code block."""
    text = readme.read_text()
    assert text.count(BEGIN) == text.count(END) == 1, f"{readme.name} needs one {BEGIN} … {END}"
    inside = text.partition(BEGIN)[2].partition(END)[0]
    return "\n".join(line for line in inside.strip().splitlines() if not line.startswith("```")).strip()


def test_the_readme_shows_what_the_command_prints():
    assert in_the_readme(README) == shown().strip(), f"put the output of `daybook map` between {BEGIN} and {END} in README.md"


def test_a_readme_that_says_something_else_is_noticed(tmp_path):
    readme = tmp_path / "README.md"
    readme.write_text(f"# Map\n{BEGIN}\n```text\n{shown()}```\n{END}\n")
    assert in_the_readme(readme) == shown().strip()
    readme.write_text(readme.read_text().replace("TaskAssigned", "TaskGiven"))
    assert in_the_readme(readme) != shown().strip()


def test_every_command_is_there_once_and_leads_somewhere():
    found = json.loads(shown("--json"))
    assert sorted(one["command"] for one in found) == sorted(kind.__name__ for kind in HANDLERS)
    assert [one["command"] for one in found if not one["events"]] == SILENT


def test_every_fact_of_tasks_comes_from_some_command():
    made = {event["event"] for one in paths() for event in one["events"]}
    assert {shape.__name__ for shape in BY_CLASS if shape.__module__ == "domain.tasks.events"} - made == set()


def test_the_path_of_one_command_is_known_to_its_end():
    assign = next(one for one in paths() if one["command"] == "AssignTask")
    assert assign["context"] == "tasks"
    assert [event["event"] for event in assign["events"]] == ["TaskAssigned", "TaskBecameOverdue"]
    assigned, _ = assign["events"]
    assert assigned["aggregate"] == "Task"
    assert set(assigned["read_models"]) >= {"task_board", "task_history", "node_queue", "task_counts"}
    assert "(ExpireLease)" in assigned["reactions"]
    create = next(one for one in paths() if one["command"] == "CreateTask")
    assert {"TaskCreated", "TaskAssigned", "TaskBecameOverdue", "TaskAssigneeAdded"} <= {event["event"] for event in create["events"]}


def test_two_aggregates_may_do_things_of_the_same_name():
    """A stock is released without its reservation, and reserved without its order."""
    leads = {one["command"]: [event["event"] for event in one["events"]] for one in paths()}
    assert "ReservationReleased" not in leads["ExpireReservation"]
    assert "StockReserved" in leads["TendReservation"]
    assert "OrderReserved" not in leads["TendReservation"]
    assert "OrderReserved" in leads["TendOrder"]
