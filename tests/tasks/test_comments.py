"""People talk about a task where they see it: comments, replies, mentions, and who may change or take back what."""

from typing import Any
from uuid import UUID

import pytest

from application.shared.context import Caller
from application.tasks.comment import DeleteComment, EditComment, PostComment
from application.tasks.task import CreateTask, DeleteTask
from domain.projects.events import ProjectCreated, ProjectFields, ProjectMemberAdded, ProjectStatusChanged
from domain.projects.role import MemberRole
from domain.projects.status import ProjectStatus
from domain.shared.conflicts import ProjectArchived
from domain.shared.refused import Forbidden, Hidden, InsufficientRole, Invalid, NotFound, PreconditionFailed
from domain.tasks.comment import Comment, marked
from domain.tasks.events import CommentDeleted, CommentEdited, CommentPosted, TaskWatcherAdded
from projections.tasks.comments import COMMENTS
from tests.scenario import NOON, World, folded, given
from tests.tasks.people import ADMIN, ANN, BOB, NODE, NODE_ID, world_with_nodes

PROJECT = UUID(int=0x9B0)
ANN_ID, BOB_ID, ADMIN_ID = UUID(int=0xA1), UUID(int=0xB0), UUID(int=0xAD)
STRANGER = UUID(int=0xDEAD)
said = Comment(id=UUID(int=0xC0)).after(CommentPosted(at=NOON, comment_id=UUID(int=0xC0), task_id=UUID(int=0x7A), author_id=ANN_ID, text="It hums."))


async def alone() -> tuple[World, UUID]:
    """Ann's own task."""
    world = await world_with_nodes()
    return world, (await world.do(CreateTask(title="Oil the fan"), ANN)).id


async def in_project(role: MemberRole = MemberRole.VIEWER) -> tuple[World, UUID]:
    """Ann's task in her project, where Bob has a role."""
    world = await world_with_nodes()
    await world.happened(PROJECT, ProjectCreated(at=NOON, project_id=PROJECT, owner_id=ANN_ID, fields=ProjectFields(name="Fans")))
    await world.happened(PROJECT, ProjectMemberAdded(at=NOON, project_id=PROJECT, user_id=BOB_ID, role=role))
    return world, (await world.do(CreateTask(title="Oil the fan", project_id=PROJECT), ANN)).id


def errors(refused: Any) -> list[tuple[str, str]]:
    return [(one["pointer"], one["code"]) for one in refused.facts["errors"]]


async def test_a_comment_says_who_said_what_about_which_task_in_which_project():
    world, task_id = await in_project()
    comment = await world.do(PostComment(task_id=task_id, text="  Which oil?  "), BOB)
    assert world.events(comment.id) == [
        CommentPosted(at=NOON, comment_id=comment.id, task_id=task_id, author_id=BOB_ID, project_id=PROJECT, text="Which oil?")
    ]


@pytest.mark.parametrize(("text", "code"), [("", "required"), (" \n ", "required"), ("x" * 10_001, "too_long")])
async def test_a_comment_has_between_1_and_10000_characters(text, code):
    world, task_id = await alone()
    assert errors(await world.refuses(Invalid, PostComment(task_id=task_id, text=text), ANN)) == [("/text", code)]
    await world.do(PostComment(task_id=task_id, text="x" * 10_000), ANN)


async def test_viewers_and_watchers_may_comment_strangers_see_nothing_and_machines_do_not_talk():
    world, task_id = await in_project(MemberRole.VIEWER)
    await world.do(PostComment(task_id=task_id, text="Mine"), BOB)
    world, task_id = await alone()
    await world.refuses(Hidden, PostComment(task_id=task_id, text="Mine"), BOB)
    await world.happened(task_id, TaskWatcherAdded(at=NOON, user_id=BOB_ID))
    await world.do(PostComment(task_id=task_id, text="Mine"), BOB)
    given_task = await world.do(CreateTask(title="Sweep", assigned_node_id=NODE_ID), ADMIN)
    await world.refuses(InsufficientRole, PostComment(task_id=given_task.id, text="Done"), NODE)


async def test_a_reply_answers_a_comment_on_the_same_task():
    world, task_id = await alone()
    other = await world.do(CreateTask(title="Another"), ANN)
    first = await world.do(PostComment(task_id=task_id, text="Which oil?"), ANN)
    assert (await world.do(PostComment(task_id=task_id, text="Linseed", reply_to=first.id), ANN)).reply_to == first.id
    for task, reply_to in ((other.id, first.id), (task_id, task_id), (task_id, STRANGER)):
        refused = await world.refuses(Invalid, PostComment(task_id=task, text="Linseed", reply_to=reply_to), ANN)
        assert errors(refused) == [("/reply_to", "unknown_comment")]
    await world.do(DeleteComment(task_id=task_id, comment_id=first.id), ANN)
    await world.refuses(Invalid, PostComment(task_id=task_id, text="Linseed", reply_to=first.id), ANN)


async def test_mentioned_is_who_is_named_or_marked_and_sees_the_task_each_once():
    world, task_id = await in_project()
    text = f"@[{BOB_ID}] and @[{ADMIN_ID}], not @[{STRANGER}], @[nobody] or {NODE_ID}; @[{str(BOB_ID).upper()}]!"
    assert (await world.do(PostComment(task_id=task_id, text=text, mentions=(ANN_ID, ADMIN_ID)), ANN)).mentions == (ANN_ID, ADMIN_ID, BOB_ID)


@pytest.mark.parametrize("who", [BOB_ID, STRANGER, NODE_ID])
async def test_who_does_not_see_the_task_cannot_be_mentioned(who):
    world, task_id = await alone()
    refused = await world.refuses(Invalid, PostComment(task_id=task_id, text="Look", mentions=(ANN_ID, who)), ANN)
    assert errors(refused) == [("/mentions/1", "unknown_user")]
    assert (await world.do(PostComment(task_id=task_id, text=f"Look @[{who}]"), ANN)).mentions == ()


async def test_an_edit_keeps_mentions_but_those_whose_mark_is_gone_and_says_who_is_new():
    world, task_id = await in_project()
    comment = await world.do(PostComment(task_id=task_id, text=f"@[{BOB_ID}]", mentions=(ANN_ID,)), ANN)
    comment = await world.do(EditComment(task_id=task_id, comment_id=comment.id, text=f"@[{ADMIN_ID}]"), ANN)
    assert comment.mentions == (ANN_ID, ADMIN_ID)
    edited = world.events(comment.id)[-1]
    assert isinstance(edited, CommentEdited)
    assert edited.newly_mentioned == (ADMIN_ID,)
    comment = await world.do(EditComment(task_id=task_id, comment_id=comment.id, text="Nobody", mentions=()), ANN)
    assert comment.mentions == ()


async def test_only_the_author_edits_and_the_author_managers_and_administrators_delete():
    for role, may in ((MemberRole.MEMBER, False), (MemberRole.MANAGER, True)):
        world, task_id = await in_project(role)
        comment = await world.do(PostComment(task_id=task_id, text="Mine"), ANN)
        for caller in (BOB, ADMIN):
            await world.refuses(Forbidden, EditComment(task_id=task_id, comment_id=comment.id, text="Yours"), caller)
        if may:
            await world.do(DeleteComment(task_id=task_id, comment_id=comment.id), BOB)
        else:
            await world.refuses(Forbidden, DeleteComment(task_id=task_id, comment_id=comment.id), BOB)
            await world.do(DeleteComment(task_id=task_id, comment_id=comment.id), ADMIN)
        assert type(world.events(comment.id)[-1]) is CommentDeleted
        await world.refuses(NotFound, DeleteComment(task_id=task_id, comment_id=comment.id), ANN)
        await world.refuses(NotFound, EditComment(task_id=task_id, comment_id=comment.id, text="Mine again"), ANN)


async def test_owning_the_task_is_no_say_over_the_words_of_others():
    world, task_id = await alone()
    await world.happened(task_id, TaskWatcherAdded(at=NOON, user_id=BOB_ID))
    comment = await world.do(PostComment(task_id=task_id, text="Mine"), BOB)
    await world.refuses(Forbidden, DeleteComment(task_id=task_id, comment_id=comment.id), ANN)


async def test_a_comment_is_found_only_on_its_own_task():
    world, task_id = await alone()
    other = await world.do(CreateTask(title="Another"), ANN)
    comment = await world.do(PostComment(task_id=task_id, text="Mine"), ANN)
    await world.refuses(NotFound, EditComment(task_id=other.id, comment_id=comment.id, text="Elsewhere"), ANN)
    await world.refuses(NotFound, DeleteComment(task_id=task_id, comment_id=task_id), ANN)


async def test_another_version_than_the_one_read_is_not_changed():
    world, task_id = await alone()
    comment = await world.do(PostComment(task_id=task_id, text="Mine"), ANN)
    await world.do(EditComment(task_id=task_id, comment_id=comment.id, text="Mine!", if_match=1), ANN)
    await world.refuses(PreconditionFailed, EditComment(task_id=task_id, comment_id=comment.id, text="Mine?", if_match=1), ANN)
    await world.refuses(PreconditionFailed, DeleteComment(task_id=task_id, comment_id=comment.id, if_match=1), ANN)


async def test_nothing_is_said_about_deleted_tasks_or_in_archived_projects():
    world, task_id = await in_project()
    comment = await world.do(PostComment(task_id=task_id, text="Mine"), ANN)
    status = ProjectStatusChanged(at=NOON, project_id=PROJECT, from_status=ProjectStatus.ACTIVE, to_status=ProjectStatus.ARCHIVED)
    await world.happened(PROJECT, status)
    for wish in (
        PostComment(task_id=task_id, text="More"),
        EditComment(task_id=task_id, comment_id=comment.id, text="Less"),
        DeleteComment(task_id=task_id, comment_id=comment.id),
    ):
        await world.refuses(ProjectArchived, wish, ANN)
    world, task_id = await alone()
    await world.do(DeleteTask(task_id=task_id), ANN)
    await world.refuses(NotFound, PostComment(task_id=task_id, text="More"), ANN)


async def test_a_key_without_the_scope_says_nothing():
    world, task_id = await alone()
    key = Caller(ANN.id, ANN.role, scopes=frozenset({"tasks:edit", "tasks:read"}))
    await world.refuses(Forbidden, PostComment(task_id=task_id, text="More"), key)


def test_the_same_words_again_are_nothing_new():
    given(said).when(lambda comment: comment.edit(NOON, text=" It hums. ", mentions=())).nothing()


def test_marks_are_ids_in_brackets_each_once_and_no_more_than_fifty():
    many = "".join(f"@[{UUID(int=n)}]" for n in range(60))
    assert marked(many + many) == tuple(UUID(int=n) for n in range(50))
    assert marked(f"@[{'a' * 36}] @{UUID(int=1)} [{UUID(int=1)}]") == ()


async def test_the_row_shows_the_newest_words_and_goes_with_the_comment():
    world, task_id = await alone()
    kept = await world.do(PostComment(task_id=task_id, text="One"), ANN)
    gone = await world.do(PostComment(task_id=task_id, text="Two"), ANN)
    world.later(minutes=1)
    await world.do(EditComment(task_id=task_id, comment_id=kept.id, text="One!"), ANN)
    await world.do(DeleteComment(task_id=task_id, comment_id=gone.id), ANN)
    rows = folded(COMMENTS, world.recorded)
    assert set(rows) == {kept.id}
    row = rows[kept.id]
    assert (row.text, row.version, row.created_at, row.edited_at) == ("One!", 2, NOON, world.now)
