"""Whatever is tried with accounts and permissions, an auditor finds it afterwards (security.md 16).

Each kind by itself, and the summing up beyond ten a minute: tests/audit. That nobody, the application's role least of all, changes
or removes what is in the log: tests/infra/log/test_history_is_final.py.
"""

from tests.eventually import eventually
from tests.http.daybook import PASSWORD, Account, Api, own_api, problem
from tests.http.strangers import bearer, key_of, signed_in
from tests.identity.second_factors import challenge, enable
from tests.security.instances import another

__all__ = ["own_api"]  # What others tried in vain would be summed up together.


async def actions(api: Api, auditor: Account, **sought: str) -> set[str]:
    answer = await api("GET", "/api/v1/admin/audit", auditor.headers, params={"limit": 200, **sought})
    assert answer.status_code == 200, answer.text
    return {entry["action"] for entry in answer.json()["items"]}


async def listed(api: Api, auditor: Account, wanted: set[str], **sought: str) -> None:
    async def all_of_them() -> bool:
        return wanted <= await actions(api, auditor, **sought)

    await eventually(all_of_them, what=f"{wanted} in the audit")


async def test_signing_in_in_every_way_and_failing_to(api):
    auditor, ann = await api.account("auditor"), await signed_in(api, "user")
    me = bearer(ann["access_token"])
    user_id = ann["user"]["id"]
    authenticator, codes = await enable(api.http, me, api.system.log.now)
    login = {"email": ann["email"], "password": PASSWORD}
    for code in (authenticator.wrong(), codes[0]):
        token = await challenge(api.http, login)
        await api("POST", "/api/v1/auth/2fa/verify", json={"mfa_token": token, "code": code})
    await api("POST", "/api/v1/auth/login", json=login | {"password": "not the password"})
    wanted = {"user.session_opened", "audit.sign_in_failed"}
    await listed(api, auditor, wanted, subject=user_id)

    async def both() -> bool:
        answer = await api("GET", f"/api/v1/admin/audit?action=audit.sign_in_failed&subject={user_id}", auditor.headers)
        return {entry["details"]["operation"] for entry in answer.json()["items"]} == {"log_in", "verify_second_factor"}

    await eventually(both)


async def test_a_copied_refresh_token(api):
    auditor = await api.account("auditor")
    async with another(api, refresh_grace_seconds=0) as strict:
        ann = await signed_in(strict, "user")
        for _ in range(2):
            answer = await strict("POST", "/api/v1/auth/refresh", json={"refresh_token": ann["refresh_token"]})
        assert problem(answer) == (401, "refresh_reused")
    await listed(api, auditor, {"user.refresh_reuse_detected", "user.session_ended"}, subject=ann["user"]["id"])


async def test_what_administrators_do_to_accounts_stands_there_under_their_name(api):
    auditor, boss, ann = await api.account("auditor"), await api.account("admin"), await api.account()
    for path, body in (("roles", {"role": "manager"}), ("disable", {"reason": "left"}), ("enable", None)):
        more = {} if body is None else {"json": body}
        answer = await api("POST", f"/api/v1/users/{ann.id}/{path}", boss.headers, **more)
        assert answer.status_code < 300, answer.text
    assert (await api("DELETE", f"/api/v1/users/{ann.id}", boss.headers)).status_code == 204
    await listed(api, auditor, {"user.role_granted", "user.disabled", "user.enabled", "user.erased"}, actor=boss.id, subject=ann.id)


async def test_every_way_of_being_refused(api):
    auditor, ann = await api.account("auditor"), await api.account()
    task = await api.task(await api.admin())
    _, key, _ = await key_of("user", "tasks:read")(api)
    assert problem(await api("GET", "/api/v1/users", ann.headers)) == (403, "insufficient_role")
    assert problem(await api("GET", f"/api/v1/tasks/{task['id']}", ann.headers)) == (404, "not_found")
    assert problem(await api("POST", "/api/v1/tasks", key, json={"title": "x"})) == (403, "insufficient_scope")
    wrong = {"email": "m@example.org", "name": "M", "password": PASSWORD, "role": "admin"}
    assert problem(await api("POST", "/api/v1/auth/register", json=wrong)) == (403, "role_not_assignable")

    async def told() -> set[str]:
        answer = await api("GET", "/api/v1/admin/audit?action=audit.permission_refused&limit=200", auditor.headers)
        return {entry["details"]["code"] for entry in answer.json()["items"]}

    async def all_of_them() -> bool:
        return {"insufficient_role", "not_found", "insufficient_scope", "role_not_assignable"} <= await told()

    await eventually(all_of_them)
    by_key = (await api("GET", "/api/v1/admin/audit?action=audit.permission_refused&limit=200", auditor.headers)).json()["items"]
    assert any(entry["details"].get("key_id") for entry in by_key if entry["details"]["code"] == "insufficient_scope")
