"""Who a request comes from: proxies are believed only where they are listed, everybody else may write what they like (requirement X-31)."""

import pytest

from infra.addresses import client_of, network_of, networks
from infra.settings import BadSettings, read_settings
from tests.infra.test_settings import ENOUGH
from tests.security.instances import another, called_from

OURS = networks("10.0.0.0/8, 192.0.2.1, fd00::/8")
ME = "/api/v1/auth/me"


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "1.2.3.4, 203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "203.0.113.9, 10.0.0.2, 192.0.2.1", "203.0.113.9"),
        ("203.0.113.9", "1.2.3.4", "203.0.113.9"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "10.0.0.7", "10.0.0.7"),
        ("10.0.0.1", "garbage", "10.0.0.1"),
        ("10.0.0.1", "1.2.3.4, unknown, 10.0.0.2", "10.0.0.2"),
        ("10.0.0.1", "1.2.3.4,", "10.0.0.1"),
        ("10.0.0.1", "203.0.113.9:4711", "203.0.113.9"),
        ("fd00::1", "[2001:db8::7]:4711", "2001:db8::7"),
        ("::ffff:10.0.0.1", "2001:db8::7", "2001:db8::7"),
        ("10.0.0.1", "1.2.3.4" * 1000, "10.0.0.1"),
        ("10.0.0.1", "9.9.9.9," * 1000 + "203.0.113.9", "203.0.113.9"),
        ("unix socket", "1.2.3.4", "unix socket"),
    ],
)
def test_the_client_is_the_nearest_that_is_no_proxy_of_ours(peer, forwarded, client):
    assert client_of(peer, forwarded, OURS) == client


def test_one_stranger_is_an_ipv4_address_or_a_network_of_64_bits():
    assert network_of("203.0.113.9") == network_of("::ffff:203.0.113.9") == "203.0.113.9"
    assert network_of("2001:db8::1") == network_of("2001:db8::ffff:1") == "2001:db8::/64"
    assert network_of("nothing") == "nothing"


@pytest.mark.parametrize("wrong", ["proxy.example.org", "10.0.0.1/33", "10.0.0.1/8", "10.0.0.0/8;192.0.2.1"])
def test_a_list_of_proxies_that_cannot_be_read_is_refused_at_the_start(wrong):
    with pytest.raises(BadSettings, match=r"^TRUSTED_PROXIES: "):
        read_settings(ENOUGH | {"TRUSTED_PROXIES": wrong})


async def test_a_stranger_cannot_escape_the_limit_by_inventing_addresses(api):
    async with another(api, throttler_limit=0, rate_limits="auth=3/60") as strict, called_from(strict, "198.51.100.1") as http:
        statuses = [(await http.get(ME, headers={"X-Forwarded-For": f"203.0.113.{number}"})).status_code for number in range(5)]
    assert statuses == [401, 401, 401, 429, 429]


async def test_behind_a_listed_proxy_each_client_counts_for_itself_and_inventions_do_not_help(api):
    async with (
        another(api, throttler_limit=0, rate_limits="auth=3/60", trusted_proxies="10.0.0.0/8") as strict,
        called_from(strict, "10.1.2.3") as http,
    ):
        for client in ("198.51.100.2", "198.51.100.3"):
            headers = [{"X-Forwarded-For": f"203.0.113.{number}, {client}"} for number in range(5)]
            assert [(await http.get(ME, headers=one)).status_code for one in headers] == [401, 401, 401, 429, 429]
        several = [("X-Forwarded-For", "198.51.100.4"), ("X-Forwarded-For", "198.51.100.3")]
        assert (await http.get(ME, headers=several)).status_code == 429


@pytest.mark.parametrize(
    ("peer", "said", "strict"),
    [
        ("10.1.2.3", "https", True),
        ("10.1.2.3", "http", False),
        ("198.51.100.5", "https", False),
        ("10.1.2.3", "https, http", False),
        ("10.1.2.3", "x", False),
    ],
)
async def test_only_a_listed_proxy_says_whether_there_was_tls(api, peer, said, strict):
    async with another(api, trusted_proxies="10.0.0.0/8") as behind, called_from(behind, peer) as http:
        answer = await http.get("/live", headers={"X-Forwarded-Proto": said})
    assert ("strict-transport-security" in answer.headers) is strict
