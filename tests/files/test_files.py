"""Who may hang files on a task and take them away, how room is counted, and what goes with an erased person."""

from datetime import datetime
from typing import Any
from uuid import UUID

import anyio.lowlevel
import msgspec
import pytest

from application.files import file
from application.files.file import AttachedFile, AttachFile, DropBytes, EmptyShelf, RemoveFile, bytes_go_too, files_go_with_their_uploader
from application.shared.context import SYSTEM, Caller
from application.shared.dispatch import Dispatch
from application.shared.outside import Outside
from application.shared.reaction import REACTIONS
from application.tasks.task import CreateTask
from domain.files.errors import QuotaExceeded
from domain.files.events import FileAttached, FileRemoved, StorageFreed, StorageTaken
from domain.files.shelf import FILES, Shelf, shelf_of
from domain.identity.errors import AccountErased
from domain.identity.events import UserErased, UserForgotten
from domain.projects.events import ProjectCreated, ProjectFields, ProjectMemberAdded, ProjectStatusChanged
from domain.projects.role import MemberRole
from domain.projects.status import ProjectStatus
from domain.shared.conflicts import ProjectArchived
from domain.shared.refused import Forbidden, Hidden, InsufficientRole, NotFound
from domain.tasks.events import TaskDeleted, TaskWatcherAdded
from infra.memory.files import MemoryFiles
from projections.files.files import FILES as FILES_MODEL
from tests.scenario import NOON, NamesOnly, World, folded, given, together
from tests.tasks.people import ADMIN, ANN, BOB, NODE, NODE_ID, world_with_nodes

PROJECT = UUID(int=0x9B0)
ANN_ID, BOB_ID = UUID(int=0xA1), UUID(int=0xB0)


class Limits(msgspec.Struct):
    file_quota: int = 1000


class Boxes(NamesOnly):
    """Sealing that one can look through."""

    @staticmethod
    def open(kind: str, id: UUID, sealed: bytes) -> bytes:  # noqa: ARG004 — the signature of the port.
        return sealed

    @staticmethod
    def seal_personal(key: bytes, person_id: UUID, text: str) -> bytes:  # noqa: ARG004 — the signature of the port.
        return key + b"/" + text.encode("ascii")


class Archive:
    """A world with a store, in which everybody has a key."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.store = MemoryFiles()
        outside = Outside(mail=None, attempts=None, codes=None, remains=None, store=self.store)  # type: ignore[arg-type]  # only the store is used
        world.dispatch = Dispatch(
            log=world.log, sealing=Boxes(), passwords=None, new_id=world.new_id, pause=self._pause, settings=Limits(), outside=outside,  # type: ignore[arg-type]  # parts of the ports are enough here
        )  # fmt: skip
        for who in (ANN, BOB, ADMIN, NODE):
            assert who.id is not None
            world.log.vault["person_key", who.id] = b"key"

    async def attach(self, task_id: UUID, caller: Caller, size: int = 100, name: str = "fan.png") -> AttachedFile:
        file_id = self.world.new_id()
        wish = AttachFile(file_id=file_id, task_id=task_id, name=name, size=size, sha256="00", media_type="image/png")
        made: AttachedFile = await self.world.do(wish, caller)
        self.store.files[file_id] = (NOON, b"x" * size)
        return made

    @staticmethod
    async def _pause(_: int) -> None:
        await anyio.lowlevel.checkpoint()


async def archive(**options: bool) -> tuple[Archive, UUID]:
    """Ann's own task."""
    made = Archive(await world_with_nodes(**options))
    return made, (await made.world.do(CreateTask(title="Oil the fan"), ANN)).id


async def in_project(role: MemberRole) -> tuple[Archive, UUID]:
    """Ann's task in her project, where Bob has a role."""
    made = Archive(await world_with_nodes())
    world = made.world
    await world.happened(PROJECT, ProjectCreated(at=NOON, project_id=PROJECT, owner_id=ANN_ID, fields=ProjectFields(name="Fans")))
    await world.happened(PROJECT, ProjectMemberAdded(at=NOON, project_id=PROJECT, user_id=BOB_ID, role=role))
    return made, (await world.do(CreateTask(title="Oil the fan", project_id=PROJECT), ANN)).id


async def test_a_file_is_a_fact_with_its_name_sealed_and_its_room_taken_in_the_same_breath():
    made, task_id = await in_project(MemberRole.MEMBER)
    file = await made.attach(task_id, BOB, name="../fan.png")
    (attached,) = made.world.events(file.id)
    assert isinstance(attached, FileAttached)
    assert (attached.name, attached.project_id, attached.uploader_id) == ("key/fan.png", PROJECT, BOB_ID)
    assert made.world.events(shelf_of(BOB_ID)) == [StorageTaken(at=NOON, uploader_id=BOB_ID, file_id=file.id, size=100)]
    assert file.name == "fan.png"


@pytest.mark.parametrize(("role", "may"), [(MemberRole.VIEWER, False), (MemberRole.MEMBER, True), (MemberRole.MANAGER, True)])
async def test_members_attach_viewers_only_read(role, may):
    made, task_id = await in_project(role)
    if may:
        await made.attach(task_id, BOB)
    else:
        with pytest.raises(Forbidden):
            await made.attach(task_id, BOB)


async def test_a_node_attaches_to_its_task_a_watcher_only_reads_and_a_stranger_sees_nothing():
    made, task_id = await archive()
    given_task = await made.world.do(CreateTask(title="Sweep", assigned_node_id=NODE_ID), ADMIN)
    await made.attach(given_task.id, NODE)
    for caller in (NODE, BOB):
        with pytest.raises(Hidden):
            await made.attach(task_id, caller)
    await made.world.happened(task_id, TaskWatcherAdded(at=NOON, user_id=BOB_ID))
    with pytest.raises(Forbidden):
        await made.attach(task_id, BOB)
    with pytest.raises(InsufficientRole):
        await made.attach(task_id, Caller(ANN_ID, "guest"))


async def test_who_uploaded_it_or_disposes_of_the_task_takes_a_file_away():
    made, task_id = await in_project(MemberRole.MEMBER)
    anns, bobs, third = await made.attach(task_id, ANN), await made.attach(task_id, BOB), await made.attach(task_id, ANN)
    await made.world.refuses(Forbidden, RemoveFile(file_id=anns.id), BOB)
    await made.world.do(RemoveFile(file_id=bobs.id), ANN)
    await made.world.do(RemoveFile(file_id=anns.id), ANN)
    await made.world.do(RemoveFile(file_id=third.id), ADMIN)
    await made.world.refuses(NotFound, RemoveFile(file_id=anns.id), ANN)
    assert folded(FILES_MODEL, made.world.recorded) == {}
    assert type(made.world.events(shelf_of(BOB_ID))[-1]) is StorageFreed


async def test_nothing_changes_in_archived_projects_and_on_deleted_tasks():
    made, task_id = await in_project(MemberRole.MEMBER)
    file = await made.attach(task_id, ANN)
    status = ProjectStatusChanged(at=NOON, project_id=PROJECT, from_status=ProjectStatus.ACTIVE, to_status=ProjectStatus.ARCHIVED)
    await made.world.happened(PROJECT, status)
    with pytest.raises(ProjectArchived):
        await made.attach(task_id, ANN)
    await made.world.refuses(ProjectArchived, RemoveFile(file_id=file.id), ANN)
    made, task_id = await archive()
    file = await made.attach(task_id, ANN)
    await made.world.happened(task_id, TaskDeleted(at=NOON))
    with pytest.raises(NotFound):
        await made.attach(task_id, ANN)
    await made.world.refuses(NotFound, RemoveFile(file_id=file.id), ANN)


async def test_room_is_counted_to_the_byte_however_uploads_run_into_each_other():
    made, task_id = await archive(interleaved=True)
    outcomes = await together(*[lambda: made.attach(task_id, ANN, size=100)] * 20)
    assert [type(one) for one in outcomes].count(AttachedFile) == 10
    refused = [one for one in outcomes if isinstance(one, QuotaExceeded)]
    assert len(refused) == 10
    assert refused[0].facts == {"used": 1000, "quota": 1000}
    file = next(one for one in outcomes if isinstance(one, AttachedFile))
    await made.world.do(RemoveFile(file_id=file.id), ANN)
    await made.attach(task_id, ANN, size=100)
    with pytest.raises(QuotaExceeded):
        await made.attach(task_id, ANN, size=1)
    await made.attach((await made.world.do(CreateTask(title="Another"), BOB)).id, BOB, size=1000)


def test_there_is_an_end_to_empty_files_too():
    full = Shelf(id=UUID(int=1), sizes={UUID(int=nth): 0 for nth in range(FILES)})
    given(full).when(lambda shelf: shelf.take(ANN_ID, UUID(int=FILES), 0, 1000, NOON)).refused(QuotaExceeded)


def test_room_is_given_back_once():
    shelf = Shelf(id=UUID(int=1)).after(StorageTaken(at=NOON, uploader_id=ANN_ID, file_id=PROJECT, size=7))
    freed = StorageFreed(at=NOON, uploader_id=ANN_ID, file_id=PROJECT, size=7)
    after = given(shelf).when(lambda shelf: shelf.free(ANN_ID, PROJECT, NOON)).then(freed)
    assert (after.used, after.sizes) == (0, {})
    given(after).when(lambda shelf: shelf.free(ANN_ID, PROJECT, NOON)).nothing()


async def react(made: Archive, *kinds: Any) -> None:
    """What the reactions make of the facts of these kinds, in order."""
    for recorded in list(made.world.recorded):
        if isinstance(recorded.event, kinds):
            react = bytes_go_too if isinstance(recorded.event, FileRemoved) else files_go_with_their_uploader
            for command in react(recorded):
                await made.world.do(command, SYSTEM)


async def test_bytes_go_after_the_fact_and_only_then():
    made, task_id = await archive()
    gone, stays = await made.attach(task_id, ANN), await made.attach(task_id, ANN)
    await made.world.do(DropBytes(file_id=stays.id), SYSTEM)
    await made.world.do(RemoveFile(file_id=gone.id), ANN)
    await react(made, FileRemoved)
    assert set(made.store.files) == {stays.id}
    await made.world.refuses(Forbidden, DropBytes(file_id=stays.id), ADMIN)


async def test_with_a_person_go_all_their_files_also_those_of_the_last_moment():
    made, task_id = await archive()
    early, others = await made.attach(task_id, ANN), await made.attach((await made.world.do(CreateTask(title="His"), BOB)).id, BOB)
    at: datetime = NOON
    await made.world.happened(ANN_ID, UserErased(user_id=ANN_ID, erased_at=at))
    await react(made, UserErased)
    assert [type(event) for event in made.world.events(early.id)] == [FileAttached, FileRemoved]
    last = await made.attach(task_id, ANN)
    await made.world.happened(ANN_ID, UserForgotten(user_id=ANN_ID))
    await react(made, UserForgotten)
    await react(made, FileRemoved)
    assert set(made.store.files) == {others.id}
    removed = made.world.events(last.id)[-1]
    assert isinstance(removed, FileRemoved)
    assert removed.reason == "uploader_erased"
    assert made.world.events(shelf_of(ANN_ID))[-1] == StorageFreed(at=NOON, uploader_id=ANN_ID, file_id=last.id, size=100)
    await made.world.refuses(Forbidden, EmptyShelf(uploader_id=BOB_ID), ADMIN)


async def test_however_many_files_a_person_had_no_decision_is_about_all_of_them(monkeypatch):
    monkeypatch.setattr(file, "EMPTIED", 2)
    monkeypatch.setattr(file, "FILES", 5)
    made, task_id = await in_project(MemberRole.MEMBER)
    uploaded = [await made.attach(task_id, BOB) for _ in range(5)]
    await made.world.happened(BOB_ID, UserErased(user_id=BOB_ID, erased_at=NOON))
    (erased,) = [one for one in made.world.recorded if isinstance(one.event, UserErased)]
    for left, wish in zip((3, 1, 0), files_go_with_their_uploader(erased), strict=True):
        await made.world.do(wish, SYSTEM)
        assert sum(not isinstance(made.world.events(one.id)[-1], FileRemoved) for one in uploaded) == left
    gone = made.world.events(uploaded[0].id)[-1]
    assert isinstance(gone, FileRemoved)
    assert gone.project_id == PROJECT


async def test_an_erased_person_attaches_nothing_any_more():
    made, task_id = await archive()
    made.world.log.vault.pop(("person_key", ANN_ID))
    with pytest.raises(AccountErased):
        await made.attach(task_id, ANN)


def test_both_reactions_are_registered():
    assert {"files.drop_bytes", "files.erased"} <= set(REACTIONS)
