"""Projects and teams of somebody, whatever their role: made by an administrator and given away."""

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
