"""Mail goes at a pace, and by a second server while the first is away; nobody gets a letter twice by that."""

import pytest

from application.shared.outside import Letter, MailDelayed, MailRefused
from infra.memory.mail import MemoryMail
from infra.outside.breaker import RESET, Breaker
from infra.outside.mail_roads import Paced, Roads
from infra.outside.smtp_mail import Host, ServerAway, SmtpMail
from tests.notifications.post_office import PostOffice, open_office

LETTER = Letter("0193", "ada@example.org", "A task", "Sweep the yard\n")


class Clock:
    """Turned by hand, or by who sleeps."""

    def __init__(self) -> None:
        self.time = 0.0

    def __call__(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.time += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def first() -> MemoryMail:
    return MemoryMail()


@pytest.fixture
def second() -> MemoryMail:
    return MemoryMail()


@pytest.fixture
def roads(first, second, clock) -> Roads:
    return Roads(first, second, Breaker(clock))


async def test_while_the_first_server_is_away_the_second_is_asked_and_then_the_first_again(roads, first, second, clock):
    first.failures = [ServerAway("ConnectionRefusedError") for _ in range(3)]
    for _ in range(5):
        await roads.send(LETTER)
    assert (len(first.sent), len(second.sent), roads.state) == (0, 5, "open")
    assert first.failures == [], "the first is left alone once the breaker is open"
    clock.time += RESET
    assert roads.state == "half-open"
    await roads.send(LETTER)
    assert (len(first.sent), len(second.sent), roads.state) == (1, 5, "closed")


async def test_a_try_that_fails_opens_it_for_as_long_again(roads, first, second, clock):
    first.failures = [ServerAway("ConnectionRefusedError") for _ in range(4)]
    for _ in range(3):
        await roads.send(LETTER)
    clock.time += RESET
    await roads.send(LETTER)
    assert (roads.state, len(second.sent)) == ("open", 4)


async def test_what_the_first_server_may_have_taken_goes_by_no_other(roads, first, second):
    first.failures = [ServerAway("TimeoutError", had_it=True)]
    with pytest.raises(MailDelayed):
        await roads.send(LETTER)
    assert second.sent == []


@pytest.mark.parametrize("why", [MailDelayed("SMTP 450"), MailRefused("SMTP 550")])
async def test_a_server_that_answers_is_not_away(roads, first, second, why):
    first.failures = [why for _ in range(10)]
    for _ in range(10):
        with pytest.raises(type(why)):
            await roads.send(LETTER)
    assert (roads.state, second.sent) == ("closed", [])


async def test_without_a_second_server_letters_are_delayed_at_once(first, clock):
    roads = Roads(first, None, Breaker(clock))
    first.failures = [ServerAway("TimeoutError") for _ in range(3)]
    for _ in range(4):
        with pytest.raises(MailDelayed):
            await roads.send(LETTER)
    assert (first.sent, roads.state) == ([], "open")


async def test_now_and_then_a_failure_opens_nothing(first, second, clock):
    roads = Roads(first, second, Breaker(clock))
    for _ in range(12):
        first.failures = [ServerAway("TimeoutError")]
        for _ in range(3):
            await roads.send(LETTER)
    assert roads.state == "closed"


async def test_fifty_letters_at_once_and_then_ten_a_second(first, clock):
    paced = Paced(Roads(first), 10, 50, clock, clock.sleep)
    for _ in range(50):
        await paced.send(LETTER)
    assert clock.time == 0
    for _ in range(100):
        await paced.send(LETTER)
    assert clock.time == pytest.approx(10)
    clock.time += 3600
    since = clock.time
    for _ in range(60):
        await paced.send(LETTER)
    assert clock.time - since == pytest.approx(1)


@pytest.mark.server
async def test_two_real_servers_of_which_one_is_down():
    down = PostOffice()
    async with open_office(down):
        pass
    async with open_office(PostOffice()) as office:
        sender = "Daybook <daybook@example.org>"
        roads = Roads(
            SmtpMail(sender, Host("127.0.0.1", down.port, security="none")), SmtpMail(sender, Host("127.0.0.1", office.port, security="none"))
        )
        for _ in range(4):
            await roads.send(LETTER)
        assert (len(office.taken), roads.state) == (4, "open")
        async with open_office(down):
            assert down.taken == []
