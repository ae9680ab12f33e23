"""Every setting in one struct, from the environment, with all mistakes named at once."""

import json
import re

import msgspec
import pytest
from click.testing import CliRunner

from infra.cli import daybook
from infra.local.secrets import all_secrets
from infra.local.state import SYSTEM, LocalProblem, State, current_settings
from infra.settings import BadSettings, Settings, duration, given, read_settings

ENOUGH = {
    "DATABASE_URL": "postgresql://daybook_app:hidden@db/daybook",
    "REDIS_URL": "redis://:hidden@cache:6379/0",
    "MASTER_KEY": "m-hidden",
    "SECRET_KEY": "s-hidden",
    "JWT_PRIVATE_KEYS": "j-hidden",
}


def test_what_is_left_out_has_a_default_but_secrets_have_none():
    settings = read_settings(ENOUGH)
    assert (settings.port, settings.host, settings.owner_url, settings.broker) == (
        3000,
        "127.0.0.1",
        settings.database_url,
        settings.redis_url,
    )
    for name in ENOUGH:
        with pytest.raises(BadSettings, match=f"^{name} is missing$"):
            read_settings({key: value for key, value in ENOUGH.items() if key != name})


def test_all_mistakes_are_named_at_once():
    with pytest.raises(BadSettings) as bad:
        read_settings({"PORT": "many", "BROKER_URL": "amqp://mq", "JWT_EXPIRES_IN": "soon", "REQUIRE_IF_MATCH": "perhaps"})
    lines = str(bad.value).splitlines()
    assert {line.split()[0].rstrip(":") for line in lines} == {*ENOUGH, "PORT", "BROKER_URL", "JWT_EXPIRES_IN", "REQUIRE_IF_MATCH"}
    assert "unknown scheme 'amqp'" in str(bad.value)


def test_a_file_may_hold_the_value_and_an_older_spelling_counts(tmp_path):
    (tmp_path / "key").write_text("from a file\n")
    rest = {name: value for name, value in ENOUGH.items() if name != "MASTER_KEY"}
    settings = read_settings(rest | {"MASTER_KEY_FILE": str(tmp_path / "key"), "JWT_EXPIRATION": "5m", "NODE_ENV": "production"})
    assert (settings.master_key, settings.jwt_expires_in, settings.env) == ("from a file", "5m", "production")
    with pytest.raises(BadSettings, match="MASTER_KEY_FILE cannot be read: No such file"):
        read_settings(rest | {"MASTER_KEY_FILE": str(tmp_path / "nothing")})


@pytest.mark.parametrize(("text", "seconds"), [("900", 900), ("90s", 90), ("15m", 900), ("2h", 7200), ("7d", 604_800)])
def test_a_duration_is_read(text, seconds):
    assert duration(text) == seconds


@pytest.mark.parametrize("text", ["", "0", "-5m", "1.5h", "m", "5 m", "1w"])
def test_what_is_no_duration_is_refused(text):
    with pytest.raises(BadSettings):
        duration(text)


def test_nothing_secret_is_shown():
    shown = read_settings(ENOUGH | {"ADMIN_PASSWORD": "p-hidden", "BROKER_URL": "redis://user:hidden@mq/1"}).redacted()
    assert "hidden" not in json.dumps(shown)
    assert shown["database_url"] == "postgresql://daybook_app:***@db/daybook"
    assert shown["redis_url"] == "redis://:***@cache:6379/0"
    assert shown["port"] == 3000


def test_settings_cannot_be_changed():
    with pytest.raises(AttributeError):
        read_settings(ENOUGH).port = 1  # type: ignore[misc]  # what must not work


def test_what_the_environment_says_goes_before_what_a_clone_keeps(monkeypatch):
    monkeypatch.setenv("PORT", "4000")
    settings = read_settings(beneath=ENOUGH | {"PORT": "5000", "HOST": "::1"})
    assert (settings.port, settings.host) == (4000, "::1")
    assert given("PORT") == "4000"
    assert given("HOST") is None


@pytest.fixture
def clone(tmp_path, monkeypatch) -> State:
    (tmp_path / "pyproject.toml").touch()
    monkeypatch.setattr("infra.local.state.CLONE", tmp_path)
    return State(tmp_path / ".daybook")


@pytest.mark.usefixtures("clone")
def test_without_a_clone_or_an_environment_there_is_no_system_to_talk_to():
    with pytest.raises(LocalProblem, match="start one with `daybook up`, or set DATABASE_URL"):
        current_settings()


def test_the_system_of_a_clone_is_found(clone, monkeypatch):
    clone.open()
    clone.write(SYSTEM, ENOUGH | {"MIGRATION_DATABASE_URL": "postgresql://owner@db/daybook"})
    assert current_settings().owner_url == "postgresql://owner@db/daybook"
    monkeypatch.setenv("DATABASE_URL", "postgresql://other/database")
    assert current_settings().owner_url == "postgresql://other/database"


def test_secrets_are_made_once_and_differ_between_clones(tmp_path):
    made = []
    for name in ("one", "two"):
        state = State(tmp_path / name)
        state.open()
        made.append(all_secrets(state))
        assert all_secrets(state) == made[-1]
    assert not set(msgspec.to_builtins(made[0]).values()) & set(msgspec.to_builtins(made[1]).values())
    assert made[0].jwt_private_keys.startswith("-----BEGIN PRIVATE KEY-----")


def test_a_damaged_file_is_named_with_a_way_out(clone):
    clone.open()
    (clone.folder / SYSTEM).write_text("{")
    with pytest.raises(LocalProblem, match=r"system\.json is damaged .*`daybook reset --yes"):
        current_settings()


def test_config_show_has_every_setting_and_no_secret(clone):
    clone.open()
    clone.write(SYSTEM, ENOUGH)
    for words in (["config", "show"], ["config", "show", "--json"]):
        done = CliRunner().invoke(daybook, words, catch_exceptions=False)
        assert done.exit_code == 0
        assert "hidden" not in done.output
    assert set(json.loads(done.output)) == set(Settings.__struct_fields__)


def test_every_secret_of_every_area_is_hidden():
    """What is called a key, a password or a secret, or has one inside, is marked where it is declared."""
    named = {name for name in Settings.__struct_fields__ if re.search(r"password|secret|_keys?$|private", name)} - {"s3_access_key"}
    signed = {"PAYMENT_WEBHOOK_SECRET": f"whsec_{'A' * 32}"}
    shown = read_settings(dict.fromkeys(map(str.upper, named), "p-hidden") | ENOUGH | signed).redacted()
    assert {shown[name] for name in named} == {"***"}


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"FILE_STORE": "/mnt/files"}, "FILE_STORE must be s3://bucket"),
        ({"FILE_STORE": "s3://attic"}, "S3_ACCESS_KEY is missing: FILE_STORE needs it"),
        ({"SMTP_FALLBACK_HOST": "second.example.org"}, "set SMTP_HOST too"),
        ({"SMTP_FALLBACK_SECURITY": "perhaps"}, "SMTP_FALLBACK_SECURITY must be"),
        ({"NOTIFICATION_RETENTION": "0"}, "NOTIFICATION_RETENTION"),
        ({"PAYMENT_PROVIDER": "http"}, "PAYMENT_PROVIDER_URL is missing"),
        ({"PAYMENT_PROVIDER": "http", "PAYMENT_PROVIDER_URL": "pay.example/v1"}, "PAYMENT_PROVIDER_URL must be an address"),
        ({"PAYMENT_PROVIDER": "http", "PAYMENT_PROVIDER_URL": "https://me:secret@pay.example"}, "without a password"),
        ({"PAYMENT_WEBHOOK_SECRET": "abc"}, "PAYMENT_WEBHOOK_SECRET must be"),
        ({"PAYMENT_WEBHOOK_SECRET": f"whsec_{'A' * 33}"}, "PAYMENT_WEBHOOK_SECRET must be"),
        ({"SHOP_CURRENCY": "ZZZ"}, "SHOP_CURRENCY must be"),
    ],
)
def test_what_cannot_be_meant_is_named(given, problem):
    with pytest.raises(BadSettings, match=problem):
        read_settings(ENOUGH | given)


@pytest.mark.parametrize(("text", "size"), [("25mb", 26_214_400), ("1 GB", 1_073_741_824), ("512KB", 524_288), ("7b", 7), ("1000", 1000), ("0", 0)])
def test_sizes_may_be_written_with_a_unit(text, size):
    found = read_settings(ENOUGH | {"FILE_SIZE_LIMIT": text, "MAX_REQUEST_SIZE": text})
    assert (found.file_size_limit, found.max_request_size) == (size, size)


@pytest.mark.parametrize("text", ["25 apples", "-1", "1.5mb", "mb", ""])
def test_what_is_no_size_is_refused(text):
    with pytest.raises(BadSettings, match="FILE_SIZE_LIMIT"):
        read_settings(ENOUGH | {"FILE_SIZE_LIMIT": text})


def test_a_bucket_may_be_shared_by_a_prefix():
    keys = {"S3_ACCESS_KEY": "a", "S3_SECRET_KEY": "b"}
    assert read_settings(ENOUGH | keys | {"FILE_STORE": "s3://attic/daybook"}).file_store == "s3://attic/daybook"
