"""Settings of the servers behind Daybook, of its keys and of its processes."""

import msgspec

from infra.settings.words import Secret


class ServerSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What every process needs to be one of this system."""

    database_url: Secret
    redis_url: Secret
    master_key: Secret
    """32 random bytes in base64: wraps the keys of persons and seals the vault."""
    secret_key: Secret
    """32 random bytes in base64: pepper, HMACs and cursors are derived from it."""
    jwt_private_keys: Secret
    """RSA keys (PEM, one after another): the first signs, all verify."""
    migration_database_url: Secret = ""
    """The login that owns the tables; the same as `database_url` where left out."""
    broker_url: Secret = ""
    """Where chunks of the log are announced; `redis_url` where left out. Only `redis://` and `rediss://` so far."""
    env: str = "development"
    host: str = "127.0.0.1"
    port: int = 3000
    public_url: str = ""
    """Where people reach this API, for links in mails and for OpenID Connect; `http://HOST:PORT` where left out."""
    database_connections: int = 4
    """At most, of one process for the requests it serves."""
    sweep_interval: float = 1.0
    """Seconds between two looks of the clock for what is due."""
    shutdown_timeout: float = 8.0
    """Seconds in which a process that is told to end finishes what it is at."""
    log_level: str = "info"

    @property
    def owner_url(self) -> str:
        """The database login that migrates."""
        return self.migration_database_url or self.database_url

    @property
    def broker(self) -> str:
        """The address of the broker."""
        return self.broker_url or self.redis_url

    @property
    def address(self) -> str:
        """Where people reach this API, without a slash at the end."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")
