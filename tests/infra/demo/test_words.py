"""What the demo says, and to whom it tells a password."""

from decimal import Decimal

import pytest

from infra.cli._shop import show_shop
from infra.cli.demo import _show, _target, _write
from infra.demo.player import Played, Refusal
from infra.demo.projects import Standing
from infra.demo.run import Result
from infra.demo.shop.proof import Account, Sums
from infra.demo.shop.result import Pace, ShopResult
from infra.demo.shop.step import Named
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
    _write(file, result([]), None)
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


def shop(differences: list[str] | None, accepted: str = "6.00") -> ShopResult:
    named = [Named(line=number, invoice="C9", code="A", reason="a cancellation without its sale", amount=Decimal("-0.10")) for number in range(2, 32)]
    three = Sums(accepted=Decimal(accepted), named=Decimal("-3.00"), total=Decimal("3.00"))
    pace = {"orders": 90, "price_changes": 7, "placing_seconds": 3.0, "over_seconds": 4.5, "usual_milliseconds": 210.0, "longest_milliseconds": 950.0}
    numbers = {"lines": 100, "invoices": 9, "products": 8, "customers": 7, "refunds": 1, "seconds": 2.0, "requests": 1000, "repeated": 0}
    books = [Account("provider", 600, 0), Account("sales", 0, 600)]
    told = {"statuses": {"completed": 90}, "books": books, "pace": Pace(**pace), "position": 9}  # type: ignore[arg-type]  # Fields by name.
    return ShopResult(**numbers, **told, named=named, sums=three, differences=differences)  # type: ignore[arg-type]  # The same.


def test_the_three_sums_the_books_the_pace_and_every_line_that_is_not_in_the_shop_are_said(capsys):
    show_shop(shop([]), None)
    said = capsys.readouterr().out
    assert "100 lines of 9 invoices, 8 products, 7 customers" in said
    assert "90 orders placed in 3.0 s (30 a second, with 7 price changes between them)" in said
    assert "20 a second from placed to completed; usually 210 ms, at most 950 ms" in said
    assert [line.split()[-1] for line in said.splitlines() if "total of the file" in line] == ["equal"]
    assert "balance 0.00" in said
    assert all(f"line {number}, C9, A, -0.10: a cancellation without its sale" in said for number in range(2, 32))
    assert "agree with the invoices, at position 9" in said
    show_shop(shop([]), 20)
    assert "and 10 more" in capsys.readouterr().out


def test_a_penny_too_much_is_not_called_agreement(capsys):
    assert not shop([], "6.01").agrees
    show_shop(shop(["invoice 1: no order"], "6.01"), None)
    said = capsys.readouterr().out
    assert "NOT equal" in said
    assert "does NOT agree with the invoices:\n  invoice 1: no order" in said


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
