"""Passwords and keys that the first `up` of a clone invents."""

import base64
import secrets

import msgspec

from infra.local.state import State

FILE = "secrets.json"


class ServerSecrets(msgspec.Struct, frozen=True):
    """Passwords of the embedded servers' logins."""

    postgres_super: str
    postgres_owner: str
    postgres_app: str
    valkey: str


class Secrets(ServerSecrets, frozen=True):
    """Everything in `secrets.json`: the servers' passwords and the application's keys (fields as in `Settings`)."""

    master_key: str
    secret_key: str
    jwt_private_keys: str


def server_secrets(state: State) -> ServerSecrets:
    """The servers' passwords, made when there are none yet."""
    found = state.read(FILE, ServerSecrets)
    if found is None:
        found = ServerSecrets(*(secrets.token_urlsafe(24) for _ in ServerSecrets.__struct_fields__))
        state.write(FILE, found)
    return found


def all_secrets(state: State) -> Secrets:
    """The servers' passwords and the application's keys, each made when it is not there yet."""
    servers = server_secrets(state)
    kept = state.read(FILE, dict[str, str]) or {}
    if "jwt_private_keys" not in kept:
        # Imported here: `cryptography` takes as long to load as the rest of a small command.
        from infra.security.signing_keys import new_signing_key

        made = Secrets(**msgspec.to_builtins(servers), master_key=_random_key(), secret_key=_random_key(), jwt_private_keys=new_signing_key())
        state.write(FILE, made)
    found = state.read(FILE, Secrets)
    assert found is not None
    return found


def _random_key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()
