"""What we stand on is at least as new as is known to be needed, here and in what is installed from the lock files (security.md 17)."""

import re
from importlib.metadata import version

import pytest

from infra.local.state import CLONE

LEAST = {"litestar": (2, 25), "pyjwt": (2, 15), "bcrypt": (5,), "cryptography": (45,), "msgspec": (0, 19), "psycopg": (3, 2), "uvicorn": (0, 30)}


def numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text)[:3])


@pytest.mark.parametrize("name", LEAST)
def test_a_library_that_matters_for_security_is_new_enough(name):
    assert numbers(version(name)) >= LEAST[name]


@pytest.mark.parametrize("file", ["requirements.lock", "requirements-dev.lock"])
def test_the_lock_file_names_one_version_of_each_with_its_hashes_and_no_older_one(file):
    text = (CLONE / file).read_text()
    pinned = dict(re.findall(r"^([a-z0-9][a-z0-9._-]*)(?:\[[^\]]*\])?==([^\s;\\]+)", text, re.MULTILINE | re.IGNORECASE))
    assert len(pinned) > 20
    assert re.findall(r"^[a-z].*(?<!\\)$", text, re.MULTILINE | re.IGNORECASE) == [], "every line goes on with its hashes"
    assert text.count("--hash=sha256:") >= len(pinned)
    known = {name.lower().replace("_", "-"): pinned[name] for name in pinned}
    for name, least in LEAST.items():
        assert numbers(known[name]) >= least, name
    assert "http://" not in text
    assert "--index-url" not in text
