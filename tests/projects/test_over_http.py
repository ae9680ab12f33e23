"""Projects and teams as they are spoken: lists, members by name, activity, and who is told what."""

import asyncio
import re
from uuid import uuid4

from tests.eventually import eventually
from tests.http.daybook import PASSWORD, problem

PROJECTS, TEAMS = "/api/v1/projects", "/api/v1/teams"


async def made(api, who, path=PROJECTS, **fields):
    answer = await api("POST", path, who.headers, json={"name": "Garden"} | fields)
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == f"{path}/{answer.json()['id']}"
    return answer.json()


async def joins(api, owner, path, circle, who, role="member"):
    answer = await api("POST", f"{path}/{circle['id']}/members", owner.headers, json={"user_id": who.id, "role": role})
    assert answer.status_code == 201, answer.text
    return answer


def ids(answer):
    assert answer.status_code == 200, answer.text
    return [one["id"] for one in answer.json()["items"]]


async def test_a_project_is_made_read_changed_moved_on_deleted_and_brought_back(api):
    owner = await api.account()
    fields = {
        "start_date": "2026-03-01",
        "end_date": "2026-06-01",
        "tags": ["Green"],
        "settings": {"public": False},
        "category": "outdoor",
        "priority": "Critical",
    }
    project = await made(api, owner, **fields, custom_data={"rows": [1, 2]}, status="ACTIVE")
    path = f"{PROJECTS}/{project['id']}"
    assert (project["status"], project["tags"], project["version"], project["member_ids"]) == ("active", ["green"], 1, [owner.id])
    assert (project["priority"], project["settings"]) == ("urgent", {"public": False})
    shown = await api("GET", path, owner.headers)
    assert shown.json() == {name: value for name, value in project.items() if name != "position"}
    assert (await api("GET", path, owner.headers, headers={"If-None-Match": shown.headers["etag"]})).status_code == 304
    changed = await api("PATCH", path, owner.headers, json={"description": "Behind the house", "end_date": None}, headers={"If-Match": '"1"'})
    assert (changed.json()["description"], changed.json()["end_date"], changed.json()["custom_data"]) == ("Behind the house", None, {"rows": [1, 2]})
    assert problem(await api("PUT", path, owner.headers, json={"name": "Orchard"}, headers={"If-Match": '"1"'})) == (412, "precondition_failed")
    wrong = await api("POST", f"{path}/status", owner.headers, json={"status": "planning"})
    assert problem(wrong) == (409, "invalid_transition")
    assert (wrong.json()["from"], wrong.json()["to"], wrong.json()["allowed"]) == ("active", "planning", ["on_hold", "completed", "archived"])
    assert (await api("POST", f"{path}/status", owner.headers, json={"status": "on_hold", "reason": "Frost"})).json()["status"] == "on_hold"
    assert (await api("DELETE", path, owner.headers)).status_code == 204
    assert problem(await api("GET", path, owner.headers)) == (404, "not_found")
    assert (await api("POST", f"{path}/restore", owner.headers)).json()["status"] == "on_hold"
    assert (await api("POST", f"{path}/archive", owner.headers)).json()["status"] == "archived"
    for method, at, body in (("PATCH", path, {"name": "Orchard"}), ("POST", f"{path}/members", {"user_id": (await api.account()).id})):
        assert problem(await api(method, at, owner.headers, json=body)) == (409, "project_archived")


async def test_a_name_that_is_taken_is_409_also_for_two_at_once(api):
    owner = await api.account()
    answers = await asyncio.gather(*(api("POST", PROJECTS, owner.headers, json={"name": name}) for name in ("Garden", "GARDEN", "garden")))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]
    assert {problem(answer) for answer in answers if answer.status_code == 409} == {(409, "name_taken")}


async def test_one_sees_ones_own_projects_and_those_of_ones_teams_and_an_administrator_all(api):
    ann, bob, cat = [await api.account() for _ in range(3)]
    team = await made(api, ann, TEAMS)
    await joins(api, ann, TEAMS, team, bob)
    of_team = await made(api, ann, team_id=team["id"], tags=["green"], status="active")
    shared = await made(api, ann, name="Shared orchard")
    await joins(api, ann, PROJECTS, shared, bob, "viewer")
    alone = await made(api, ann, name="Cellar")
    newest = f"min_position={alone['position']}"
    assert ids(await api("GET", f"{PROJECTS}?{newest}", ann.headers)) == [alone["id"], shared["id"], of_team["id"]]
    assert ids(await api("GET", f"{PROJECTS}?{newest}", bob.headers)) == [shared["id"], of_team["id"]]
    assert ids(await api("GET", f"{PROJECTS}?{newest}", cat.headers)) == []
    assert ids(await api("GET", f"{PROJECTS}?{newest}&q=ORCHARD", ann.headers)) == [shared["id"]]
    for query in ("status=active", "tag=Green", f"team_id={team['id']}"):
        assert ids(await api("GET", f"{PROJECTS}?{newest}&{query}", ann.headers)) == [of_team["id"]]
    first = await api("GET", f"{PROJECTS}?limit=2", ann.headers)
    rest = await api("GET", f"{PROJECTS}?limit=2&cursor={first.json()['next_cursor']}", ann.headers)
    assert ids(first) + ids(rest) == [alone["id"], shared["id"], of_team["id"]]
    assert {alone["id"], of_team["id"]} <= set(ids(await api("GET", f"{PROJECTS}?limit=200&{newest}", await api.admin())))
    for path in (f"{TEAMS}/{team['id']}/projects", f"{PROJECTS}/team/{team['id']}"):
        assert ids(await api("GET", path, bob.headers)) == [of_team["id"]]
        assert problem(await api("GET", path, cat.headers)) == (404, "not_found")
    assert ids(await api("GET", f"{TEAMS}?{newest}", bob.headers)) == [team["id"]]
    assert ids(await api("GET", f"{TEAMS}?{newest}", cat.headers)) == []
    assert (await api("GET", f"{PROJECTS}/{of_team['id']}", bob.headers)).status_code == 200
    assert problem(await api("PATCH", f"{PROJECTS}/{of_team['id']}", bob.headers, json={"name": "Mine"})) == (403, "forbidden")
    deleted = await api("DELETE", f"{TEAMS}/{team['id']}", ann.headers)
    assert ids(await api("GET", f"{PROJECTS}?min_position={deleted.headers['daybook-position']}", bob.headers)) == [shared["id"]]


async def test_members_know_each_other_by_name_and_strangers_learn_nothing(api):
    owner, member, stranger, auditor = await api.account(), await api.account(), await api.account(), await api.account("auditor")
    project = await made(api, owner)
    path = f"{PROJECTS}/{project['id']}/members"
    told = await joins(api, owner, PROJECTS, project, member, "VIEWER")
    assert told.headers["location"] == f"{path}/{member.id}"
    everybody = [{"id": owner.id, "name": "One user", "role": "owner"}, {"id": member.id, "name": "One user", "role": "viewer"}]
    for who in (owner.headers, member.headers, await api.admin()):
        assert (await api("GET", path, who)).json()["items"] == everybody
    assert (await api("GET", path, auditor.headers)).json()["items"][0]["name"] == "O*** u***"
    assert problem(await api("GET", path, stranger.headers)) == (404, "not_found")
    one = await api("GET", f"{path}/{member.id}", member.headers)
    assert (one.json()["role"], one.headers["etag"]) == ("viewer", f'"{told.json()["version"]}"')
    assert problem(await api("PATCH", f"{path}/{member.id}", member.headers, json={"role": "manager"})) == (403, "forbidden")
    stale = await api("PATCH", f"{path}/{member.id}", owner.headers, json={"role": "manager"}, headers={"If-Match": '"1"'})
    assert problem(stale) == (412, "precondition_failed")
    assert (await api("PATCH", f"{path}/{member.id}", owner.headers, json={"role": "manager"})).json()["role"] == "manager"
    assert problem(await api("DELETE", f"{path}/{owner.id}", member.headers)) == (409, "owner_needed")
    assert (await api("DELETE", f"{path}/{member.id}", member.headers)).status_code == 204
    assert problem(await api("GET", path, member.headers)) == (404, "not_found")


async def test_what_happens_in_a_project_is_told_newest_first_and_a_move_in_both(api):
    owner, member, stranger = await api.account(), await api.account(), await api.account()
    team = await made(api, owner, TEAMS)
    here, there = await made(api, owner, team_id=team["id"]), await made(api, owner, name="Orchard", team_id=team["id"])
    await joins(api, owner, PROJECTS, here, member)
    await api.task(owner.headers, title="In no project")
    task = await api.task(member.headers, title="Dig", project_id=here["id"], payload={"secret": "p" * 900}, description="d" * 900)
    await api("PATCH", f"/api/v1/tasks/{task['id']}", member.headers, json={"title": "Dig deep"})
    feed = await api("GET", f"{PROJECTS}/{here['id']}/activity", member.headers)
    items = feed.json()["items"]
    assert [one["type"] for one in items] == ["task.edited", "task.created", "project.member_added", "project.created"]
    assert [one["title"] for one in items] == ["Dig deep", "Dig", None, "Garden"]
    assert [one["subject_id"] for one in items] == [task["id"], task["id"], here["id"], here["id"]]
    assert (items[0]["actor_id"], items[0]["actor_name"], items[0]["facts"]) == (member.id, "One user", {"changed": ["title"]})
    assert (items[2]["facts"], "ppp" in feed.text, "ddd" in feed.text) == ({"user_id": member.id, "role": "member"}, False, False)
    pages = [(await api("GET", f"{PROJECTS}/{here['id']}/activity?limit=3", owner.headers)).json()]
    pages.append((await api("GET", f"{PROJECTS}/{here['id']}/activity?limit=3&cursor={pages[0]['next_cursor']}", owner.headers)).json())
    assert [one for page in pages for one in page["items"]] == items
    whole = (await api("GET", f"{TEAMS}/{team['id']}/activity", owner.headers)).json()["items"]
    assert {one["project_id"] for one in whole} == {here["id"], there["id"]}
    assert [one["position"] for one in whole] == sorted((one["position"] for one in whole), reverse=True)
    first = (await api("GET", f"{TEAMS}/{team['id']}/activity?limit=3", owner.headers)).json()
    rest = (await api("GET", f"{TEAMS}/{team['id']}/activity?limit=3&cursor={first['next_cursor']}", owner.headers)).json()
    assert first["items"] + rest["items"] == whole
    for path in (f"{PROJECTS}/{here['id']}/activity", f"{TEAMS}/{team['id']}/activity"):
        assert problem(await api("GET", path, stranger.headers)) == (404, "not_found")


async def test_who_is_invited_by_mail_registers_and_joins_and_who_invited_sees_it(api, office):
    owner, stranger, email = await api.account(), await api.account(), f"{uuid4().hex}@example.org"
    team = await made(api, owner, TEAMS, name="Gardeners")
    path = f"{TEAMS}/{team['id']}/invitations"
    sent = await api("POST", path, owner.headers, json={"email": email, "role": "manager"})
    assert (sent.status_code, sent.headers["location"], email in sent.text) == (201, f"{path}/{sent.json()['id']}", False)
    assert (await api("POST", path, owner.headers, json={"email": email.upper(), "role": "MANAGER"})).json()["id"] == sent.json()["id"]
    shown = (await api("GET", f"{path}/{sent.json()['id']}", owner.headers)).json()
    assert (shown["email"], shown["status"], shown["name"], shown["inviter_name"]) == (email, "pending", "Gardeners", "One user")
    token = await mailed(office, email)
    assert problem(await api("POST", f"/api/v1/invitations/{token}/accept", stranger.headers)) == (404, "not_found")
    registered = await api("POST", "/api/v1/auth/register", json={"email": email, "name": "Ada Lovelace", "password": PASSWORD})
    ada = {"Authorization": f"Bearer {registered.json()['access_token']}"}
    assert (await api("GET", "/api/v1/invitations", ada)).json()["items"] == []  # Nobody proved yet that this address is hers.
    accepted = await api("POST", f"/api/v1/invitations/{token}/accept", ada)
    assert (accepted.status_code, accepted.json()["target_id"], accepted.json()["accepted"]) == (200, team["id"], True)
    assert [one["role"] for one in (await api("GET", f"{TEAMS}/{team['id']}/members", ada)).json()["items"]] == ["owner", "manager"]
    listed = (await api("GET", f"{path}?min_position={accepted.json()['position']}", owner.headers)).json()["items"]
    assert [(one["status"], one["email"]) for one in listed] == [("accepted", None)]
    assert problem(await api("GET", path, stranger.headers)) == (404, "not_found")


async def test_what_one_is_invited_to_is_listed_once_ones_address_is_proved_and_can_be_declined(api, office):
    owner, email = await api.account(), f"{uuid4().hex}@example.org"
    registered = await api("POST", "/api/v1/auth/register", json={"email": email, "name": "Ada Lovelace", "password": PASSWORD})
    ada = {"Authorization": f"Bearer {registered.json()['access_token']}"}
    assert (await api("POST", "/api/v1/auth/verify-email", json={"token": await mailed(office, email, "verify-email")})).status_code == 204
    project = await made(api, owner)
    path = f"{PROJECTS}/{project['id']}/invitations"
    sent = (await api("POST", path, owner.headers, json={"email": email})).json()
    (mine,) = (await api("GET", f"/api/v1/invitations?min_position={sent['position']}", ada)).json()["items"]
    assert (mine["id"], mine["name"], mine["role"], mine["email"]) == (sent["id"], "Garden", "member", email)
    declined = await api("POST", f"/api/v1/invitations/{mine['id']}/decline", ada)
    assert (declined.status_code, declined.json()["accepted"]) == (200, False)
    assert (await api("GET", "/api/v1/invitations", ada)).json()["items"] == []
    assert problem(await api("POST", f"/api/v1/invitations/{mine['id']}/accept", ada)) == (409, "invitation_over")
    again = (await api("POST", path, owner.headers, json={"email": email})).json()
    assert (await api("DELETE", f"{path}/{again['id']}", owner.headers)).status_code == 204
    assert problem(await api("GET", f"{PROJECTS}/{project['id']}", ada)) == (404, "not_found")


async def test_an_erased_owner_is_followed_by_the_member_who_reaches_furthest(api):
    owner, heir = await api.account(), await api.account()
    project, alone = await made(api, owner), await made(api, owner, name="Cellar")
    await joins(api, owner, PROJECTS, project, heir)
    assert (await api("DELETE", f"/api/v1/users/{owner.id}", await api.admin())).status_code == 204

    async def is_theirs() -> bool:
        shown = (await api("GET", f"{PROJECTS}/{project['id']}", heir.headers)).json()
        return (shown["owner_id"], shown["member_ids"]) == (heir.id, [heir.id])

    async def is_nobodys() -> bool:
        return (await api("GET", f"{PROJECTS}/{alone['id']}", await api.admin())).status_code == 404

    await eventually(is_theirs)
    await eventually(is_nobodys)


async def mailed(office, email, page="invitation"):
    """The word in the mail that this address got."""

    async def come():
        texts = [one.get_content() for one in office.taken if one["To"] == email]
        return [found for text in texts for found in re.findall(rf"https://daybook\.example/{page}#token=(\S+)", text)]

    return (await eventually(come))[-1]
