"""Invitations by mail: whoever reads mail at the address answers once, and afterwards nobody can read the address any more."""

from collections.abc import AsyncIterator
from datetime import timedelta

import anyio.lowlevel
import pytest

from application.projects.invitation import AcceptInvitation, DeclineInvitation, ExpireInvitation, Invite, RevokeInvitation
from application.projects.member import AddMember, RemoveMember
from application.projects.project import ChangeProjectStatus, DeleteProject
from application.shared.context import SYSTEM, Caller
from application.shared.deadline import DEADLINES
from domain.identity.errors import InvalidEmail
from domain.identity.events import EmailVerified, RoleGranted, RoleRevoked
from domain.identity.role import Role
from domain.notifications.events import MailFailed, MailQueued
from domain.projects.errors import AlreadyInvited, AlreadyMember, InvitationNotOver, InvitationOver
from domain.projects.events import InvitationAccepted, InvitationDeclined, InvitationExpired, InvitationRevoked, MemberInvited, ProjectMemberAdded
from domain.projects.invitation import LIFETIME
from domain.projects.kind import Kind
from domain.projects.role import MemberRole
from domain.projects.status import ProjectStatus
from domain.shared.conflicts import ProjectArchived
from domain.shared.refused import Forbidden, Hidden, InsufficientRole, Invalid, NotFound
from infra.serialization import mapper
from projections.projects.invitations import INVITATIONS
from tests.projects.mailing import GUEST, Mailing
from tests.scenario import folded, together

PROJECT = Kind.PROJECT


@pytest.fixture
async def world() -> AsyncIterator[Mailing]:
    made = await Mailing().begin()
    yield made
    made.passwords.stop()


async def test_who_is_invited_gets_a_mail_registers_accepts_and_is_a_member(world):
    invitation = await world.invite("Bob@Example.org", MemberRole.MANAGER)
    (letter,) = world.mail.sent
    assert (letter.to, letter.subject) == (GUEST, "You are invited to a project")
    bob = await world.comes(GUEST)
    await world.ask(AcceptInvitation(token=world.token()), bob)
    assert (await world.now()).members[bob.id] is MemberRole.MANAGER
    assert not world.has_key(invitation.id)
    again = await world.ask(AcceptInvitation(token=world.token()), bob)
    assert (again.accepted_by, len(world.said(InvitationAccepted)), len(world.said(ProjectMemberAdded))) == (bob.id, 1, 1)
    with pytest.raises(InvitationOver):
        await world.ask(DeclineInvitation(token=world.token()), bob)


async def test_nobody_else_can_answer_not_even_with_the_link(world):
    await world.invite()
    stranger = await world.comes("eve@example.org")
    for token in (world.token(), world.token()[:-2] + "AA", "", "x", "\udc80", str(world.project.id)):
        for wish in (AcceptInvitation(token=token), DeclineInvitation(token=token)):
            with pytest.raises(NotFound):
                await world.ask(wish, stranger)


async def test_a_worker_node_that_reads_the_mail_stays_outside(world):
    await world.invite()
    node = await world.comes(GUEST)
    for event in (RoleRevoked(user_id=node.id, role=Role.USER), RoleGranted(user_id=node.id, role=Role.NODE)):
        await world.record(node.id, event)
    with pytest.raises(Forbidden):
        await world.ask(AcceptInvitation(token=world.token()), node)
    assert node.id not in (await world.now()).members


async def test_the_id_alone_is_enough_once_the_address_was_proved(world):
    invitation = await world.invite()
    bob = await world.comes(GUEST)
    with pytest.raises(Hidden):
        await world.ask(AcceptInvitation(token=str(invitation.id)), bob)
    await world.record(bob.id, EmailVerified(user_id=bob.id, request_id=invitation.id))
    await world.ask(AcceptInvitation(token=str(invitation.id)), bob)
    assert bob.id in (await world.now()).members


async def test_who_says_no_is_no_member_and_can_be_invited_again(world):
    first = await world.invite()
    bob = await world.comes(GUEST)
    for _ in range(2):
        await world.ask(DeclineInvitation(token=world.token()), bob)
    assert len(world.said(InvitationDeclined)) == 1
    assert not world.has_key(first.id)
    with pytest.raises(InvitationOver):
        await world.ask(AcceptInvitation(token=world.token()), bob)
    second = await world.invite()
    assert second.id != first.id
    assert len(world.mail.sent) == 2


async def test_the_same_invitation_twice_is_one_and_another_role_must_wait(world):
    first, second = await world.invite(), await world.invite(" BOB@example.org ")
    assert (first.id, first.version, len(world.mail.sent)) == (second.id, second.version, 1)
    with pytest.raises(AlreadyInvited) as refused:
        await world.invite(role=MemberRole.VIEWER)
    assert refused.value.facts == {"role": MemberRole.MEMBER, "invitation_id": first.id}
    await world.ask(RevokeInvitation(kind=PROJECT, circle_id=world.project.id, invitation_id=first.id), world.ann)
    assert (await world.invite(role=MemberRole.VIEWER)).id != first.id


async def test_of_two_who_invite_the_same_person_at_once_one_mail_comes(world):
    world.log._pause = anyio.lowlevel.checkpoint
    wish = Invite(kind=PROJECT, circle_id=world.project.id, email=GUEST)
    outcomes = await together(*(lambda: world.ask(wish, world.ann) for _ in range(3)))
    assert len({invitation.id for invitation in outcomes}) == 1
    assert len(world.said(MemberInvited)) == 1


async def test_a_week_later_it_is_over_and_its_address_can_be_read_by_nobody(world):
    invitation = await world.invite()
    deadlines = [
        DEADLINES["projects.invitation"].fold(invitation.id, None, one) for one in world.log.recorded if isinstance(one.event, MemberInvited)
    ]
    assert [one.due_at for one in deadlines] == [world.time + LIFETIME]
    with pytest.raises(InvitationNotOver):
        await world.ask(deadlines[0].command, SYSTEM)
    world.later(LIFETIME.total_seconds())
    bob = await world.comes(GUEST)
    with pytest.raises(InvitationOver):
        await world.ask(AcceptInvitation(token=world.token()), bob)
    await world.ask(deadlines[0].command, SYSTEM)
    await world.ask(deadlines[0].command, SYSTEM)
    assert len(world.said(InvitationExpired)) == 1
    assert not world.has_key(invitation.id)
    with pytest.raises(InsufficientRole):
        await world.ask(ExpireInvitation(invitation_id=invitation.id), Caller(world.ann.id, "admin"))


async def test_sent_once_more_before_the_clock_came_it_lives_another_week(world):
    invitation = await world.invite()
    world.later((LIFETIME + timedelta(seconds=1)).total_seconds())
    again = await world.invite()
    assert (again.id, len(world.mail.sent)) == (invitation.id, 2)
    with pytest.raises(InvitationNotOver):
        await world.ask(ExpireInvitation(invitation_id=invitation.id), SYSTEM)
    bob = await world.comes(GUEST)
    await world.ask(AcceptInvitation(token=world.token()), bob)


async def test_one_that_was_taken_back_is_over_and_its_mail_is_not_sent_any_more(world):
    since = len(world.log.recorded)
    invitation = await world.ask(Invite(kind=PROJECT, circle_id=world.project.id, email=GUEST), world.ann)
    wish = RevokeInvitation(kind=PROJECT, circle_id=world.project.id, invitation_id=invitation.id)
    for _ in range(2):
        await world.ask(wish, world.ann)
    assert len(world.said(InvitationRevoked)) == 1
    await world.react(since)
    assert world.mail.sent == []
    assert [type(event) for event in world.mails()] == [MailQueued, MailFailed]
    with pytest.raises(NotFound):
        await world.ask(RevokeInvitation(kind=PROJECT, circle_id=world.project.id, invitation_id=world.project.id), world.ann)


async def test_who_runs_it_invites_and_who_is_there_already_is_not_invited(world):
    bob, cat = await world.comes(GUEST), await world.comes("cat@example.org")
    await world.ask(AddMember(kind=PROJECT, circle_id=world.project.id, user_id=bob.id, role=MemberRole.MEMBER), world.ann)
    with pytest.raises(AlreadyMember):
        await world.invite()
    for who, refusal in ((bob, Forbidden), (cat, Hidden)):
        with pytest.raises(refusal):
            await world.invite("dan@example.org", by=who)
    with pytest.raises(InvalidEmail):
        await world.invite("no address")
    with pytest.raises(Invalid):
        await world.invite("dan@example.org", MemberRole.OWNER)


async def test_who_became_a_member_meanwhile_keeps_their_role_and_who_was_sent_away_can_come_back(world):
    await world.invite(role=MemberRole.VIEWER)
    bob = await world.comes(GUEST)
    await world.ask(AddMember(kind=PROJECT, circle_id=world.project.id, user_id=bob.id, role=MemberRole.MANAGER), world.ann)
    await world.ask(AcceptInvitation(token=world.token()), bob)
    assert (await world.now()).members[bob.id] is MemberRole.MANAGER
    await world.ask(RemoveMember(kind=PROJECT, circle_id=world.project.id, user_id=bob.id), bob)
    await world.invite()
    await world.ask(AcceptInvitation(token=world.token()), bob)
    assert (await world.now()).members[bob.id] is MemberRole.MEMBER


async def test_nobody_comes_into_what_is_archived_or_deleted(world):
    await world.invite()
    bob = await world.comes(GUEST)
    await world.ask(ChangeProjectStatus(project_id=world.project.id, status=ProjectStatus.ARCHIVED), world.ann)
    with pytest.raises(ProjectArchived):
        await world.ask(AcceptInvitation(token=world.token()), bob)
    with pytest.raises(ProjectArchived):
        await world.invite("dan@example.org")
    await world.ask(DeleteProject(project_id=world.project.id), world.ann)
    with pytest.raises(InvitationOver):
        await world.ask(AcceptInvitation(token=world.token()), bob)


async def test_the_address_stands_nowhere_in_clear(world):
    invitation = await world.invite()
    row = folded(INVITATIONS, world.log.recorded)[invitation.id]
    kept = b"".join(mapper.encode(recorded.event)[1] for recorded in world.log.recorded) + repr(row).encode()
    assert b"bob" not in kept.lower()
    assert world.token().encode() not in kept
    bob = await world.comes(GUEST)
    await world.ask(AcceptInvitation(token=world.token()), bob)
    row = folded(INVITATIONS, world.log.recorded)[invitation.id]
    assert (row.email, row.status) == ("", "accepted")
