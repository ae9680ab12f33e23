"""What mails say. Plain text; nobody is greeted by name, since a stranger may have typed it to have us send their words."""

from typing import Final

import msgspec

from domain.notifications.template import Template

NOT_YOU: Final = "If it was not you: change your password at once, and sign out everywhere."
RESET_IT: Final = 'If it was not you: somebody may be in your account. Choose "forgotten password" at {address} at once.'

INVITED: Final = (
    "Somebody at Daybook invites you to their {what}.\n\n"
    "To become a member, follow this link within seven days and sign in; who has no account yet opens one first, with this e-mail address:"
    "\n\n{{link}}\n\n"
    "If you do not know why, do nothing: the invitation ends by itself."
)


class Text(msgspec.Struct, frozen=True):
    """Subject and body. `purpose` says what the link is for, if there is one, and `page` where it leads."""

    subject: str
    body: str
    purpose: str = ""
    page: str = ""


TEXTS: Final = {
    Template.VERIFY_EMAIL: Text(
        "Confirm your e-mail address",
        "Somebody, most likely you, opened an account at Daybook with this e-mail address.\n\n"
        "To confirm that it is yours, follow this link once:\n\n{link}\n\n"
        "If it was not you, do nothing: without the link nothing is confirmed.",
        "verify-email",
        "verify-email",
    ),
    Template.CONFIRM_EMAIL: Text(
        "Confirm your new e-mail address",
        "Somebody, most likely you, wants to use this e-mail address for their account at Daybook from now on.\n\n"
        "To confirm the change, follow this link once:\n\n{link}\n\n"
        "If it was not you, do nothing: without the link nothing changes.",
        "verify-email",
        "verify-email",
    ),
    Template.EMAIL_CHANGED: Text(
        "Your e-mail address was changed",
        "Your account at Daybook now has another e-mail address; this is the last mail to the old one.\n\n"
        "If it was not you: ask an administrator of {address} to give you your account back.",
    ),
    Template.RESET_PASSWORD: Text(
        "Choose a new password",
        "Somebody, most likely you, has forgotten the password of your account at Daybook.\n\n"
        "To choose a new one, follow this link within an hour; it works once:\n\n{link}\n\n"
        "If it was not you, do nothing: your password stays as it is.",
        "reset-password",
        "reset-password",
    ),
    Template.PASSWORD_CHANGED: Text(
        "Your password was changed",
        f"The password of your account at Daybook was changed, and other sessions were ended.\n\n{RESET_IT}",
    ),
    Template.REGISTRATION_REPEATED: Text(
        "You have an account already",
        "Somebody, most likely you, wanted to open an account at Daybook with this e-mail address. You have one already.\n\n"
        'Sign in as usual at {address}, or choose "forgotten password" there. If it was not you, do nothing.',
    ),
    Template.SESSION_REUSED: Text(
        "A session of yours was ended",
        "Something that keeps you signed in at Daybook was used twice. That happens when it was copied, so that session was ended.\n\n"
        f"Please sign in again. {NOT_YOU}",
    ),
    Template.ACCOUNT_DISABLED: Text(
        "Your account was disabled",
        "An administrator disabled your account at Daybook: you are signed out and cannot sign in.\n\n"
        "If you think that this is a mistake, ask an administrator of {address}.",
    ),
    Template.SECOND_FACTOR_ENABLED: Text(
        "Your second factor is on",
        f"From now on, signing in at Daybook also asks for a code of your authenticator app.\n\n{RESET_IT}",
    ),
    Template.SECOND_FACTOR_DISABLED: Text(
        "Your second factor is off",
        f"From now on, signing in at Daybook asks for your password only.\n\n{NOT_YOU}",
    ),
    Template.PROJECT_INVITATION: Text(
        "You are invited to a project",
        INVITED.format(what="project"),
        "accept-invitation",
        "invitation",
    ),
    Template.TEAM_INVITATION: Text(
        "You are invited to a team",
        INVITED.format(what="team"),
        "accept-invitation",
        "invitation",
    ),
    Template.RECOVERY_CODE_USED: Text(
        "A recovery code was used",
        f"Somebody, most likely you, signed in at Daybook with one of your recovery codes. It will not work again.\n\n{NOT_YOU}",
    ),
}


def written(template: Template, *, address: str, token: str = "") -> tuple[str, str]:
    """Subject and text. The token stands behind a `#`, so that a browser sends it to no server and notes it in no log."""
    text = TEXTS[template]
    link = f"{address}/{text.page}#token={token}"
    return text.subject, text.body.format(address=address, link=link) + "\n"
