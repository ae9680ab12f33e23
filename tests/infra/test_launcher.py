"""`./daybook`: nothing but Python is needed, wherever the clone lies and however it is called."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from infra.local.state import CLONE

TOOLS = ("sh", "cksum", "cat", "dirname", "readlink")
SHOW = """import json, os, sys
print(json.dumps({"words": sys.argv[1:], "cwd": os.getcwd(), "prefix": sys.prefix}))
"""


def make_clone(home: Path) -> Path:
    """A clone with the real launcher, no packages to install, and a program that only shows how it was called."""
    (home / "infra" / "local").mkdir(parents=True)
    for name in ("daybook", "infra/local/environment.py"):
        shutil.copy(CLONE / name, home / name)
    (home / "infra" / "__init__.py").touch()
    (home / "infra" / "__main__.py").write_text(SHOW)
    for lock in ("requirements.lock", "requirements-dev.lock"):
        (home / lock).write_text("# nothing\n")
    return home


@pytest.fixture(scope="module")
def tools(tmp_path_factory) -> Path:
    """A PATH as on a bare machine: a few tools and this Python."""
    folder = tmp_path_factory.mktemp("bin")
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found
        (folder / tool).symlink_to(found)
    python(folder, 'exec "$real" "$@"')
    return folder


def python(folder: Path, script: str) -> None:
    (folder / "python3").unlink(missing_ok=True)
    (folder / "python3").write_text(f"#!/bin/sh\nreal={sys.executable}\n{script}\n")
    (folder / "python3").chmod(0o755)


@pytest.fixture(scope="module")
def built(tmp_path_factory, tools) -> Path:
    """A clone in which the launcher has already worked once."""
    home = make_clone(tmp_path_factory.mktemp("clones") / "a clone with spaces")
    first = run(home / "daybook", "up", tools=tools)
    assert first.returncode == 0, first.stderr
    assert "making .venv" in first.stderr
    assert json.loads(first.stdout)["words"] == ["up"]
    return home


def run(launcher: Path, *words: str, tools: Path, cwd: Path = Path("/")) -> "subprocess.CompletedProcess[str]":
    environment = {"PATH": str(tools), "HOME": str(tools)}
    return subprocess.run([launcher, *words], env=environment, cwd=cwd, capture_output=True, text=True, check=False)


def test_the_first_start_makes_an_environment_and_later_ones_only_hand_over(built, tools):
    again = run(built / "daybook", "status", "--json", tools=tools)
    assert again.stderr == ""
    assert json.loads(again.stdout)["words"] == ["status", "--json"]
    assert json.loads(again.stdout)["prefix"] == str(built / ".venv")


def test_it_works_through_links_from_another_folder_and_keeps_that_folder(built, tools, tmp_path):
    (tmp_path / "infra").mkdir()
    (tmp_path / "infra" / "__init__.py").touch()
    (tmp_path / "infra" / "__main__.py").write_text("raise SystemExit('the wrong infra')")
    (tmp_path / "first").symlink_to(built / "daybook")
    (tmp_path / "second").symlink_to("first")
    done = run(tmp_path / "second", "two words", "", tools=tools, cwd=tmp_path)
    assert json.loads(done.stdout)["words"] == ["two words", ""]
    assert json.loads(done.stdout)["cwd"] == str(tmp_path)


def test_a_moved_clone_still_works(built, tools):
    moved = built.rename(built.with_name("moved"))
    try:
        done = run(moved / "daybook", "up", tools=tools)
        assert done.stderr == ""
        assert json.loads(done.stdout)["prefix"] == str(moved / ".venv")
    finally:
        moved.rename(built)


def test_a_changed_lock_is_installed_once_more(built, tools):
    with (built / "requirements.lock").open("a") as lock:
        lock.write("# changed\n")
    changed, after = run(built / "daybook", "up", tools=tools), run(built / "daybook", "up", tools=tools)
    assert changed.stderr == "daybook: installing requirements.lock …\n"
    assert after.stderr == ""


def test_only_tests_install_the_development_lock_and_running_needs_nothing_after_that(built, tools):
    with (built / "requirements.lock").open("a") as lock:
        lock.write("# changed for the tests\n")
    tested, after = run(built / "daybook", "test", tools=tools), run(built / "daybook", "up", tools=tools)
    assert tested.stderr == "daybook: installing requirements-dev.lock …\n"
    assert after.stderr == ""
    with (built / "requirements.lock").open("a") as lock:
        lock.write("# changed again\n")
    assert "installing requirements.lock" in run(built / "daybook", "up", tools=tools).stderr
    assert "installing requirements-dev.lock" in run(built / "daybook", "test", tools=tools).stderr


def test_a_failed_installation_is_tried_again(built, tools):
    good = (built / "requirements.lock").read_text()
    (built / "requirements.lock").write_text("no such requirement\n")
    for _ in range(2):
        failed = run(built / "daybook", "up", tools=tools)
        assert failed.returncode != 0
        assert "could not be installed" in failed.stderr
        assert failed.stdout == ""
    (built / "requirements.lock").write_text(good)
    assert run(built / "daybook", "up", tools=tools).returncode == 0


@pytest.fixture
def wheel(tmp_path) -> Path:
    """A package that holds one module, so that no registry has to be asked."""
    path = tmp_path / "tiny-1-py3-none-any.whl"
    about = {
        "WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "METADATA": "Metadata-Version: 2.1\nName: tiny\nVersion: 1\n",
    }
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("tiny.py", "")
        for name, text in (about | {"RECORD": ""}).items():
            file.writestr(f"tiny-1.dist-info/{name}", text)
    return path


def test_a_package_is_installed_only_with_the_hash_of_the_lock(built, tools, wheel):
    lock, good = built / "requirements.lock", (built / "requirements.lock").read_text()
    right = hashlib.sha256(wheel.read_bytes()).hexdigest()
    said = {}
    for kind, mark in (("none", ""), ("wrong", f" --hash=sha256:{'0' * 64}"), ("right", f" --hash=sha256:{right}")):
        lock.write_text(f"tiny @ file://{wheel}{mark}\n")
        said[kind] = run(built / "daybook", "up", tools=tools)
    lock.write_text(good)
    assert (said["none"].returncode, said["wrong"].returncode, said["right"].returncode) == (1, 1, 0)
    assert "hash" in said["none"].stderr.lower()
    assert "hash" in said["wrong"].stderr.lower()
    assert list(built.glob(".venv/lib/python*/site-packages/tiny.py"))


def test_two_at_once_make_one_environment(tmp_path, tools):
    home = make_clone(tmp_path / "clone")
    environment = {"PATH": str(tools), "HOME": str(tools)}
    both = [
        subprocess.Popen([home / "daybook", str(number)], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for number in (1, 2)
    ]
    said = [process.communicate() for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert sorted(json.loads(out)["words"][0] for out, _ in said) == ["1", "2"]
    assert "".join(err for _, err in said).count("making .venv") == 1


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ('case "$*" in *"import ensurepip"*) exit 1 ;; esac; exec "$real" "$@"', r"apt install python3\.\d+-venv"),
        ("exit 1", r"needs Python 3\.11 or newer"),
    ],
)
def test_what_is_missing_is_named(tmp_path, tools, script, message):
    bare = tmp_path / "bin"
    shutil.copytree(tools, bare, symlinks=True)
    python(bare, script)
    if "ensurepip" in script:
        # The launcher hands this Python's own path on, so the wrapper has to be what that path is.
        home = make_clone(tmp_path / "clone")
        environment = home / "infra" / "local" / "environment.py"
        environment.write_text(environment.read_text().replace("sys.executable", repr(str(bare / "python3"))))
    else:
        home = make_clone(tmp_path / "clone")
    failed = run(home / "daybook", "up", tools=bare)
    assert failed.returncode == 1
    assert re.search(message, failed.stderr)
    assert failed.stdout == ""


def pins(name: str) -> set[str]:
    return set(re.findall(r"^([A-Za-z0-9_.-]+==\S+)", (CLONE / name).read_text(), re.MULTILINE))


def test_the_development_lock_holds_the_run_time_lock():
    assert len(pins("requirements.lock")) > 20
    assert pins("requirements.lock") < pins("requirements-dev.lock")


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock", "daybook", "infra/local/environment.py", ".ci/run", "Dockerfile"])
def test_no_package_registry_is_named(name):
    text = (CLONE / name).read_text()
    assert not re.search(r"https?://|--(extra-)?index-url|--find-links", text)


def test_launcher_and_gate_can_be_started():
    assert os.access(CLONE / "daybook", os.X_OK)
    assert os.access(CLONE / ".ci" / "run", os.X_OK)
    assert (CLONE / "daybook").read_text().startswith("#!/bin/sh\n")
    assert "./daybook test" in (CLONE / ".ci" / "run").read_text()
