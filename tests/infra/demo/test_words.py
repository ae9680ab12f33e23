"""What the demo says, and to whom it tells a password."""

import pytest

from infra.cli.demo import _show, _target, _write
from infra.demo.player import Played, Refusal
from infra.demo.projects import Standing
from infra.demo.run import Result
from infra.local.state import RUNNING, SYSTEM, LocalProblem, Running, State

OURS = "http://127.0.0.1:3000"
WORDS = [Refusal(number, "Case 7", "Closed", "not_found", "the task is failed") for number in range(2, 32)]


def result(differences: list[str] | None = None, **played: object) -> Result:
    told = Played(accepted=970, commands=1500, refused=WORDS, **played)  # type: ignore[arg-type]  # Fields by name.
    team, garden = Played(accepted=1000, commands=1600), Standing(name="Product 1", tasks=9, completed=7, overdue=2, by_status={"cancelled": 1})
    usual = {"url": OURS, "tickets": 100, "seconds": 2.0, "requests": 1, "repeated": 0, "position": 9}
    return Result(**usual, played=told, team=team, projects=[garden], differences=differences)  # type: ignore[arg-type]  # Fields by name.


def test_the_rate_the_numbers_and_every_line_that_could_not_be_applied_are_said(capsys):
    _show(result([]), None)
    said = capsys.readouterr().out
    assert "2,000 lines about 100 tickets, as work of nodes and of people, in 2.0 s: 1,000 lines and 1,550 commands a second." in said
    assert "Product 1                                9          7          1          0        2" in said
    assert "could not be applied        30" in said
    assert "30  Closed: not_found" in said
    assert all(f"line {number}, Case 7, Closed: the task is failed" in said for number in range(2, 32))
    assert "agree with the log, at position 9" in said


def test_with_a_file_the_screen_says_where_the_rest_is(capsys, tmp_path):
    file = tmp_path / "refused.tsv"
    _write(file, result([]))
    _show(result([]), file)
    said = capsys.readouterr().out
    assert f"and 10 more in {file}" in said
    assert file.read_text().splitlines()[1] == "2\tCase 7\tClosed\tnot_found\tthe task is failed"
    assert len(file.read_text().splitlines()) == 31


def test_a_difference_and_an_interruption_are_not_called_agreement(capsys):
    assert not result(["Case 7: no task"]).agrees
    assert not result([], unexpected=WORDS[:1]).agrees
    assert not result(None).agrees
    _show(result(["Case 7: no task"]), None)
    said = capsys.readouterr().out
    assert "does NOT agree with the log:\n  Case 7: no task" in said
    _show(result(None, interrupted=True), None)
    assert "The next `daybook demo` goes on from here." in capsys.readouterr().out


@pytest.fixture
def up(tmp_path, monkeypatch) -> State:
    """A clone in which `up` runs."""
    (tmp_path / "pyproject.toml").touch()
    monkeypatch.setattr("infra.local.state.CLONE", tmp_path)
    state = State(tmp_path / ".daybook")
    state.open()
    assert state.lock()
    state.write(RUNNING, Running(7, OURS, {}))
    state.write(SYSTEM, {"DATABASE_URL": "postgresql://x", "REDIS_URL": "redis://x", "MASTER_KEY": "x", "SECRET_KEY": "x", "JWT_PRIVATE_KEYS": "x"})
    state.write("admin.json", {"email": "ada@example.org", "password": "kept here"})
    return state


@pytest.mark.usefixtures("up")
def test_the_administrator_of_this_clone_plays_to_the_system_of_this_clone():
    target = _target(None, None)
    assert (target.url, target.email, target.password) == (OURS, "ada@example.org", "kept here")
    assert target.settings is not None
    assert _target(f"{OURS}/", None).password == "kept here"


@pytest.mark.usefixtures("up")
def test_the_password_of_this_clone_goes_nowhere_else(monkeypatch):
    with pytest.raises(LocalProblem, match="say who you are with --email"):
        _target("http://elsewhere.example", None)
    monkeypatch.setenv("DEMO_PASSWORD", "another")
    target = _target("http://elsewhere.example", "ada@example.org")
    assert (target.password, target.settings) == ("another", None)


def test_without_a_system_it_says_what_to_do(tmp_path, monkeypatch):
    (tmp_path / "pyproject.toml").touch()
    monkeypatch.setattr("infra.local.state.CLONE", tmp_path)
    with pytest.raises(LocalProblem, match="start it with `daybook up`, or name a system with --url and --email"):
        _target(None, None)
