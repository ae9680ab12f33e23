"""The house's rules as one gate: who may import whom, strict types, the linter, sizes, spoken reasons."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[1]
LAYERS = ("domain", "application", "projections", "api", "infra")
LONGEST = 250


def run(*words: str, at: Path = HOUSE) -> subprocess.CompletedProcess[str]:
    tool = Path(sys.executable).with_name(words[0])
    return subprocess.run([tool, *words[1:]], cwd=at, capture_output=True, text=True, timeout=1500, check=False)


def written(pattern: str = "*.py") -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", pattern], cwd=HOUSE, capture_output=True, text=True, check=True)
    return [HOUSE / name for name in listed.stdout.splitlines() if (HOUSE / name).is_file()]


def test_every_import_goes_where_it_may():
    told = run("lint-imports", "--no-cache")
    assert told.returncode == 0, told.stdout


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("domain/tasks/task.py", "import application.shared.command", "Higher layers import lower"),
        ("projections/tasks/nodes.py", "import application.tasks.node", "do not know each other"),
        ("domain/tasks/task.py", "import domain.identity.user", "strangers inside domain"),
        ("application/tasks/task.py", "import application.identity.user", "strangers inside application"),
        ("projections/tasks/nodes.py", "import projections.identity.people", "strangers inside projections"),
        ("api/tasks/task.py", "import api.identity.user", "strangers inside api"),
        ("application/tasks/task.py", "import psycopg", "The core knows"),
        ("api/tasks/task.py", "import redis", "Routes speak HTTP"),
        ("infra/app.py", "import eventsourcing.persistence", "eventsourcing library is known"),
    ],
)
def test_an_import_that_goes_where_it_may_not_is_seen(tmp_path, module, line, contract):
    for layer in LAYERS:
        shutil.copytree(HOUSE / layer, tmp_path / layer, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(HOUSE / "pyproject.toml", tmp_path)
    with (tmp_path / module).open("a") as file:
        file.write(f"\n{line}\n")
    told = run("lint-imports", "--no-cache", at=tmp_path)
    assert told.returncode == 1
    broken = re.sub(r"\s+", " ", told.stdout.partition("Broken contracts")[2] or told.stdout)
    assert contract in broken


def test_the_linter_has_nothing_to_say():
    told = run("ruff", "check", "--no-cache", "--output-format", "concise", ".")
    assert told.returncode == 0, told.stdout


def test_types_are_strict_and_right():
    told = run("mypy", "--no-error-summary")
    assert told.returncode == 0, told.stdout


def test_the_clock_is_known_only_in_infra(tmp_path):
    (tmp_path / "domain").mkdir()
    (tmp_path / "domain" / "late.py").write_text('"""Late."""\n\nfrom datetime import UTC, datetime\n\nNOW = datetime.now(UTC)\n')
    shutil.copy(HOUSE / "pyproject.toml", tmp_path)
    told = run("ruff", "check", "--no-cache", "--output-format", "concise", "domain", at=tmp_path)
    assert "TID251" in told.stdout


def test_no_file_is_longer_than_a_person_wants_to_read():
    lengths = {str(file.relative_to(HOUSE)): len(file.read_text().splitlines()) for file in written()}
    assert {name: length for name, length in lengths.items() if length > LONGEST} == {}


def test_every_exception_to_a_rule_says_why():
    silent = re.compile(r"#\s*(noqa|type: ignore)(:\s*[A-Z0-9, ]+|\[[a-z-, ]+\])?\s*$")
    found = [
        f"{file.relative_to(HOUSE)}:{number}"
        for file in written()
        for number, line in enumerate(file.read_text().splitlines(), 1)
        if silent.search(line)
    ]
    assert found == []


def test_each_migration_says_what_it_is_for():
    for file in written("infra/migrations/*.sql"):
        assert file.read_text().startswith("-- "), file.name


def test_the_top_level_is_the_house_that_was_agreed():
    allowed = {
        *LAYERS, "tests", "docs", "pyproject.toml", "compose.yaml", "README.md", "daybook", "LICENSE", "Dockerfile",
        "requirements.lock", "requirements-dev.lock",
    }  # fmt: skip
    found = {file.relative_to(HOUSE).parts[0] for file in written("*")}
    assert {name for name in found if not name.startswith(".")} <= allowed
