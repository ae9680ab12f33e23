"""Which facts of identity people are told by mail, that who is invited gets one, and that what is queued is sent."""

from typing import Any, Final

from application.notifications.mail import QueueMail, SendMail
from application.shared.command import Command
from application.shared.reaction import reacts
from domain.identity import events as e
from domain.notifications.events import MailQueued
from domain.notifications.template import Template
from domain.projects.events import MemberInvited
from domain.projects.kind import Kind
from domain.shared.event import Event, Recorded

TOLD: Final[dict[type[Event], Template]] = {
    e.EmailVerificationAsked: Template.VERIFY_EMAIL,
    e.EmailChanged: Template.EMAIL_CHANGED,
    e.PasswordResetAsked: Template.RESET_PASSWORD,
    e.PasswordChanged: Template.PASSWORD_CHANGED,
    e.RegistrationRepeated: Template.REGISTRATION_REPEATED,
    e.RefreshReuseDetected: Template.SESSION_REUSED,
    e.UserDisabled: Template.ACCOUNT_DISABLED,
    e.TotpConfirmed: Template.SECOND_FACTOR_ENABLED,
    e.TotpDisabled: Template.SECOND_FACTOR_DISABLED,
    e.TotpReset: Template.SECOND_FACTOR_DISABLED,
    e.RecoveryCodeUsed: Template.RECOVERY_CODE_USED,
}


@reacts("notifications.mail", *TOLD)
def mail(recorded: Recorded[Any]) -> list[Command]:
    """One mail for each such fact, to the person it is about."""
    event = recorded.event
    template, user_id = TOLD[type(event)], event.user_id
    match event:
        case e.EmailVerificationAsked(email=email, request_id=request_id, expires_at=until):
            return [QueueMail(template=template, user_id=user_id, to=email, request_id=request_id, expires_at=until)]
        case e.EmailChanged(former=former):
            return [QueueMail(template=template, user_id=user_id, to=former)] if former else []  # An outside identity may have come without one.
        case e.PasswordResetAsked(request_id=request_id, expires_at=until):
            return [QueueMail(template=template, user_id=user_id, request_id=request_id, expires_at=until)]
    return [QueueMail(template=template, user_id=user_id)]


INVITATIONS: Final = {Kind.PROJECT: Template.PROJECT_INVITATION, Kind.TEAM: Template.TEAM_INVITATION}


@reacts("notifications.invitations", MemberInvited)
def invitation(recorded: Recorded[MemberInvited]) -> list[Command]:
    """To whoever reads mail at that address; the address is sealed with the key of the invitation, which is who the mail is for."""
    event = recorded.event
    template, invitation_id = INVITATIONS[event.kind], event.invitation_id
    return [QueueMail(template=template, user_id=invitation_id, to=event.email, request_id=event.target_id, expires_at=event.expires_at)]


@reacts("notifications.send", MailQueued)
def send(recorded: Recorded[MailQueued]) -> list[Command]:
    """Every attempt that was queued is made."""
    return [SendMail(mail_id=recorded.event.mail_id, attempt=recorded.event.attempt)]
