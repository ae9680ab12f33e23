"""The command line: every command explains itself; `status` and `reset` tell the truth about this clone."""

import json
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from infra.cli import daybook
from infra.local.state import CLONE, RUNNING, LocalProblem, Place, Running, State

NAMES = daybook.list_commands(click.Context(daybook))


@pytest.fixture
def clone(tmp_path, monkeypatch) -> State:
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "precious").touch()
    monkeypatch.setattr("infra.local.state.CLONE", tmp_path)
    return State(tmp_path / ".daybook")


def leaves(command: click.Command, words: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    if not isinstance(command, click.Group):
        return [words]
    context = click.Context(command)
    found = [(name, command.get_command(context, name)) for name in command.list_commands(context)]
    return [leaf for name, child in found if child is not None for leaf in leaves(child, (*words, name))]


@pytest.mark.parametrize("words", leaves(daybook), ids=" ".join)
def test_every_command_has_help_with_an_example(words):
    shown = CliRunner().invoke(daybook, [*words, "--help"], catch_exceptions=False)
    assert shown.exit_code == 0
    assert f"Example: daybook {' '.join(words)}" in " ".join(shown.output.replace("│", " ").split())


def test_help_names_every_command_and_loads_nothing_heavy():
    program = "import sys; sys.argv = ['daybook', '--help']; import infra.__main__ as m\ntry: m.main()\nexcept SystemExit: pass\n"
    heavy = "print('HEAVY', [name for name in ('litestar', 'psycopg', 'faststream', 'cryptography', 'redis') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program + heavy], cwd=CLONE, capture_output=True, text=True, check=True)
    assert "HEAVY []" in done.stdout
    for name in NAMES:
        assert f" {name} " in done.stdout


def test_what_a_person_can_mend_is_one_line_and_exit_code_1(tmp_path):
    program = "import sys, infra.__main__, infra.local.state as state; state.CLONE = state.Path('/'); infra.__main__.main()"
    paths = {"PYTHONPATH": str(CLONE), "PATH": "/usr/bin"}
    done = subprocess.run([sys.executable, "-c", program, "config", "show"], cwd=tmp_path, env=paths, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == "daybook: there is no system to talk to: start one with `daybook up`, or set DATABASE_URL and the secrets\n"


def test_an_unknown_command_is_refused():
    assert CliRunner().invoke(daybook, ["nonsense"]).exit_code == 2


def test_reset_wants_to_hear_yes_and_removes_only_its_folder(clone):
    clone.open()
    with pytest.raises(LocalProblem, match="say so with `daybook reset --yes`"):
        CliRunner().invoke(daybook, ["reset"], catch_exceptions=False)
    assert clone.folder.exists()
    assert CliRunner().invoke(daybook, ["reset", "--yes"], catch_exceptions=False).exit_code == 0
    assert sorted(path.name for path in clone.folder.parent.iterdir()) == ["precious", "pyproject.toml"]
    assert "nothing to delete" in CliRunner().invoke(daybook, ["reset", "--yes"]).output


def test_reset_is_refused_while_up_runs(clone):
    clone.open()
    assert clone.lock()
    with pytest.raises(LocalProblem, match="stop it first"):
        CliRunner().invoke(daybook, ["reset", "--yes"], catch_exceptions=False)
    assert clone.folder.exists()


@pytest.mark.usefixtures("clone")
def test_status_of_a_clone_in_which_nothing_runs():
    shown = CliRunner().invoke(daybook, ["status", "--json"])
    assert shown.exit_code == 1
    assert json.loads(shown.output)["running"] is False
    assert "daybook up" in CliRunner().invoke(daybook, ["status"]).output


@pytest.mark.server
def test_status_asks_every_process(clone):
    clone.open()
    assert clone.lock()
    clone.write(RUNNING, Running(7, "http://127.0.0.1:3000", {"relay": Place(8, 1, "127.0.0.1")}))
    shown = CliRunner().invoke(daybook, ["status", "--json"])
    assert shown.exit_code == 1
    told = json.loads(shown.output)
    assert (told["running"], told["ready"], told["url"], told["pid"]) == (True, False, "http://127.0.0.1:3000", 7)
    assert told["processes"] == {"relay": {"pid": 8, "port": 1, "health": "starting", "doing": ""}}
    assert "relay" in CliRunner().invoke(daybook, ["status"]).output
