"""Sealing of the vault and of personal fields; names as HMACs; idempotency keys."""

from base64 import b64encode, urlsafe_b64decode
from uuid import UUID

import msgspec
import pytest
from cryptography.exceptions import InvalidTag

from infra.security.idempotency import DerivedKey, HttpKey
from infra.security.sealing import AesSealing, Unsealable
from infra.security.secret_keys import SubKeys, derive, master_keys, read_key
from infra.settings import BadSettings, read_settings

ONE, OTHER = UUID(int=1), UUID(int=2)
NAMES = b"n" * 32
SEALING = AesSealing([b"m" * 32], NAMES)


@pytest.mark.parametrize("secret", [b"", b"\0", b"secret", bytes(range(256)) * 20])
def test_what_was_sealed_is_opened(secret):
    assert SEALING.open("password", ONE, SEALING.seal("password", ONE, secret)) == secret


def test_an_entry_of_the_vault_opens_only_as_its_own_kind_and_id():
    sealed = SEALING.seal("password", ONE, b"secret")
    for kind, entry_id in (("refresh", ONE), ("password", OTHER), ("passwor", ONE)):
        with pytest.raises(Unsealable):
            SEALING.open(kind, entry_id, sealed)


def test_an_entry_that_was_changed_or_cut_anywhere_does_not_open():
    sealed = SEALING.seal("password", ONE, b"secret")
    for at in range(len(sealed)):
        for broken in (sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :], sealed[:at]):
            with pytest.raises(Unsealable):
                SEALING.open("password", ONE, broken)


def test_sealing_twice_gives_two_texts():
    assert SEALING.seal("k", ONE, b"x") != SEALING.seal("k", ONE, b"x")
    key = SEALING.new_key()
    assert SEALING.seal_personal(key, ONE, "Ada") != SEALING.seal_personal(key, ONE, "Ada")


def test_a_new_master_key_opens_what_the_old_one_sealed_and_seals_for_itself():
    old = SEALING.seal("password", ONE, b"secret")
    both = AesSealing([b"M" * 32, b"m" * 32], NAMES)
    assert both.open("password", ONE, old) == b"secret"
    with pytest.raises(Unsealable):
        SEALING.open("password", ONE, both.seal("password", ONE, b"secret"))


def test_master_keys_with_one_id_are_both_tried():
    first = bytes(32)
    twin = next(key for n in range(1, 5000) if derive(key := n.to_bytes(32), "key id")[0] == derive(first, "key id")[0])
    sealed = AesSealing([twin], NAMES).seal("k", ONE, b"x")
    assert AesSealing([first, twin], NAMES).open("k", ONE, sealed) == b"x"


@pytest.mark.parametrize("text", ["", "Ada Lovelace", "\u00e9\u4e2d\U0001f412", "x" * 200])
def test_a_personal_field_is_text_for_an_event_and_opens_with_the_persons_key(text):
    key = SEALING.new_key()
    sealed = SEALING.seal_personal(key, ONE, text)
    assert msgspec.json.decode(msgspec.json.encode(sealed.decode("ascii"))) == sealed.decode("ascii")
    assert not text or text.encode() not in urlsafe_b64decode(sealed)
    assert SEALING.open_personal(key, ONE, sealed) == text


def test_a_personal_field_opens_neither_for_another_person_nor_with_another_key():
    key = SEALING.new_key()
    sealed = SEALING.seal_personal(key, ONE, "Ada")
    for wrong_key, person, field in (
        (key, OTHER, sealed),
        (SEALING.new_key(), ONE, sealed),
        (key, ONE, b"AAAA" + sealed[4:]),
        (key, ONE, b""),
    ):
        with pytest.raises(Unsealable):
            SEALING.open_personal(wrong_key, person, field)


def test_names_of_two_kinds_or_two_servers_have_nothing_in_common():
    assert SEALING.hmac("email", "a") == SEALING.hmac("email", "a")
    assert len({SEALING.hmac("email", "a"), SEALING.hmac("product", "a"), AesSealing([b"m" * 32], b"N" * 32).hmac("email", "a")}) == 3
    assert SEALING.hmac("email", "\ud800")


def test_each_purpose_has_a_key_of_its_own():
    keys = SubKeys.of(b"s" * 32)
    values = [getattr(keys, purpose) for purpose in SubKeys.__struct_fields__]
    assert len(set(values)) == len(values)
    assert {len(value) for value in values} == {32}
    assert keys != SubKeys.of(b"S" * 32)


def settings(**changed):
    base = {"DATABASE_URL": "d", "REDIS_URL": "redis://r", "MASTER_KEY": key_text(1), "SECRET_KEY": key_text(2), "JWT_PRIVATE_KEYS": "-"}
    return read_settings(base | changed)


def key_text(seed: int) -> str:
    return b64encode(bytes((seed * 7 + at * 11) % 256 for at in range(32))).decode()


def test_the_server_starts_with_keys_of_32_random_bytes():
    assert len(master_keys(settings())) == 1
    assert len(master_keys(settings(MASTER_KEY=f"{key_text(3)},{key_text(1)}"))) == 2
    sealed = AesSealing.read(settings()).seal("k", ONE, b"x")
    assert AesSealing.read(settings(MASTER_KEY=f"{key_text(3)}, {key_text(1)}")).open("k", ONE, sealed) == b"x"


@pytest.mark.parametrize("text", ["", "short", "secret", "A" * 44, b64encode(b"0" * 32).decode(), b64encode(b"k" * 31).decode(), "é" * 44])
def test_a_key_that_is_short_or_no_random_bytes_is_refused_by_name_and_never_shown(text):
    with pytest.raises(BadSettings) as refused:
        read_key("SECRET_KEY", text)
    assert str(refused.value) == "SECRET_KEY must be 32 random bytes in base64"


def http_key(*, scope="caller/POST/tasks", key="k1", body=b"{}", path="/api/v1/tasks", method="POST", secret=b"i" * 32) -> HttpKey:
    return HttpKey(secret, scope, key, method=method, path=path, body=body)


def test_an_idempotency_key_is_one_within_its_scope_only():
    assert http_key().id == http_key(body=b"other").id
    others = [http_key(scope="caller2/POST/tasks"), http_key(key="k2"), http_key(secret=b"j" * 32)]
    assert len({http_key().id, *(other.id for other in others)}) == 4
    assert http_key().lasting is False
    assert b"k1" not in http_key().id


def test_a_request_is_known_by_method_path_and_body():
    others = [http_key(body=b"{ }"), http_key(path="/api/v1/task"), http_key(method="PATCH")]
    assert len({http_key().fingerprint, *(other.fingerprint for other in others)}) == 4
    assert http_key().fingerprint == http_key(scope="another").fingerprint


def test_who_reads_what_is_kept_of_a_request_cannot_try_what_it_said():
    assert http_key(secret=b"j" * 32).fingerprint != http_key().fingerprint


def test_a_stored_answer_opens_only_with_the_key_it_was_given_for():
    sealed = http_key().seal(b'{"id":1}')
    assert http_key().open(sealed) == b'{"id":1}'
    assert b"id" not in sealed
    for other in (http_key(key="k2"), http_key(scope="s"), http_key(secret=b"j" * 32), http_key(body=b"x")):
        with pytest.raises(InvalidTag):
            other.open(sealed)


def test_the_key_of_a_reaction_is_its_id_for_ever():
    key = DerivedKey(ONE)
    assert (key.id, key.lasting, key.open(key.seal(b"x"))) == (ONE.bytes, True, b"x")
