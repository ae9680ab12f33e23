"""Replacing the keys that sign access tokens. Asked on the command line only."""

from datetime import timedelta

from application.shared.command import Command, handles
from application.shared.ports import Ports
from domain.identity.keyring import KEYRING, Keyring, RingKey


class PrivateKey(bytes):
    """A private key (PEM) on its way to the vault; shows itself to nobody."""

    def __repr__(self) -> str:
        return "PrivateKey(***)"


class AddSigningKey(Command, frozen=True):
    """Put a key on the ring that signs after `seconds`: longer than any process takes to hear of it."""

    kid: str
    private: PrivateKey
    seconds: float


class RetireSigningKey(Command, frozen=True):
    """Believe a key no more."""

    kid: str


@handles(AddSigningKey)
async def add_signing_key(command: AddSigningKey, ports: Ports) -> RingKey:
    """The key as it stands on the ring; the private part goes into the vault."""
    ring = await ports.log.load(Keyring, KEYRING)
    key = RingKey(command.kid, ports.new_id(), ports.now + timedelta(seconds=command.seconds))
    ports.log.stage(ring, *ring.add(key))
    ports.log.keep("signing_key", key.key_id, command.private)
    return key


@handles(RetireSigningKey)
async def retire_signing_key(command: RetireSigningKey, ports: Ports) -> None:
    """Raises `SigningKeyNeeded` for a key that signs or is to."""
    ring = await ports.log.load(Keyring, KEYRING)
    ports.log.stage(ring, *ring.retire(command.kid, ports.now))
    for key in ring.keys:
        if key.kid == command.kid:
            ports.log.keep("signing_key", key.key_id, None)
