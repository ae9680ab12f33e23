"""Settings of mail and notifications."""

from infra.settings.people import PeopleSettings
from infra.settings.words import Secret, duration


class MailSettings(PeopleSettings, frozen=True, kw_only=True):
    """How people are told."""

    smtp_host: str = ""
    """Without it mails are written to `email_folder` or, without that one too, shown in the log."""
    smtp_port: int = 587
    smtp_user: str = ""
    smtp_password: Secret = ""
    smtp_security: str = "starttls"
    """`starttls`, `tls` or `none`."""
    smtp_fallback_host: str = ""
    """A second server, asked while the first one is away; without it mails wait for the first."""
    smtp_fallback_port: int = 587
    smtp_fallback_user: str = ""
    smtp_fallback_password: Secret = ""
    smtp_fallback_security: str = "starttls"
    email_from: str = "Daybook <daybook@localhost>"
    email_folder: str = ""
    """A folder for mails as `.eml` files, where there is no mail server."""
    email_rate: float = 10.0
    """Mails per second that are handed over in the long run; 0: as many as there are."""
    email_burst: int = 50
    """Mails that may be handed over at once after a quiet time."""
    notification_retention: str = "90d"
    """How long a notification is shown."""

    @property
    def notification_lifetime(self) -> int:
        """Seconds a notification is shown."""
        return duration(self.notification_retention)
