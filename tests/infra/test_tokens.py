"""Access tokens and what attackers make of them (security.md 3): everything but our own, present token is refused."""

import hashlib
import json
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from application.identity.access_token import Grant
from domain.identity.errors import InvalidToken, TokenExpired
from domain.shared.refused import Unauthenticated
from infra.security import tokens as module
from infra.security.signing_keys import read_signing_keys
from infra.settings import BadSettings
from tests.infra.doubles.forge import ATTACKS, KID, NEXT, NOON, OURS, PUBLIC, SESSION, USER, b64, claims, forge, pem, tokens


def test_a_token_says_who_calls():
    issued = tokens().issue(Grant(user_id=USER, session_id=SESSION, role="node"), NOON)
    said = tokens().verify(issued, NOON)
    assert (said.sub, said.sid, said.role) == (USER, SESSION, "node")
    assert (said.iat, said.exp) == (int(NOON.timestamp()), int(NOON.timestamp()) + 600)


def test_any_other_implementation_can_check_a_token_with_the_published_keys():
    now = datetime.now(UTC)
    issued = tokens().issue(Grant(user_id=USER, session_id=SESSION, role="user"), now)
    published = jwt.PyJWKSet.from_json(tokens().jwks().decode())
    head = jwt.get_unverified_header(issued)
    read = jwt.decode(issued, published[head["kid"]], ["RS256"], audience="api", issuer="daybook", leeway=30)
    assert head == {"alg": "RS256", "typ": "at+jwt", "kid": KID}
    assert set(read) == {"iss", "aud", "sub", "sid", "jti", "role", "iat", "nbf", "exp"}


def test_published_keys_are_public_only():
    for key in json.loads(tokens(OURS, NEXT).jwks())["keys"]:
        assert set(key) == {"kty", "n", "e", "kid", "use", "alg"}
        thumbprint = hashlib.sha256(json.dumps({name: key[name] for name in ("e", "kty", "n")}, separators=(",", ":")).encode())
        assert key["kid"] == b64(thumbprint.digest())


def test_no_two_tokens_are_the_same():
    assert len({tokens().issue(Grant(user_id=USER, session_id=SESSION, role="user"), NOON) for _ in range(3)}) == 3


def test_our_forge_makes_valid_tokens_when_it_changes_nothing():
    assert tokens().verify(forge(), NOON).sub == USER


def test_keys_can_be_replaced_without_one_false_refusal():
    old, new = tokens(OURS), tokens(NEXT, OURS)
    assert new.verify(old.issue(Grant(user_id=USER, session_id=SESSION, role="user"), NOON), NOON)
    assert new.verify(new.issue(Grant(user_id=USER, session_id=SESSION, role="user"), NOON), NOON)
    with pytest.raises(InvalidToken):
        old.verify(new.issue(Grant(user_id=USER, session_id=SESSION, role="user"), NOON), NOON)


@pytest.mark.parametrize("attack", ATTACKS)
def test_everything_else_is_refused_in_one_way(attack):
    with pytest.raises(InvalidToken) as refused:
        tokens().verify(ATTACKS[attack], NOON)
    assert isinstance(refused.value, Unauthenticated)
    assert refused.value.code() == ("token_expired" if attack == "expired" else "invalid_token")


def test_a_token_of_another_kind_of_key_is_refused():
    other = jwt.encode(claims(), ec.generate_private_key(ec.SECP256R1()), "ES256", headers={"kid": KID, "typ": "at+jwt"})
    with pytest.raises(InvalidToken):
        tokens().verify(other, NOON)


def test_any_changed_character_of_a_signature_or_payload_is_noticed():
    issued = forge()
    checked = tokens()
    checked.verify(issued, NOON)
    for at in range(0, len(issued) - 2, 5):
        other = issued[:at] + ("A" if issued[at] != "A" else "B") + issued[at + 1 :]
        with pytest.raises(InvalidToken):
            checked.verify(other, NOON)


@pytest.mark.parametrize("seconds", [-29, 0, 599, 629])
def test_clocks_may_differ_by_30_seconds(seconds):
    assert tokens().verify(forge(), NOON + timedelta(seconds=seconds))


@pytest.mark.parametrize("remembered", [True, False])
def test_a_token_ends_on_time_whether_it_is_remembered_or_not(remembered):
    checked, issued = tokens(), forge()
    if remembered:
        checked.verify(issued, NOON)
    with pytest.raises(TokenExpired):
        checked.verify(issued, NOON + timedelta(seconds=630))


def test_a_known_token_is_not_checked_again_and_only_its_digest_is_kept(monkeypatch):
    checked, issued = tokens(), forge()
    first = checked.verify(issued, NOON)
    monkeypatch.setattr(checked, "_check", lambda *_: pytest.fail("checked again"))
    assert checked.verify(issued, NOON) is first
    assert list(checked._known) == [hashlib.sha256(issued.encode()).digest()]


def test_refused_tokens_are_not_remembered_and_remembered_ones_are_bounded(monkeypatch):
    monkeypatch.setattr(module, "REMEMBERED", 4)
    checked = tokens()
    for attack in ("expired", "garbage", "other issuer"):
        with pytest.raises(InvalidToken):
            checked.verify(ATTACKS[attack], NOON)
    assert not checked._known
    for _ in range(11):
        checked.verify(forge(), NOON)
        assert len(checked._known) <= 4


def test_remembered_tokens_that_ended_make_room_first(monkeypatch):
    monkeypatch.setattr(module, "REMEMBERED", 2)
    checked, lasting = tokens(), forge(claims(exp=int(NOON.timestamp()) + 3000))
    checked.verify(forge(), NOON)
    checked.verify(lasting, NOON)
    checked.verify(forge(claims(exp=int(NOON.timestamp()) + 3000)), NOON + timedelta(seconds=700))
    assert hashlib.sha256(lasting.encode()).digest() in checked._known


@pytest.mark.parametrize(
    "text",
    [
        "",
        "secret",
        pem(ec.generate_private_key(ec.SECP256R1())),
        pem(rsa.generate_private_key(public_exponent=65537, key_size=1024)),  # noqa: S505 — that is what is refused.
        PUBLIC.decode(),
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
    ],
    ids=["nothing", "a word", "elliptic", "1024 bits", "a public key", "garbage"],
)
def test_the_server_does_not_start_with_keys_that_are_unfit(text):
    with pytest.raises(BadSettings, match="JWT_PRIVATE_KEYS"):
        read_signing_keys(text)


def test_keys_are_read_in_order_also_from_one_line():
    both = read_signing_keys((pem(NEXT) + pem(OURS)).replace("\n", "\\n"))
    assert [key.kid for key in both] == [read_signing_keys(pem(NEXT))[0].kid, KID]
