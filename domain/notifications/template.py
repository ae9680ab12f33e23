"""What a mail can be about."""

from enum import StrEnum


class Template(StrEnum):
    """The name of a text; kept in events, so a name is never given to another text."""

    VERIFY_EMAIL = "verify_email"
    CONFIRM_EMAIL = "confirm_email"
    EMAIL_CHANGED = "email_changed"
    RESET_PASSWORD = "reset_password"  # noqa: S105 — the name of a text.
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 — the name of a text.
    REGISTRATION_REPEATED = "registration_repeated"
    SESSION_REUSED = "session_reused"
    ACCOUNT_DISABLED = "account_disabled"
    SECOND_FACTOR_ENABLED = "second_factor_enabled"
    SECOND_FACTOR_DISABLED = "second_factor_disabled"
    RECOVERY_CODE_USED = "recovery_code_used"
    PROJECT_INVITATION = "project_invitation"
    TEAM_INVITATION = "team_invitation"
    NOTIFICATION = "notification"
    """About one notification; its kind says which text."""
    DIGEST = "digest"
