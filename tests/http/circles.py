"""Projects, teams and invitations of somebody, whatever their role: made by an administrator and given away."""

from uuid import UUID, uuid4

from application.projects.invitation import PURPOSE
from application.shared.link_token import LinkToken
from tests.http.daybook import Account, Api


async def circle_of(api: Api, whose: Account, kind: str) -> str:
    admin = await api.admin()
    made = await api("POST", f"/api/v1/{kind}s", admin, json={"name": f"Of {whose.id}"})
    assert made.status_code == 201, made.text
    given = await api("POST", f"/api/v1/{kind}s/{made.json()['id']}/owner", admin, json={"user_id": whose.id})
    assert given.status_code == 200, given.text
    return str(made.json()["id"])


async def a_project(api: Api, whose: Account) -> dict[str, str]:
    return {"project_id": await circle_of(api, whose, "project"), "user_id": whose.id}


async def a_team(api: Api, whose: Account) -> dict[str, str]:
    return {"team_id": await circle_of(api, whose, "team"), "user_id": whose.id}


async def an_invitation_to(api: Api, whose: Account, kind: str, email: str | None = None) -> dict[str, str]:
    circle_id = await circle_of(api, whose, kind)
    body = {"email": email or f"{uuid4().hex}@example.org"}
    sent = await api("POST", f"/api/v1/{kind}s/{circle_id}/invitations", await api.admin(), json=body)
    assert sent.status_code == 201, sent.text
    return {f"{kind}_id": circle_id, "invitation_id": sent.json()["id"]}


async def a_project_invitation(api: Api, whose: Account) -> dict[str, str]:
    return await an_invitation_to(api, whose, "project")


async def a_team_invitation(api: Api, whose: Account) -> dict[str, str]:
    return await an_invitation_to(api, whose, "team")


async def an_invitation(api: Api, whose: Account) -> dict[str, str]:
    """For somebody, with the word in the mail."""
    email = (await api("GET", "/api/v1/auth/me", whose.headers)).json()["email"]
    made = await an_invitation_to(api, await api.account("user"), "project", email)
    return {"token": LinkToken(PURPOSE, UUID(made["invitation_id"]), UUID(made["project_id"])).text(api.system.sealing)}
