"""Files of jobs are kept no longer than promised."""

import os
import time
from datetime import timedelta
from uuid import UUID

import pytest

from domain.identity.events import Sealed, UserErased, UserRegistered
from domain.jobs.events import JobCompleted, JobRequested
from domain.jobs.job import KEPT
from infra.jobs.files import FileTooLarge, JobFolder, reopen, sync
from infra.jobs.tidying import ORPHANED, round_of
from tests.scenario import NOON, World

ANN, BOB = UUID(int=0xA1), UUID(int=0xB0)


async def parts_of(text: bytes):
    for at in range(0, len(text), 3):
        yield text[at : at + 3]


class Parts:
    """As much of a system as tidying needs."""

    def __init__(self, world: World) -> None:
        self.log = world.log


async def kept(files: JobFolder, owner: UUID, *jobs: UUID) -> None:
    for job in jobs:
        received = await files.receive(owner, job, parts_of(b"title\nSweep\n"), 100)
        assert received.size == 12
        files.draft(owner, job, 1).touch()


async def test_a_file_goes_with_its_day_its_person_or_when_nobody_asked_for_it(tmp_path):
    world, files = World(), JobFolder(tmp_path / "jobs")
    over, waits, orphan, fresh, of_bob = (UUID(int=nth) for nth in range(1, 6))
    for user in (ANN, BOB):
        await world.happened(user, UserRegistered(user_id=user, email=Sealed("x"), name=Sealed("x")))
    for job in (over, waits, of_bob):
        await world.happened(job, JobRequested(kind="tasks.import", requester_id=ANN, requested_at=NOON))
    await world.happened(over, JobCompleted(attempt=1, done=1, completed_at=NOON, expires_at=NOON + KEPT))
    await kept(files, ANN, over, waits, orphan, fresh)
    await kept(files, BOB, of_bob)
    old = time.time() - ORPHANED - 1
    for place in (files.incoming(ANN, orphan), files.draft(ANN, orphan, 1)):
        os.utime(place, (old, old))
    await round_of(Parts(world), files)  # type: ignore[arg-type]  # a part of a system
    assert {owner: set(jobs) for owner, jobs in files.kept().items()} == {ANN: {over, waits, fresh}, BOB: {of_bob}}
    assert (files.incoming(ANN, over).exists(), files.draft(ANN, over, 1).exists()) == (False, True), "what was sent is not needed any more"
    assert files.incoming(ANN, waits).exists()
    world.now += KEPT + timedelta(seconds=1)
    await world.happened(BOB, UserErased(user_id=BOB, erased_at=NOON))
    await round_of(Parts(world), files)  # type: ignore[arg-type]  # a part of a system
    assert {owner: set(jobs) for owner, jobs in files.kept().items()} == {ANN: {waits, fresh}}


async def test_what_is_too_large_leaves_nothing(tmp_path):
    files = JobFolder(tmp_path)
    with pytest.raises(FileTooLarge):
        await files.receive(ANN, BOB, parts_of(b"x" * 11), 10)
    assert files.kept() == {ANN: {}}


def test_who_wakes_up_late_writes_into_nobodys_file(tmp_path):
    path = tmp_path / "errors"
    late = reopen(path, 0)
    late.write(b"first\n")
    assert sync(late) == 6
    late.write(b"never vouched for\n")
    again = reopen(path, 6)
    again.write(b"second\n")
    assert sync(again) == 13
    sync(late)
    assert path.read_bytes() == b"first\nsecond\n"
    late.close()
    again.close()


async def test_files_are_for_this_user_only(tmp_path):
    files = JobFolder(tmp_path / "jobs")
    await kept(files, ANN, BOB)
    assert (files.incoming(ANN, BOB).stat().st_mode & 0o777, files.incoming(ANN, BOB).parent.stat().st_mode & 0o777) == (0o600, 0o700)
