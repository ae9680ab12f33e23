"""What happens to tasks, comments and projects is told to those it concerns: once each, never to who did it, never to programs."""

from datetime import timedelta
from uuid import UUID

import pytest

from application.notifications.task import tasks
from domain.identity.events import RoleGranted, RoleRevoked, UserDisabled, UserErased
from domain.identity.role import Role
from domain.jobs import events as j
from domain.notifications.events import MailQueued, NotificationsForgotten
from domain.notifications.kind import Kind
from domain.projects import events as p
from domain.projects.kind import Kind as PlaceKind
from domain.projects.role import MemberRole
from domain.projects.status import ProjectStatus
from domain.shared.event import Recorded
from domain.tasks import events as e
from projections.notifications.notifications import NOTIFICATIONS, contrib
from tests.identity.small_daybook import NOON
from tests.scenario import folded

AT = NOON
CHANGES = [
    (e.TaskEdited(at=AT, before=e.Fields(title="Sweep"), after=e.Fields(title="Sweep the yard")), "edited"),
    (e.TaskSubmitted(at=AT), "submitted"),
    (e.TaskSentBack(at=AT, reason="Leaves everywhere"), "sent_back"),
    (e.TaskReopened(at=AT, reason="Wind", token=2), "reopened"),
    (e.TaskCancelled(at=AT), "cancelled"),
    (e.TaskDeleted(at=AT), "deleted"),
    (e.TaskFailed(at=AT, reason="reported", attempt=1), "failed"),
]


async def test_a_plain_task_of_ones_own_leads_to_no_command(post):
    (ada,) = await post.people("ada")
    await post.task(ada)
    assert post.told() == []
    assigned = Recorded(1, UUID(int=9), 2, e.TaskAssigneeAdded(at=AT, user_id=ada), ada, AT)
    assert tasks(assigned) == []


async def test_who_is_given_a_task_is_told_in_the_app_and_by_mail(post):
    ada, bob = await post.people("ada", "bob")
    task_id, _ = await post.task(ada, e.TaskAssigneeAdded(at=AT, user_id=bob), by=ada)
    (told,) = post.told()
    assert (told.user_id, told.kind, told.task_id, told.actor_id, told.title) == (bob, Kind.TASK_ASSIGNED, task_id, ada, "Sweep the yard")
    (letter,) = post.mail.sent
    assert (letter.to, letter.subject) == ("bob@example.org", "Given to you: Sweep the yard")
    assert f"/api/v1/tasks/{task_id}" in letter.text


@pytest.mark.parametrize(("event", "change"), CHANGES)
async def test_a_change_is_told_to_owner_assignees_and_watchers_but_not_to_who_made_it(post, event, change):
    ada, bob, cleo, dan = await post.people("ada", "bob", "cleo", "dan")
    task_id, _ = await post.task(ada, e.TaskAssigneeAdded(at=AT, user_id=bob), e.TaskWatcherAdded(at=AT, user_id=cleo), by=ada)
    before = len(post.told())
    await post.done(task_id, event, by=bob)
    told = post.told()[before:]
    assert {one.user_id for one in told} == {ada, cleo}
    assert {(one.kind, one.change) for one in told} == {(Kind.TASK_UPDATED, change)}
    assert post.told(dan) == []


async def test_who_completes_a_task_tells_the_others_and_a_node_tells_its_owner(post):
    (ada,) = await post.people("ada")
    node = (await post.register("node@example.org")).person.id
    await post.record(node, RoleGranted(user_id=node, role=Role.NODE))
    await post.record(node, RoleRevoked(user_id=node, role=Role.USER))
    task_id, _ = await post.task(ada, e.TaskAssigned(at=AT, node_id=node, token=1), by=ada)
    await post.done(task_id, e.TaskCompleted(at=AT), by=node)
    assert [(one.user_id, one.kind) for one in post.told()] == [(ada, Kind.TASK_COMPLETED)]
    await post.done(task_id, e.TaskReopened(at=AT, reason="Wind", token=2, node_id=node), by=ada)
    assert len(post.told()) == 1, "a node is a program: it is told nothing"


async def test_a_date_that_passed_is_told_once_in_the_app_and_once_by_mail_to_owner_and_assignees(post):
    ada, bob, cleo = await post.people("ada", "bob", "cleo")
    people = (e.TaskAssigneeAdded(at=AT, user_id=bob), e.TaskWatcherAdded(at=AT, user_id=cleo))
    task_id, _ = await post.task(ada, *people, by=bob)
    sent = len(post.mail.sent)
    since = len(post.log.recorded)
    await post.done(task_id, e.TaskBecameOverdue(at=AT, due_date=AT))
    for _ in range(2):
        await post.react(since)
    told = [one for one in post.told() if one.kind is Kind.TASK_OVERDUE]
    assert sorted(one.user_id for one in told) == sorted([ada, bob])
    assert told[0].facts == {"due_date": "2026-11-20T12:00:00Z"}
    assert sorted(letter.to for letter in post.mail.sent[sent:]) == ["ada@example.org", "bob@example.org"]
    await post.done(task_id, e.TaskBecameOverdue(at=AT, due_date=AT + timedelta(days=1)))
    assert len([one for one in post.told() if one.kind is Kind.TASK_OVERDUE]) == 4


async def test_an_attempt_that_is_tried_again_by_itself_is_told_to_nobody(post):
    ada, bob = await post.people("ada", "bob")
    await post.task(ada, e.TaskFailed(at=AT, reason="reported", attempt=1, retry_at=AT), by=bob)
    assert post.told() == []


async def test_who_is_mentioned_is_told_that_and_the_others_that_there_is_a_comment(post):
    ada, bob, cleo, eve = await post.people("ada", "bob", "cleo", "eve")
    task_id, _ = await post.task(ada, e.TaskWatcherAdded(at=AT, user_id=bob), e.TaskWatcherAdded(at=AT, user_id=cleo), by=ada)
    comment = {"at": AT, "comment_id": post.new_id(), "task_id": task_id, "author_id": ada}
    await post.done(comment["comment_id"], e.CommentPosted(**comment, text="@bob @eve", mentions=(bob, eve, ada)), by=ada)
    assert {(one.user_id, one.kind) for one in post.told()} == {(bob, Kind.MENTION), (eve, Kind.MENTION), (cleo, Kind.COMMENT_ADDED)}
    assert {one.comment_id for one in post.told()} == {comment["comment_id"]}
    await post.done(comment["comment_id"], e.CommentEdited(**comment, text="@bob @cleo", mentions=(bob, cleo), newly_mentioned=(cleo,)), by=ada)
    assert [(one.user_id, one.kind) for one in post.told()[3:]] == [(cleo, Kind.MENTION)]
    await post.done(comment["comment_id"], e.CommentEdited(**comment, text="…"), by=ada)
    assert len(post.told()) == 4


async def test_whatever_is_delivered_again_is_told_once(post):
    ada, bob, cleo = await post.people("ada", "bob", "cleo")
    _, since = await post.task(ada, e.TaskAssigneeAdded(at=AT, user_id=bob), e.TaskAssigneeAdded(at=AT, user_id=cleo), e.TaskCompleted(at=AT), by=ada)
    before = len(post.log.recorded)
    for _ in range(3):
        await post.react(since)
    assert len(post.log.recorded) == before
    assert sorted(one.kind for one in post.told()) == [Kind.TASK_ASSIGNED] * 2 + [Kind.TASK_COMPLETED] * 2
    assert len({letter.id for letter in post.mail.sent}) == len(post.mail.sent) == 2


async def test_a_project_of_a_team_is_told_to_the_team_and_its_changes_to_its_members(post):
    ada, bob, cleo = await post.people("ada", "bob", "cleo")
    team, project = post.new_id(), post.new_id()
    await post.done(team, p.TeamCreated(at=AT, team_id=team, owner_id=ada, name="Gardeners"), by=ada)
    await post.done(team, p.TeamMemberAdded(at=AT, team_id=team, user_id=bob, role=MemberRole.MEMBER), by=ada)
    assert [(one.user_id, one.title, one.change) for one in post.told()] == [(bob, "Gardeners", "member_added")]
    created = p.ProjectCreated(at=AT, project_id=project, owner_id=ada, fields=p.ProjectFields(name="Autumn"), team_id=team)
    await post.done(project, created, by=ada)
    assert (post.told()[1].user_id, post.told()[1].kind, post.told()[1].title) == (bob, Kind.PROJECT_CREATED, "Autumn")
    await post.done(project, p.ProjectMemberAdded(at=AT, project_id=project, user_id=cleo, role=MemberRole.MEMBER), by=ada)
    moved = p.ProjectStatusChanged(at=AT, project_id=project, from_status=ProjectStatus.PLANNING, to_status=ProjectStatus.ACTIVE)
    await post.done(project, moved, by=ada)
    assert [(one.user_id, one.change, one.facts) for one in post.told()[2:]] == [
        (cleo, "member_added", {"role": "member"}),
        (cleo, "status_changed", {"status": "active"}),
    ]


async def test_ones_own_project_is_news_to_nobody(post):
    (ada,) = await post.people("ada")
    project = post.new_id()
    created = p.ProjectCreated(at=AT, project_id=project, owner_id=ada, fields=p.ProjectFields(name="Autumn"))
    await post.done(project, created, by=ada)
    assert post.told() == []


async def test_a_role_is_told_but_not_the_first_one(post):
    ada, root = await post.people("ada", "root")
    assert post.told() == []
    await post.done(ada, RoleGranted(user_id=ada, role=Role.AUDITOR), by=root)
    assert [(one.user_id, one.kind, one.title) for one in post.told()] == [(ada, Kind.SYSTEM, "You have a new role: auditor")]


async def test_who_asked_for_a_job_is_told_that_it_is_over(post):
    (ada,) = await post.people("ada")
    job = post.new_id()
    await post.done(job, j.JobRequested(kind="tasks.export", requester_id=ada, requested_at=AT), by=ada)
    await post.done(job, j.JobCompleted(attempt=1, completed_at=AT, expires_at=AT, done=12))
    (told,) = post.told(ada)
    assert (told.kind, told.title, told.facts) == (Kind.SYSTEM, "Your job is done: tasks.export", {"job_id": str(job), "done": 12, "refused": 0})


async def test_who_is_invited_and_has_an_account_also_sees_it_in_the_app(post):
    ada, bob = await post.people("ada", "bob")
    project, invitation = post.new_id(), post.new_id()
    created = p.ProjectCreated(at=AT, project_id=project, owner_id=ada, fields=p.ProjectFields(name="Autumn"))
    await post.done(project, created, by=ada)
    target = {"kind": PlaceKind.PROJECT, "target_id": project, "role": MemberRole.MEMBER, "inviter_id": ada, "expires_at": AT}
    sent = p.MemberInvited(at=AT, invitation_id=invitation, email=post.sealed("bob@example.org", bob), email_hash="…", invited_id=bob, **target)
    await post.done(invitation, sent, by=ada)
    assert [(one.user_id, one.kind, one.title, one.mail) for one in post.told()] == [(bob, Kind.PROJECT_INVITATION, "Autumn", False)]


@pytest.mark.parametrize("gone", [UserDisabled, UserErased])
async def test_who_may_not_come_in_is_told_nothing(post, gone):
    ada, bob = await post.people("ada", "bob")
    at = {"disabled_at": AT} if gone is UserDisabled else {"erased_at": AT}
    await post.record(bob, gone(user_id=bob, **at))
    await post.task(ada, e.TaskAssigneeAdded(at=AT, user_id=bob), by=ada)
    assert post.told() == []


async def test_of_a_task_that_is_gone_only_that_is_told(post):
    ada, bob = await post.people("ada", "bob")
    await post.task(ada, e.TaskWatcherAdded(at=AT, user_id=bob), e.TaskCompleted(at=AT), e.TaskDeleted(at=AT), by=ada)
    assert [one.change for one in post.told()] == ["deleted"]


async def test_titles_are_one_line_in_mails_and_add_no_header(post):
    ada, bob = await post.people("ada", "bob")
    task_id = post.new_id()
    title = "Sweep\r\nBcc: eve@example.org\n\n{link} " + "\u202e" + "x" * 500
    await post.fact(task_id, e.TaskCreated(at=AT, owner_id=ada, title=title), by=ada)
    await post.done(task_id, e.TaskAssigneeAdded(at=AT, user_id=bob), by=ada)
    (letter,) = post.mail.sent
    assert letter.subject.startswith("Given to you: Sweep Bcc: eve@example.org {link} x")
    assert "\n" not in letter.subject
    assert len(letter.subject) < 160
    assert "\u202e" not in letter.text


async def test_seconds_after_an_erasure_nothing_of_it_is_shown_and_the_numbers_are_gone(post):
    ada, bob = await post.people("ada", "bob")
    await post.task(ada, e.TaskAssigneeAdded(at=AT, user_id=bob), by=ada)
    await post.task(bob, e.TaskAssigneeAdded(at=AT, user_id=ada), by=bob)
    post.remains.notifications[bob] = [one.notification_id for one in post.told(bob)]
    await post.done(bob, UserErased(user_id=bob, erased_at=AT))
    for _ in range(3):
        post.later(5)
        await post.tick()
        post.remains.notifications.pop(bob, None)
    assert {row.user_id for row in folded(NOTIFICATIONS, post.log.recorded).values()} == {ada}
    assert [contrib(row) for row in folded(NOTIFICATIONS, post.log.recorded).values()] == [{f"user:{ada}": {"total": 1, "task_assigned": 1}}]
    forgotten = [one.event for one in post.log.recorded if isinstance(one.event, NotificationsForgotten)]
    assert [one.all for one in forgotten] == [False, True]


async def test_no_event_of_a_mail_holds_whom_it_goes_to_in_clear(post):
    ada, bob = await post.people("ada", "bob")
    await post.task(ada, e.TaskAssigneeAdded(at=AT, user_id=bob), by=ada)
    assert not any("bob@example.org" in repr(recorded.event) for recorded in post.log.recorded)
    assert any(isinstance(event, MailQueued) for event in post.mails())
