"""The matrix: every operation of the document × every kind of caller × own and other objects, against one table (security.md 10)."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import httpx
import pytest

from tests.eventually import eventually
from tests.http.authorisation import ENDS, READS, RULES
from tests.http.daybook import Account, Api, Headers, problem
from tests.http.objects import OBJECTS
from tests.http.operations import Operation, operations
from tests.http.strangers import BOUNDED, STRANGERS

ROLES = ("admin", "manager", "auditor", "user", "guest", "node", "service")
NOT_PERMITTED = {"insufficient_role", "insufficient_scope"}


@pytest.fixture(scope="module")
async def served(api: Api) -> dict[str, Any]:
    told: dict[str, Any] = (await api("GET", "/api/v1/meta/permissions")).json()
    return told


@pytest.fixture(scope="module")
async def callers(api: Api) -> dict[str, Account]:
    return {role: await api.account(role) for role in ROLES}


@pytest.fixture(scope="module")
def reach(served) -> Callable[[str, str], str]:
    table = {row["permission"]: row["reach"] for row in served["permissions"]}
    return lambda role, permission: "all" if permission == "public" else table[permission][role]


@pytest.fixture(scope="module")
def known(api: Api) -> dict[str, Operation]:
    """Those with a line in the table; that there is none without is a test of its own."""
    return {name: one for name, one in operations(api).items() if name in RULES}


async def of_role(api: Api, callers: dict[str, Account], role: str, name: str) -> Account:
    """Somebody of this role: a new account where the operation could end it."""
    return await api.account(role) if name in ENDS else callers[role]


def code_of(answer: httpx.Response) -> str:
    return problem(answer)[1] if answer.headers.get("content-type") == "application/problem+json" else ""


async def test_every_operation_has_a_line_in_the_table(api):
    assert set(operations(api)) == set(RULES), "tests/http/authorisation.py needs a line for each operation, and none for others"


async def test_the_served_table_says_of_every_operation_what_ours_says(known, served):
    assert set(served["roles"]) == set(ROLES)
    told = {one["operation_id"]: one for one in served["operations"]}
    for name, operation in known.items():
        if name in told:
            assert (told[name]["permission"], told[name]["method"], told[name]["path"]) == (RULES[name].permission, operation.method, operation.path)
        else:
            assert RULES[name].permission == "public", name


async def test_the_document_says_the_same(known, reach):
    for name, operation in known.items():
        permission = RULES[name].permission
        said = operation.told["description"].rpartition("\n\n")[2]
        if permission == "public":
            assert said == "Open to everybody." or "security" in operation.told or "health" in operation.told["tags"], name
        else:
            may = ", ".join(sorted(role for role in ROLES if reach(role, permission) != "none"))
            assert said == f"Needs `{permission}`. For: {may}.", name


@pytest.mark.parametrize("name", RULES)
async def test_nobody_gets_in_without_a_proof(api, known, name):
    answer = await known[name].ask(api)
    if RULES[name].permission != "public":
        assert problem(answer) == (401, "unauthenticated")
        assert answer.headers["www-authenticate"].startswith("Bearer")
    elif RULES[name].object != "proof":
        assert answer.status_code not in {401, 403}


@pytest.mark.parametrize("name", RULES)
async def test_each_role_may_what_the_table_says_and_nothing_else(api, known, callers, reach, name):
    for role in ROLES:
        answer = await known[name].ask(api, (await of_role(api, callers, role, name)).headers)
        if reach(role, RULES[name].permission) == "none":
            assert problem(answer) == (403, "insufficient_role"), role
            assert answer.json()["permission"] == RULES[name].permission
        elif RULES[name].object != "proof":
            assert answer.status_code != 401, (role, answer.text)
            assert code_of(answer) not in NOT_PERMITTED, (role, answer.text)


@pytest.mark.parametrize("roles", [("user", "auditor"), ("node", "manager"), ("guest", "service")], ids=" and ".join)
async def test_who_holds_two_roles_may_what_either_may(api, known, reach, roles):
    first, second = roles
    who = await api.account(first)
    email = (await api("GET", "/api/v1/auth/me", who.headers)).json()["email"]
    granted = await api("POST", f"/api/v1/users/{who.id}/roles", await api.admin(), json={"role": second})
    assert granted.status_code < 300, granted.text
    both = await api.sign_in(email)
    for name, operation in known.items():
        permission = RULES[name].permission
        if name in ENDS or permission == "public" or RULES[name].object == "proof":
            continue
        may = {reach(role, permission) for role in roles} != {"none"}
        answer = await operation.ask(api, both)
        assert answer.status_code != 401, (name, answer.text)
        assert (code_of(answer) not in NOT_PERMITTED) is may, (name, answer.text)


@pytest.mark.parametrize("kind", STRANGERS)
async def test_what_proves_nothing_any_more_or_something_else_opens_nothing(api, known, kind):
    who: Headers = await STRANGERS[kind](api)
    for name, operation in known.items():
        if RULES[name].permission != "public":
            status, _ = problem(await operation.ask(api, who))
            assert status == 401, name


async def test_a_program_may_what_it_was_given_the_scope_for_and_nothing_else(api, known, reach):
    for kind, (role, who, scopes) in {kind: await make(api) for kind, make in BOUNDED.items()}.items():
        for name, operation in known.items():
            permission = RULES[name].permission
            if permission == "public":
                continue
            answer = await operation.ask(api, who)
            if permission not in scopes:
                assert problem(answer)[0] == 403, (kind, name, answer.text)
                assert code_of(answer) in NOT_PERMITTED, (kind, name)
            elif reach(role, permission) != "none" and RULES[name].object != "proof":
                assert answer.status_code not in {401, 403}, (kind, name, answer.text)


async def until_seen(ask: Callable[[], Awaitable[httpx.Response]]) -> httpx.Response:
    """The answer once the read models know what others did a moment ago."""
    answers = [await ask()]

    async def there() -> bool:
        if answers[-1].status_code == 404:
            answers.append(await ask())
        return answers[-1].status_code != 404

    await eventually(there)
    return answers[-1]


OF_OBJECTS = [name for name, rule in RULES.items() if rule.object not in {"-", "proof"}]


@pytest.mark.parametrize("name", OF_OBJECTS)
async def test_own_objects_are_there_and_those_of_others_only_for_whom_the_permission_reaches_all(api, known, reach, name):
    rule = RULES[name]
    for role in ROLES:
        reached = reach(role, rule.permission)
        if reached == "none":
            continue
        # Two of the same role, so that nothing but whose it is can make the difference. Nodes are nobody's but their own.
        caller, other = await api.account(role), await api.account("node" if rule.object == "node" else role)
        if reached == "own":
            foreign = await known[name].ask(api, caller.headers, **await OBJECTS[rule.object](api, other))
            sees_all = reach(role, READS.get(rule.object, rule.permission)) == "all"
            assert problem(foreign) == ((403, "forbidden") if sees_all else (404, "not_found")), role
            own = await known[name].ask(api, caller.headers, **await OBJECTS[rule.object](api, caller))
            unseen = rule.object == "task-owner" and role == "node"
            assert (own.status_code == 404) is unseen, (role, own.text)
            assert code_of(own) not in NOT_PERMITTED, (role, own.text)
        else:
            ids = await OBJECTS[rule.object](api, other)
            seen = await until_seen(partial(known[name].ask, api, caller.headers, **ids))
            assert seen.status_code not in {401, 404}, (role, seen.text)
            assert code_of(seen) not in NOT_PERMITTED, (role, seen.text)
        nothing = await known[name].ask(api, caller.headers)
        assert problem(nothing) == (404, "not_found"), role
