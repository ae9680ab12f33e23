"""A process refuses to start with secrets that are missing, samples or too short, and names each setting in a line (security.md 14)."""

import base64
import signal

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from infra.local.program import free_port
from infra.postgres.migrate import migrate
from infra.supervisor.health import ask
from tests.eventually import until
from tests.infra.doubles.forge import pem
from tests.infra.test_process_commands import begin, do, settings
from tests.servers import Database

NOWHERE = Database("nowhere", "postgresql://nowhere", "postgresql://nowhere", "postgresql://nowhere")


def key(content: bytes) -> str:
    return base64.b64encode(content).decode()


RANDOM = key(bytes.fromhex("9f1c0be2d7435a86e1f80d6c3b927e45a4c95f13b7e02d688c31fa4e5d7096b2"))
NOT_RANDOM = {
    "zeros": key(bytes(32)),
    "counted": key(bytes(range(32))),
    "counted backwards": key(bytes(range(64, 0, -2))),
    "a word again and again": key(b"change-me-change-me-change-me-ch"),
    "a sentence": key(b"this is the secret key of my app"),
    "hexadecimal text": key(b"0123456789abcdef0123456789abcdef"),
    "a sample from a document": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LTEyMzQ=",
    "short": key(b"short"),
    "empty": "",
    "no base64": "change me",
}


@pytest.mark.server
@pytest.mark.parametrize("name", ["SECRET_KEY", "MASTER_KEY"])
@pytest.mark.parametrize("sample", NOT_RANDOM)
def test_a_key_that_no_random_generator_made_is_refused_by_name(name, sample, tmp_path):
    code, out, err = do(("serve",), settings(NOWHERE, "redis://nowhere", **{name: NOT_RANDOM[sample]}), tmp_path)
    assert (code, out) == (1, "")
    (line,) = err.splitlines()
    assert line.startswith((f"daybook: {name} is not random", f"daybook: {name} must be 32 random bytes"))
    assert not NOT_RANDOM[sample] or NOT_RANDOM[sample] not in err


@pytest.mark.server
def test_one_key_for_two_purposes_is_refused(tmp_path):
    code, _, err = do(("serve",), settings(NOWHERE, "redis://nowhere", SECRET_KEY=RANDOM, MASTER_KEY=RANDOM), tmp_path)
    assert code == 1
    assert "SECRET_KEY and MASTER_KEY are the same" in err


@pytest.mark.server
@pytest.mark.parametrize("text", ["", "secret", "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----"])
def test_a_signing_key_that_is_none_is_refused(text, tmp_path):
    code, _, err = do(("serve",), settings(NOWHERE, "redis://nowhere", JWT_PRIVATE_KEYS=text), tmp_path)
    assert code == 1
    assert err.startswith("daybook: JWT_PRIVATE_KEYS ")


@pytest.mark.server
def test_a_signing_key_that_is_too_short_is_refused(tmp_path):
    short = pem(rsa.generate_private_key(public_exponent=65537, key_size=1024))  # noqa: S505 — that is what is refused.
    code, _, err = do(("serve",), settings(NOWHERE, "redis://nowhere", JWT_PRIVATE_KEYS=short), tmp_path)
    assert (code, err.strip()) == (1, "daybook: JWT_PRIVATE_KEYS holds a key that is not RSA of at least 2048 bits")


@pytest.mark.server
@pytest.mark.parametrize("password", ["password1", "admin", "Daybook1"])
def test_in_production_the_first_administrator_has_a_password_worth_the_name(password, tmp_path):
    given = settings(NOWHERE, "redis://nowhere", ADMIN_EMAIL="root@example.org", ADMIN_PASSWORD=password, ENV="production")
    code, _, err = do(("serve",), given, tmp_path)
    assert code == 1
    assert err.startswith("daybook: ADMIN_PASSWORD ")
    assert password not in err


@pytest.mark.server
@pytest.mark.parametrize(("name", "value"), [("RATE_LIMITS", "tasks=many"), ("TRUSTED_PROXIES", "everybody")])
def test_limits_and_proxies_that_cannot_be_read_are_refused(name, value, tmp_path):
    code, _, err = do(("serve",), settings(NOWHERE, "redis://nowhere", **{name: value}), tmp_path)
    assert code == 1
    assert err.startswith(f"daybook: {name}: ")


def test_settings_that_others_have_and_we_ignore_are_named_once(fresh_database, redis_url, tmp_path):
    migrate(fresh_database.owner_url)
    port = free_port()
    given = settings(fresh_database, redis_url, JWT_SECRET="sample-secret", JWT_ALGORITHM="HS256", PORT=str(port))
    process = begin(("serve",), given, tmp_path)
    until(lambda: ask(port).ready or process.poll() is not None, 30)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=300)
    warnings = [line for line in out.splitlines() if "JWT_SECRET" in line]
    assert len(warnings) == 1, (out, err)
    assert "ignored: JWT_SECRET and JWT_ALGORITHM" in warnings[0]
    assert "sample-secret" not in out + err
