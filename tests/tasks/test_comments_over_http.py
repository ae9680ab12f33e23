"""Comments as clients speak them."""



from tests.http.daybook import misfits, problem


async def test_a_comment_is_posted_read_edited_and_deleted(api):
    who = (await api.account()).headers
    path = f"/api/v1/tasks/{(await api.task(who))['id']}/comments"
    made = await api("POST", path, who, json={"text": "It hums."})
    assert made.status_code == 201, made.text
    address = made.headers["location"]
    assert address == f"{path}/{made.json()['id']}"
    read = await api("GET", address, who)
    assert read.json() == {name: value for name, value in made.json().items() if name != "position"}
    assert read.headers["etag"] == '"1"'
    assert (await api("GET", address, who, headers={"If-None-Match": '"1"'})).status_code == 304
    edited = await api("PATCH", address, who, json={"text": "It hums again."}, headers={"If-Match": '"1"'})
    assert (edited.status_code, edited.json()["version"]) == (200, 2)
    assert problem(await api("PATCH", address, who, json={"text": "Late"}, headers={"If-Match": '"1"'})) == (412, "precondition_failed")
    assert (await api("DELETE", address, who)).status_code == 204
    assert problem(await api("GET", address, who)) == (404, "not_found")


async def test_the_list_goes_from_page_to_page_either_way_and_stays_stable_while_people_talk(api):
    who = (await api.account()).headers
    path = f"/api/v1/tasks/{(await api.task(who))['id']}/comments"
    for nth in range(5):
        assert (await api("POST", path, who, json={"text": str(nth)})).status_code == 201
    for sort, wanted in (("created_at", "01234"), ("-created_at", "43210")):
        texts, cursor = "", ""
        while cursor is not None:
            told = (await api("GET", f"{path}?sort={sort}&limit=2{cursor and f'&cursor={cursor}'}", who)).json()
            texts += "".join(one["text"] for one in told["items"])
            cursor = told["next_cursor"]
        assert texts == wanted
    assert problem(await api("GET", f"{path}?sort=text", who))[0] == 400
    assert problem(await api("GET", f"{path}?cursor=abc", who)) == (400, "invalid_cursor")


async def test_whoever_is_no_part_of_a_task_finds_no_comments_there(api):
    owner, stranger = await api.account(), await api.account()
    path = f"/api/v1/tasks/{(await api.task(owner.headers))['id']}/comments"
    for answer in (await api("GET", path, stranger.headers), await api("POST", path, stranger.headers, json={})):
        assert problem(answer) == (404, "not_found")
    assert misfits(await api("POST", path, owner.headers, json={"text": "Hi", "mentions": [stranger.id]})) == [("/mentions/0", "unknown_user")]
    assert misfits(await api("POST", path, owner.headers, json={"text": "Hi", "author_id": stranger.id})) == [("/author_id", "unknown_field")]
    assert misfits(await api("POST", path, owner.headers, json={"text": "Hi\0"})) == [("/text", "unwritable_text")]
