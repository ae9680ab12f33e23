"""OIDC_PROVIDERS is judged when a process starts, all of it at once, and no secret is repeated."""

import json
from typing import Any

import pytest

from infra.outside.openid_settings import ProviderSettings, read_providers
from infra.settings import BadSettings, Settings
from tests.infra.test_settings import ENOUGH

ONE = {"name": "other", "issuer": "https://issuer.example.org", "client_id": "here", "client_secret": "hidden-secret"}


def settings(*listed: Any, **more: str) -> Settings:
    text = json.dumps(list(listed)) if listed else ""
    return Settings(**{name.lower(): value for name, value in ENOUGH.items()}, oidc_providers=text, **more)


def test_without_any_there_are_none():
    assert read_providers(settings()) == {}


def test_a_provider_has_the_usual_scopes_and_lets_everybody_in():
    assert read_providers(settings(ONE)) == {"other": ProviderSettings(**ONE, scopes=("openid", "profile", "email"), allowed_domains=())}


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"name": "Other One"}, "small letters"),
        ({"name": "../x"}, "small letters"),
        ({"issuer": "http://issuer.example.org"}, "https"),
        ({"issuer": "issuer.example.org"}, "https"),
        ({"issuer": "https://issuer.example.org?x"}, "without a query"),
        ({"client_id": ""}, "client_id"),
        ({"scopes": ["profile"]}, "openid"),
        ({"flavour": "mint"}, "flavour"),
        ({"issuer": None}, "issuer"),
    ],
)
def test_what_cannot_work_is_named_at_the_start(changed, words):
    with pytest.raises(BadSettings, match=words) as bad:
        read_providers(settings(ONE | changed))
    assert "hidden-secret" not in str(bad.value)


def test_all_mistakes_are_named_at_once_and_names_are_unique():
    with pytest.raises(BadSettings) as bad:
        read_providers(settings(ONE, ONE, ONE | {"name": "third", "client_id": ""}))
    assert len(str(bad.value).splitlines()) == 2
    with pytest.raises(BadSettings, match="OIDC_PROVIDERS is wrong"):
        read_providers(Settings(**{name.lower(): value for name, value in ENOUGH.items()}, oidc_providers="{"))


def test_an_issuer_on_this_machine_needs_no_tls():
    assert read_providers(settings(ONE | {"issuer": "http://127.0.0.1:8080"}))["other"].issuer == "http://127.0.0.1:8080"


def test_google_and_microsoft_have_settings_of_their_own():
    more = {"google_client_id": "g", "google_client_secret": "gs", "ms_client_id": "m", "ms_client_secret": "ms", "ms_tenant_id": "contoso"}
    found = read_providers(settings(ONE, **more, allowed_domains="example.org, example.com"))
    assert list(found) == ["other", "google", "microsoft"]
    assert found["google"].issuer == "https://accounts.google.com"
    assert found["microsoft"].issuer == "https://login.microsoftonline.com/contoso/v2.0"
    assert found["google"].allowed_domains == ("example.org", "example.com")
    with pytest.raises(BadSettings, match="MS_TENANT_ID"):
        read_providers(settings(ms_client_id="m"))


def test_no_secret_of_a_provider_is_shown():
    shown = settings(ONE, google_client_secret="g-hidden", ms_client_secret="m-hidden").redacted()
    assert "hidden" not in json.dumps({name: shown[name] for name in ("oidc_providers", "google_client_secret", "ms_client_secret")})
