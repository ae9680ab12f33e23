"""What no table of roles says: a task given to a node is the node's to work on and its owner's to manage (requirements, Appendix 2)."""

from tests.http.daybook import Api, misfits, problem
from tests.http.operations import operations


async def test_an_administrator_reads_and_edits_every_task_but_does_not_work_on_a_nodes(api: Api):
    node, user, admin, known = await api.account("node"), await api.account(), await api.admin(), operations(api)
    given = await api.task(admin, assigned_node_id=node.id)
    own = await api.task(user.headers)
    for task in (given, own):
        for name in ("get_task", "task_history", "edit_task"):
            assert (await known[name].ask(api, admin, task_id=task["id"])).status_code == 200, name
    assert problem(await known["change_task_status"].ask(api, admin, task_id=given["id"])) == (403, "not_assigned_node")
    assert (await known["change_task_status"].ask(api, node.headers, task_id=given["id"])).status_code == 200


async def test_whoever_sees_a_task_without_managing_it_is_told_so_instead_of_that_it_does_not_exist(api: Api):
    manager, admin, known = await api.account("manager"), await api.admin(), operations(api)
    node = await api.account("node")
    given = await api.task(manager.headers, assigned_node_id=node.id)
    assert problem(await known["change_task_status"].ask(api, manager.headers, task_id=given["id"])) == (403, "not_assigned_node")
    for name in ("edit_task", "delete_task", "reopen_task"):
        assert problem(await known[name].ask(api, node.headers, task_id=given["id"])) == (403, "insufficient_role")
    assert (await known["edit_task"].ask(api, admin, task_id=given["id"])).status_code == 200


async def test_numbers_of_others_are_nobodys_business(api: Api):
    user, node = await api.account(), await api.account("node")
    for query in (f"user_id={node.id}", f"node_id={node.id}"):
        assert problem(await api("GET", f"/api/v1/tasks/stats?{query}", user.headers)) == (404, "not_found")
    assert (await api("GET", f"/api/v1/tasks/stats?user_id={user.id}", user.headers)).status_code == 200


async def test_numbers_are_of_one_thing_at_a_time(api: Api):
    user = await api.account()
    answer = await api("GET", f"/api/v1/tasks/stats?user_id={user.id}&project_id={user.id}", user.headers)
    assert misfits(answer) == [("project_id", "one_of_several")]
