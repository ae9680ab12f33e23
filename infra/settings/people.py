"""Settings of accounts, sessions and sign-in."""

from infra.settings.servers import ServerSettings
from infra.settings.words import Secret, duration


class PeopleSettings(ServerSettings, frozen=True, kw_only=True):
    """Who may come in, how, and for how long."""

    jwt_issuer: str = "daybook"
    jwt_audience: str = "daybook"
    jwt_expires_in: str = "10m"
    jwt_refresh_expiration: str = "30d"
    refresh_grace_seconds: int = 10
    session_idle_timeout: str = "0"
    """How long a session lives without a refresh; 0: as long as it may at all."""
    session_max_per_user: int = 0
    step_up_max_age: str = "10m"
    """How long after a sign-in what is sensitive may be done without another one."""
    admin_email: str = ""
    admin_password: Secret = ""
    bcrypt_cost: int = 12
    registration_enabled: bool = True
    registration_privacy: bool = False
    """Registering answers 202 whether the e-mail is known or not; the rest is said by mail."""
    email_blocked_domains: str = ""
    """Domains whose e-mails cannot register, nor those of domains below them; commas between them."""
    oidc_providers: Secret = ""
    """JSON list of outside providers: name, issuer, client_id, client_secret, and if wanted scopes and allowed_domains."""
    google_client_id: str = ""
    google_client_secret: Secret = ""
    ms_client_id: str = ""
    ms_client_secret: Secret = ""
    ms_tenant_id: str = ""
    """These five: the providers `google` and `microsoft`, beside those of `oidc_providers`."""
    allowed_domains: str = ""
    """Domains (commas between them) of the verified e-mails that `google` and `microsoft` let in; empty: all."""

    @property
    def access_lifetime(self) -> int:
        """Seconds an access token is valid."""
        return duration(self.jwt_expires_in)

    @property
    def refresh_lifetime(self) -> int:
        """Seconds after which a session ends, however often it was refreshed."""
        return duration(self.jwt_refresh_expiration)

    @property
    def session_idle(self) -> int:
        """Seconds a session lives without a refresh; 0: as long as it may at all."""
        return 0 if self.session_idle_timeout == "0" else duration(self.session_idle_timeout)

    @property
    def step_up_lifetime(self) -> int:
        """Seconds after a sign-in in which what is sensitive may be done."""
        return duration(self.step_up_max_age)
