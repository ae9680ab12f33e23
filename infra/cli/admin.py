"""`daybook admin`."""

import sys
from typing import TYPE_CHECKING, Any

import rich_click as click

if TYPE_CHECKING:
    from infra.settings import Settings


@click.group()
def command() -> None:
    """Administrators."""


@command.command()
@click.option("--email", required=True, help="How the administrator signs in.")
@click.option("--name", default="Administrator", show_default=True, help="How the administrator is called.")
@click.option("--password-stdin", is_flag=True, help="Read the password from the first line of standard input.")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
def create(*, email: str, name: str, password_stdin: bool, as_json: bool) -> None:
    """Make an administrator in the system this clone or the environment names. It need not run; its database must.

    The password is asked for, unless it comes with --password-stdin or in ADMIN_PASSWORD. It is never an argument,
    which every other user of the machine could read.

    Example: daybook admin create --email ada@example.org --name "Ada Lovelace"
    """
    import asyncio

    import msgspec
    import psycopg

    from domain.shared.refused import Refused
    from infra.cli._starting import process_settings
    from infra.local.state import LocalProblem

    settings = process_settings()
    password = _password(from_stdin=password_stdin)
    try:
        made = asyncio.run(_create(settings, email, name, password))
    except Refused as refused:
        raise LocalProblem(f"{refused.detail.rstrip('.')}: no administrator was made") from None
    except (psycopg.Error, OSError) as error:
        raise LocalProblem(f"the database cannot be reached: {str(error).strip().splitlines()[0]}") from None
    if as_json:
        click.echo(msgspec.json.encode(made).decode())
    else:
        click.echo(f"{made['email']} is an administrator now (user {made['id']}).")


def _password(*, from_stdin: bool) -> str:
    from infra.local.state import LocalProblem
    from infra.settings import given

    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")

    found = given("ADMIN_PASSWORD")
    if found:
        return found
    if not sys.stdin.isatty():
        raise LocalProblem("a password is needed: type it on a terminal, or use --password-stdin or ADMIN_PASSWORD")
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))


async def _create(settings: "Settings", email: str, name: str, password: str) -> dict[str, Any]:
    from application.identity.typed import Typed
    from application.identity.user import CreateUser, EnsureAdmin
    from domain.identity.role import Role
    from infra.app import system

    async with system(settings, readers=1) as parts:
        # The first one also settles that there is one, so that a later `up` on this database does not invent another.
        wish = EnsureAdmin(email=email, name=name, password=Typed(password))
        first = (await parts.dispatch(wish, parts.context())).result
        if first.made:
            return {"id": first.user_id, "email": email, "name": name}
        another = CreateUser(email=email, name=name, password=Typed(password), role=Role.ADMIN)
        person = (await parts.dispatch(another, parts.context())).result
        return {"id": person.id, "email": person.email, "name": person.name}
