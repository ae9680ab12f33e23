"""`compose.yaml` and `Dockerfile` describe the same system as `up` runs."""

import re

import pytest
import yaml

from infra.local.state import CLONE
from infra.processes import PROCESSES
from infra.settings import Settings, read_settings

COMPOSE = yaml.safe_load((CLONE / "compose.yaml").read_text())
SERVICES = COMPOSE["services"]
DOCKERFILE = (CLONE / "Dockerfile").read_text()
SERVERS = {"postgres", "redis"}


def test_there_is_one_service_for_each_process_beside_the_servers_and_the_migration():
    assert set(SERVICES) == SERVERS | {"migrate"} | {process.name for process in PROCESSES}


@pytest.mark.parametrize("process", PROCESSES, ids=lambda process: process.name)
def test_a_service_runs_its_process_and_is_asked_on_the_port_it_listens_on(process):
    service = SERVICES[process.name]
    option = "--port" if process.public else "--health-port"
    assert service["command"][:2] == ["daybook", process.name]
    assert service["command"][service["command"].index(option) + 1] == service["healthcheck"]["test"][-1]
    assert service["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
    assert service["depends_on"]["redis"] == {"condition": "service_healthy"}
    assert bool(service.get("ports")) == process.public


def test_every_service_has_a_health_check_but_the_one_that_ends():
    for name, service in SERVICES.items():
        check = service["healthcheck"]
        assert check == {"disable": True} if name == "migrate" else check["test"], name


def test_only_the_migration_owns_the_tables():
    assert SERVICES["migrate"]["command"] == ["daybook", "migrate"]
    assert "daybook_owner:" in SERVICES["migrate"]["environment"]["MIGRATION_DATABASE_URL"]
    for process in PROCESSES:
        assert "MIGRATION_DATABASE_URL" not in SERVICES[process.name]["environment"]
        assert "daybook_app:" in SERVICES[process.name]["environment"]["DATABASE_URL"]


@pytest.mark.parametrize("name", ["migrate", *(process.name for process in PROCESSES)])
def test_the_settings_of_a_service_are_known_and_enough(name):
    environment = SERVICES[name]["environment"]
    assert set(environment) <= {field.upper() for field in Settings.__struct_fields__}
    assert read_settings(environment).env == "production"


@pytest.mark.parametrize("process", PROCESSES, ids=lambda process: process.name)
def test_every_process_takes_the_other_settings_from_a_file_that_may_be_missing(process):
    assert SERVICES[process.name]["env_file"] == [{"path": "daybook.env", "required": False}]


def test_no_secret_has_a_value_of_its_own():
    text = (CLONE / "compose.yaml").read_text()
    secrets = [
        value for service in SERVICES.values() for key, value in service.get("environment", {}).items() if key.endswith(("KEY", "KEYS", "PASSWORD"))
    ]
    assert secrets
    assert all(re.fullmatch(r"\$\{\w+:\?set \w+\}", secret) for secret in secrets)
    assert "PASSWORD '${" in text


def test_redis_keeps_everything_or_refuses():
    command = " ".join(SERVICES["redis"]["command"])
    for words in ("--appendonly yes", "--maxmemory 1gb", "--maxmemory-policy noeviction", "--requirepass"):
        assert words in command


def test_what_must_survive_has_a_volume():
    for name in SERVERS:
        assert SERVICES[name]["volumes"][0].split(":")[0] in COMPOSE["volumes"]


def test_the_image_has_every_layer_the_locked_packages_and_no_root():
    for layer in ("domain", "application", "projections", "api", "infra"):
        assert f"COPY {layer} /srv/daybook/{layer}\n" in DOCKERFILE
    assert "--require-hashes" in DOCKERFILE
    assert re.search(r"^USER daybook$", DOCKERFILE, re.MULTILINE)
    ignored = (CLONE / ".dockerignore").read_text().splitlines()
    assert ignored[0] == "**"
    for source in re.findall(r"^COPY (?!--from)(\S+)", DOCKERFILE, re.MULTILINE):
        assert f"!{source}" in ignored
