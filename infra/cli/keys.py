"""`daybook keys`."""

from typing import TYPE_CHECKING

import rich_click as click

from infra.cli._starting import with_system

if TYPE_CHECKING:
    from domain.identity.keyring import Keyring
    from infra.app import System


@click.group()
def command() -> None:
    """The keys that sign access tokens, and the one that seals the vault."""


@command.command()
@click.option("--after", type=click.FloatRange(5.0), default=5.0, show_default=True, help="Seconds until the new key signs.")
def rotate(after: float) -> None:
    """Make a new signing key. The system goes on meanwhile and refuses no token: the key is published at once and signs a little later.

    Programs outside that keep `/.well-known/jwks.json` and do not look again when they meet an unknown key need --after 300.
    The old key goes on verifying; `keys retire` ends that.

    Example: daybook keys rotate
    """

    async def make(parts: "System") -> None:
        import asyncio

        from application.identity.keyring import AddSigningKey, PrivateKey
        from infra.security.signing_keys import new_signing_key, read_signing_keys

        pem = await asyncio.to_thread(new_signing_key)
        wish = AddSigningKey(kid=read_signing_keys(pem)[0].kid, private=PrivateKey(pem.encode()), seconds=after)
        key = (await parts.dispatch(wish, parts.context())).result
        click.echo(f"{key.kid} is published now and signs from {key.signs_from:%H:%M:%S} UTC.")

    with_system(make)


@command.command(name="list")
def list_keys() -> None:
    """Show every signing key: the one that signs, those that only verify, and those that are retired.

    Example: daybook keys list
    """

    async def show(parts: "System") -> None:
        from infra.security.signing_keys import read_signing_keys

        ring, now = await _ring(parts), parts.log.now()
        fixed = [key.kid for key in read_signing_keys(parts.settings.jwt_private_keys)]
        signing = ring.signing(now)
        signs = signing.kid if signing is not None else fixed[0]
        for key in reversed(ring.keys):
            state = "signs" if key.kid == signs else "verifies" if key.signs_from <= now else f"signs from {key.signs_from:%Y-%m-%d %H:%M:%S} UTC"
            click.echo(f"{key.kid}  {state}")
        for kid in fixed:
            if kid not in ring.retired:
                click.echo(f"{kid}  {'signs' if kid == signs else 'verifies'} (JWT_PRIVATE_KEYS)")
        for kid in sorted(ring.retired):
            click.echo(f"{kid}  retired")

    with_system(show)


@command.command()
@click.argument("kid")
@click.option("--at-once", is_flag=True, help="Although tokens that it signed may still be in use; who holds one must refresh it.")
def retire(kid: str, *, at_once: bool) -> None:
    """Believe a key no more. The one that signs, or is to, cannot be retired: rotate first.

    Example: daybook keys retire 3q2-7w --at-once
    """

    async def end(parts: "System") -> None:
        from application.identity.keyring import RetireSigningKey
        from infra.local.state import LocalProblem
        from infra.security.signing_keys import read_signing_keys

        ring, now = await _ring(parts), parts.log.now()
        known = {key.kid for key in ring.keys} | {key.kid for key in read_signing_keys(parts.settings.jwt_private_keys)} | ring.retired
        if kid not in known:
            raise LocalProblem(f"there is no signing key {kid}: see `daybook keys list`")
        signing = ring.signing(now)
        living = 0.0 if signing is None else parts.settings.access_lifetime - (now - signing.signs_from).total_seconds()
        if living > 0 and not at_once and kid not in ring.retired:
            raise LocalProblem(f"tokens of this key may live for {living:.0f} s more: wait, or add --at-once")
        await parts.dispatch(RetireSigningKey(kid=kid), parts.context())
        click.echo(f"{kid} is retired.")

    with_system(end)


@command.command()
def reseal() -> None:
    """Seal every entry of the vault with the newest master key, so that an older one can be thrown away. The system goes on meanwhile.

    First put the new key in front of the old one (MASTER_KEY=new,old) and start every process again; then run this, with the same
    setting; then take the old key away. Interrupted, it goes on where it was.

    Example: daybook keys reseal
    """

    async def renew(parts: "System") -> None:
        from infra.cli._bars import bars
        from infra.local.state import LocalProblem
        from infra.postgres import reseal as vault

        async with parts.log.readers.connection() as connection:
            with bars() as bar:
                advance = bar("vault", await vault.count(connection))

                def moved(entries: int) -> None:
                    for _ in range(entries):
                        advance()

                done = await vault.reseal(connection, parts.sealing, moved)
        if done.unopened:
            told = f"{done.replaced} entries were sealed anew, but {len(done.unopened)} open with none of these keys"
            raise LocalProblem(f"{told}: keep the key they were sealed with, and add it to MASTER_KEY")
        click.echo(f"{done.replaced} entries were sealed anew; every entry is sealed with the newest key now.")

    with_system(renew)


async def _ring(parts: "System") -> "Keyring":
    from domain.identity.keyring import KEYRING, Keyring

    ring, _ = await parts.log.load(Keyring, KEYRING)
    return ring
