"""`daybook demo` on a running system: it plays, it proves, it does nothing twice, and it goes on after any end."""

import json
import re
import signal
import subprocess
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
import redis

from infra.demo.log import by_ticket, read_log
from infra.demo.shop.invoices import read_invoices, total
from infra.demo.shop.plan import plan
from infra.demo.step import Step
from infra.demo.story import Story
from infra.demo.team_story import TeamStory
from infra.local.program import free_port
from projections.tasks.task_board import TASK_BOARD
from projections.tasks.task_counts import TASK_COUNTS
from projections.tasks.task_history import TASK_HISTORY
from tests.eventually import until
from tests.infra.demo.clone import Clone
from tests.infra.demo.lines import write_invoices

pytestmark = pytest.mark.server
SOME = (
    "536366 536367 536369 536371 536374 536376 C536379 536393 536395 536397 536399 536400 536403 536414 536463 536521 536543 536545 C536543 "
    "536585 C536758 C536826 536995 537140 C537143"
)
"""Invoices with one product at two prices, prices that change, refunds, and all that cannot be taken."""


@pytest.fixture(scope="module")
def clone(module_database, servers, tmp_path_factory) -> Iterator[Clone]:
    made = Clone(tmp_path_factory.mktemp("demo") / "clone", module_database, servers.empty_redis())
    write_invoices(made.folder / "invoices.csv.gz", SOME.split())
    with (made.folder / "screen").open("wb") as screen:
        up = made.start("up", "--port", str(free_port()), stdout=screen)
    until(lambda: b"Ctrl-C stops everything" in (made.folder / "screen").read_bytes() or up.poll() is not None, 40, "the screen")
    assert up.poll() is None, (made.folder / "said").read_text()
    yield made
    up.send_signal(signal.SIGTERM)
    up.wait(150)


def steps_of(kind: type[Story], lines: int) -> list[Step]:
    last = lines + 1
    tickets = by_ticket(read_log()).values()
    return [step for ticket in tickets for told in kind(ticket).told if told.line <= last for step in told.steps if not step.refusal]


def steps_up_to(lines: int) -> int:
    """How many things happen to tasks up to a line."""
    return sum(step.events for kind in (Story, TeamStory) for step in steps_of(kind, lines))


def test_the_log_is_played_and_what_is_shown_agrees_with_it(clone):
    code, told = clone.desk("--limit", "300", "--refused", "refused.tsv")
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
    code, told = clone.desk("--limit", "300")
    assert (code, told["played"]["accepted"], told["played"]["commands"]) == (0, 0, 0)
    assert told["played"]["already"] > 200
    assert clone.events() == before


@pytest.mark.parametrize(("number", "limit"), [(signal.SIGINT, 550), (signal.SIGKILL, 800)], ids=["interrupted", "killed"])
def test_a_run_that_ended_anywhere_is_gone_on_with(clone, number, limit):
    before = clone.events()
    run = clone.start("demo", "--json", "--only", "help-desk", "--limit", str(limit), stdout=subprocess.PIPE)
    until(lambda: clone.events() > before + 40 or run.poll() is not None, 30, "a few steps")
    run.send_signal(number)
    told, _ = run.communicate(timeout=200)
    if number == signal.SIGINT:
        assert run.returncode == 130
        assert json.loads(told)["differences"] is None
    assert before + 40 < clone.events() < steps_up_to(limit)
    code, then = clone.desk("--limit", str(limit))
    assert (code, then["agrees"]) == (0, True)
    assert clone.events() == steps_up_to(limit)


def test_a_task_that_was_deleted_is_played_anew_though_its_keys_are_still_known(clone):
    lines = read_log()
    early = {line.ticket for line in lines[:300]}
    ticket = next(line.ticket for line in lines[300:] if line.ticket not in early)
    task = clone.sql(f"select id from read_models.{TASK_BOARD.table}_b1 where external_id = '{ticket}'")[0][0]
    with clone.as_admin() as http:
        assert http.delete(f"/api/v1/tasks/{task}").status_code == 204
    code, told = clone.desk("--limit", "550")
    assert (code, told["played"]["unexpected"]) == (0, [])
    assert told["played"]["accepted"] > 0


def test_the_invoices_are_gone_on_with_days_after_a_kill_and_shop_and_books_agree_with_them_to_the_penny(clone):
    run = clone.start("demo", "--json", "--only", "shop", stdout=subprocess.PIPE)
    until(lambda: clone.events("order.placed") >= 2 or run.poll() is not None, 30, "a few orders")
    run.kill()
    run.communicate(timeout=200)
    clone.sql("delete from daybook.http_keys")  # They are kept for 24 hours.
    code, told = clone.shop()
    file = read_invoices(clone.folder / "invoices.csv.gz")
    made = plan(file)
    assert (code, told["differences"]) == (0, [])
    assert told["statuses"] == {"completed": len(made.sales)}
    assert (clone.events("order.placed"), clone.events("product.added")) == (len(made.sales), len(made.goods))
    assert (told["refunds"], clone.events("order.refunded"), len(told["named"])) == (3, 3, len(made.named))
    assert {one["reason"] for one in told["named"]} >= {"a price of zero", "a discount, which is no product", "a cancellation without its sale"}
    accepted, named, whole = (Decimal(told["sums"][name]) for name in ("accepted", "named", "total"))
    assert accepted + named == whole == total(file)
    books = {one["account"]: one["debit"] - one["credit"] for one in told["books"]}
    assert Decimal(-books["sales"] - books["sales_returns"]) / 100 == accepted


def test_a_penny_and_a_piece_that_are_not_of_the_file_are_told_and_nothing_is_sold_twice(clone):
    with clone.as_admin() as http:
        product = http.get("/api/v1/products", params={"q": "postage"}).json()["items"][0]
        body = {"delta": 1, "reason": "Found behind the shelf."}
        assert http.post(f"/api/v1/products/{product['id']}/stock-adjustments", json=body).status_code == 201
        order = http.get("/api/v1/admin/orders", params={"status": "completed"}).json()["items"][0]
        key = {"idempotency-key": "not of the file"}
        assert http.post(f"/api/v1/orders/{order['id']}/refund", json={"amount": 1, "reason": "A penny."}, headers=key).status_code == 200
    until(lambda: clone.events("order.refunded") == 4, 10, "the penny went back")
    before = clone.events("order.%")
    code, told = clone.shop("--invoices", "3")
    assert (code, told["pace"], clone.events("order.%")) == (1, None, before)
    seen = "\n".join(told["differences"])
    assert "POSTAGE: the shop shows Stock(on_hand=" in seen
    assert f"the order {order['id']} shows" in seen
    assert "named are not the" in seen


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
    code, told = clone.desk("--limit", "300")
    assert (code, told["agrees"]) == (1, False)
    assert {(each["code"], each["ticket"]) for each in told["played"]["unexpected"]} == {("changed_by_others", "Case 2748")}
    seen = "\n".join(told["differences"])
    assert "Case 2748: version" in seen
    assert "Case 4284: the board shows" in seen
    assert "Case 1534: change 2 of its history" in seen
    assert "counts of help desk: {'total'" in seen
    assert re.search(r"task_counts, owner:\S+/total: ", seen), "verified from inside too"
