"""`daybook import` and `daybook export`: the same jobs, asked for and done from the command line."""

import asyncio

import pytest
from click.testing import CliRunner

from domain.jobs.status import Status
from infra.cancellation import ended
from infra.cli import daybook
from infra.jobs import by_hand, run
from infra.jobs.files import JobFolder
from infra.jobs.runners import MODULES
from infra.local.state import LocalProblem
from tests.eventually import eventually
from tests.http.daybook import Api
from tests.http.daybook import daybook as running
from tests.jobs.over_http import titles

IMPORT = {"format": "csv", "dry_run": False, "on_duplicate": "error"}
EXPORT = {"format": "csv", "scope": "mine", "filters": {}}


@pytest.fixture(scope="module")
async def api(module_database, servers):
    """No worker beside it."""
    async with running(module_database, servers.empty_redis()) as made:
        yield made


async def email_of(api: Api, headers) -> str:
    return str((await api("GET", "/api/v1/auth/me", headers)).json()["email"])


async def test_a_file_goes_in_and_out_by_hand_as_an_accounts_own(api, tmp_path):
    who, shown = await api.account(), list[int]()
    caller = await by_hand.account(api.system, await email_of(api, who.headers))
    file = tmp_path / "tasks.csv"
    file.write_text("title\nSweep\n,\nMop\n".replace("\n,\n", '\n""\n'))
    asked = await by_hand.request(api.system, caller, "tasks.import", IMPORT, file)
    job = await by_hand.follow(api.system, asked.id, lambda now: shown.append(now.done))
    assert (job.status, job.outcome and job.outcome["created"], job.refused, shown[-1]) == (Status.COMPLETED, 2, 1, 3)
    assert await titles(api, who.headers) == ["Mop", "Sweep"]
    asked = await by_hand.request(api.system, caller, "tasks.export", EXPORT)
    job = await by_hand.follow(api.system, asked.id, lambda _: None)
    assert b"Sweep" in JobFolder(api.system.settings.jobs_at).outgoing(job.requester_id, job.id).read_bytes()


async def test_who_interrupts_it_can_go_on_later(api, tmp_path, monkeypatch):
    monkeypatch.setattr(run, "EVERY", 0.05)
    who = await api.account()
    caller = await by_hand.account(api.system, await email_of(api, who.headers))
    file = tmp_path / "tasks.csv"
    file.write_text("title\n" + "".join(f"Row {nth}\n" for nth in range(3000)))
    asked = await by_hand.request(api.system, caller, "tasks.import", IMPORT, file)
    seen = list[int]()
    following = asyncio.create_task(by_hand.follow(api.system, asked.id, lambda now: seen.append(now.done)))

    async def begun() -> bool:
        return seen[-1:] > [0]

    await eventually(begun, 20)
    await ended(following)
    left, _ = await api.system.log.load(type(asked), asked.id)
    assert (left.status, left.losses) == (Status.QUEUED, 0)
    job = await by_hand.follow(api.system, asked.id, lambda _: None)
    assert (job.status, job.attempt, job.outcome and job.outcome["created"]) == (Status.COMPLETED, 2, 3000)


async def test_nobody_is_nobodys_account(api):
    with pytest.raises(LocalProblem, match="no active account"):
        await by_hand.account(api.system, "nobody@example.org")


def test_the_command_wants_to_know_what_and_for_whom():
    told = CliRunner().invoke(daybook, ["import", "tasks"])
    assert told.exit_code == 2
    assert "--as EMAIL" in told.output


@pytest.mark.parametrize(
    ("words", "kind", "wanted"),
    [
        (["tasks"], "tasks.export", {"scope": "mine", "format": "csv"}),
        (["orders", "--all", "--format", "pdf"], "orders.export", {"scope": "all", "format": "pdf"}),
        (["products"], "products.export", {"format": "csv"}),
    ],
)
def test_each_thing_that_is_exported_is_asked_for_as_its_own_kind_of_job(words, kind, wanted, tmp_path, monkeypatch):
    asked = []

    async def account(_, email):
        return email

    async def request(_, who, *what):
        asked.append((who, *what))

    monkeypatch.setattr(by_hand, "account", account)
    monkeypatch.setattr(by_hand, "request", request)
    monkeypatch.setattr("infra.cli._jobs.done", lambda _title, ask, _after: asyncio.run(ask(None)))
    told = CliRunner().invoke(daybook, ["export", *words, "--as", "ada@example.org", "-o", str(tmp_path / "file")])
    assert told.exit_code == 0, told.output
    assert asked == [("ada@example.org", kind, {"filters": {}, "bom": False} | wanted)]
    assert kind in MODULES
