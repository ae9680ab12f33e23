"""The whole way: a request over HTTP, the log, the reactions, the clock, a real SMTP server, and the link that works."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import pytest

from api.shared.health import Health
from application.shared.reaction import REACTIONS
from infra.cancellation import ended
from infra.processes.clock import clock
from tests.eventually import eventually
from tests.http.daybook import PASSWORD, Api, daybook
from tests.notifications.post_office import PostOffice, open_office, texts
from tests.servers import Database, Servers

ADA = {"name": "Ada Lovelace", "password": PASSWORD}


@pytest.fixture(scope="module")
async def post_office() -> AsyncIterator[PostOffice]:
    async with open_office(PostOffice()) as opened:
        yield opened


@pytest.fixture
def office(post_office: PostOffice) -> PostOffice:
    """The same for all tests, without what it took or was to answer before."""
    post_office.taken.clear()
    post_office.envelopes.clear()
    post_office.replies = {"RCPT": [], "DATA": []}
    return post_office


@pytest.fixture
def ada() -> dict[str, str]:
    """Somebody who has no account yet."""
    return ADA | {"email": f"{uuid4().hex}@bücher.example"}


@pytest.fixture(autouse=True)
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("domain.notifications.mail.PAUSES", (timedelta(seconds=0.2),) * 3)


@pytest.fixture(scope="module")
async def api(module_database: Database, servers: Servers, post_office: PostOffice) -> AsyncIterator[Api]:
    settings = {"smtp_host": "127.0.0.1", "smtp_port": post_office.port, "smtp_security": "none", "public_url": "https://daybook.example"}
    async with daybook(module_database, servers.empty_redis(), sweep_interval=0.1, **settings) as running:

        async def listens() -> bool:
            rows = await running.system.log.reads("select 1 from read_models where model like 'reaction:notifications.%%'")
            return len(rows) == sum(name.startswith("notifications.") for name in REACTIONS)

        await eventually(listens)
        ticking = asyncio.create_task(clock(running.system.settings, Health("clock")))
        yield running
        await ended(ticking)


async def arrived(office: PostOffice, count: int) -> None:
    async def has() -> bool:
        return len(office.taken) >= count

    await eventually(has)


@pytest.fixture
async def since(api: Api) -> int:
    """Where the log stands before the test, once all mails of those before are over."""

    async def quiet() -> bool:
        names = await happened(api, 0)
        return 2 * names.count("mail.queued") == len(names)

    await eventually(quiet)
    return (await api.system.reader.head()).position


async def happened(api: Api, since: int) -> list[str]:
    rows = await api.system.log.reads("select type from events where type like 'mail.%%' and position > %b order by position", since)
    return [name for (name,) in rows]


async def test_who_registers_gets_a_link_that_proves_their_address(api, office, ada):
    made = await api("POST", "/api/v1/auth/register", json=ada)
    assert made.status_code == 201, made.text
    await arrived(office, 1)
    assert office.envelopes[0].rcpt_tos == [ada["email"].replace("bücher", "xn--bcher-kva")]
    (token,) = re.findall(r"https://daybook\.example/verify-email#token=(\S+)", texts(office)[0])
    wrong = await api("POST", "/api/v1/auth/verify-email", json={"token": token[:-2] + "AA"})
    assert wrong.status_code == 400
    done = await api("POST", "/api/v1/auth/verify-email", json={"token": token})
    assert done.status_code in {200, 204}, done.text


async def test_a_forgotten_password_is_replaced_through_the_link_and_the_change_is_told(api, office, ada):
    await api("POST", "/api/v1/auth/register", json=ada)
    await arrived(office, 1)
    assert (await api("POST", "/api/v1/auth/password/forgot", json={"email": ada["email"]})).status_code == 202
    await arrived(office, 2)
    (token,) = re.findall(r"reset-password#token=(\S+)", texts(office)[1])
    done = await api("POST", "/api/v1/auth/password/reset", json={"token": token, "new_password": "another garden of paths"})
    assert done.status_code in {200, 204}, done.text
    await arrived(office, 3)
    assert office.taken[2]["Subject"] == "Your password was changed"


async def test_a_mail_waits_until_the_server_takes_it(api, office, ada, since):
    office.replies = {"RCPT": ["450 busy"], "DATA": ["451 full"]}
    await api("POST", "/api/v1/auth/register", json=ada)
    await arrived(office, 1)

    async def is_over() -> bool:
        return (await happened(api, since))[-1] == "mail.sent"

    await eventually(is_over)
    assert await happened(api, since) == ["mail.queued", "mail.deferred"] * 2 + ["mail.queued", "mail.sent"]


async def test_a_mail_the_server_refuses_is_not_sent_again(api, office, ada, since):
    office.replies["RCPT"] = ["550 no such user"]
    await api("POST", "/api/v1/auth/register", json=ada)

    async def is_over() -> bool:
        return (await happened(api, since))[-1:] == ["mail.failed"]

    await eventually(is_over)
    assert office.taken == []


async def test_what_a_killed_process_sent_without_noting_it_is_sent_again_as_the_same_mail(api, office, ada, since, monkeypatch):
    log, append = api.system.log, type(api.system.log).append
    killed = []

    async def die_once(self, entry):
        if not killed and any(type(staged.event).__name__ == "MailSent" for staged in entry.events):
            killed.append(entry)
            raise ConnectionResetError  # The reaction comes again, as after a kill: nothing was noted.
        return await append(self, entry)

    monkeypatch.setattr(type(log), "append", die_once)
    await api("POST", "/api/v1/auth/register", json=ada)
    await arrived(office, 2)
    assert len({message["Message-ID"] for message in office.taken}) == 1

    async def is_over() -> bool:
        return await happened(api, since) == ["mail.queued", "mail.sent"]

    await eventually(is_over)
