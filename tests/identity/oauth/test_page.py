"""The page on which a person signs in and consents: used once, in one browser, honest about who asks, and no way to anywhere else."""

import pytest

from tests.http.daybook import PASSWORD
from tests.identity.oauth.program import CALLBACK, allow, back, hidden, person, registered


@pytest.fixture(scope="module")
async def program(api):
    return await registered(api)


@pytest.fixture(scope="module")
async def email(api):
    return await person(api)


async def test_the_page_is_used_once(api, program, email):
    page = await program.ask()
    assert "code" in back(await allow(api, page, email))
    again = await allow(api, page, email)
    assert again.status_code == 400
    assert "start again" in again.text


async def test_a_page_of_another_browser_is_refused(api, program, email):
    page = await program.ask()
    kept = dict(api.http.cookies)
    api.http.cookies.clear()
    try:
        assert (await allow(api, page, email)).status_code == 400
        api.http.cookies.set("daybook_browser", "A" * 43)
        assert (await allow(api, page, email)).status_code == 400
    finally:
        api.http.cookies.clear()
        for name, value in kept.items():
            api.http.cookies.set(name, value)


async def test_what_the_page_carries_cannot_be_changed(api, program, email):
    carried = hidden(await program.ask())
    for changed in (carried[:-4] + "AAAA", "AAAA" + carried[4:], "nonsense", ""):
        assert (await api("POST", "/oauth/authorize", data={"request": changed, "decision": "allow", "email": email})).status_code == 400


async def test_a_wrong_password_shows_the_page_again_with_what_was_typed_and_a_right_one_goes_on(api, program, email):
    again = await allow(api, await program.ask(), email, password="not this one")
    assert again.status_code == 401
    assert "The e-mail or the password is wrong." in again.text
    assert f'value="{email}"' in again.text
    assert "not this one" not in again.text
    assert "code" in back(await allow(api, again, email))


async def test_a_form_sent_without_pressing_a_button_is_for_whoever_typed_their_password(api):
    program, email = await registered(api), await person(api)
    page = await program.ask()
    assert (await api("POST", "/oauth/authorize", data={"request": hidden(page)})).status_code == 401
    typed = {"request": hidden(page), "email": email, "password": PASSWORD}
    assert "code" in back(await api("POST", "/oauth/authorize", data=typed))


async def test_a_person_may_refuse(api, program):
    told = back(await api("POST", "/oauth/authorize", data={"request": hidden(await program.ask()), "decision": "deny"}))
    assert (told["error"], told["state"]) == ("access_denied", "s t&te")


async def test_the_page_shows_who_asks_for_what_escaped_under_a_policy_that_lets_nothing_else_happen(api, program):
    page = await program.ask()
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "Wall &lt;display&gt;" in page.text
    assert "<display>" not in page.text
    assert "tasks:read" in page.text
    (policy,) = page.headers.get_list("content-security-policy")
    assert "default-src 'none'" in policy
    assert "form-action 'self' https://app.example.org;" in policy
    assert "frame-ancestors 'none'" in policy
    assert "script" not in policy + page.text
    cookie = page.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    again = await allow(api, page, '"><script>alert(1)</script>', password="x")
    assert "<script" not in again.text


WRONG = [
    ({"client_id": "nonsense"}, "No program"),
    ({"client_id": "01a1f8bf-8ca0-718f-8851-6ffd7c49c478"}, "No program"),
    ({"client_id": ""}, "No program"),
    ({"redirect_uri": ""}, "not registered"),
    ({"redirect_uri": "https://app.example.org/callback"}, "not registered"),
    ({"redirect_uri": CALLBACK + "&more=1"}, "not registered"),
    ({"redirect_uri": CALLBACK.upper()}, "not registered"),
    ({"redirect_uri": "https://app.example.org/callback/../callback?from=daybook"}, "not registered"),
    ({"redirect_uri": "https://evil.example/callback"}, "not registered"),
    ({"redirect_uri": "https://app.example.org@evil.example/callback"}, "not registered"),
    ({"redirect_uri": "javascript:alert(1)"}, "not registered"),
]


@pytest.mark.parametrize(("changed", "words"), WRONG)
async def test_nobody_is_sent_to_an_address_that_is_not_registered(program, changed, words):
    answer = await program.ask(**changed)
    assert (answer.status_code, "location" in answer.headers) == (400, False)
    assert words in answer.text


ASKED_WRONGLY = [
    ({"response_type": "token"}, "unsupported_response_type"),
    ({"response_type": "id_token"}, "unsupported_response_type"),
    ({"response_type": ""}, "invalid_request"),
    ({"code_challenge": ""}, "invalid_request"),
    ({"code_challenge": "short"}, "invalid_request"),
    ({"code_challenge_method": "plain"}, "invalid_request"),
    ({"code_challenge_method": ""}, "invalid_request"),
    ({"response_mode": "fragment"}, "invalid_request"),
    ({"prompt": "none"}, "login_required"),
    ({"prompt": "none login"}, "invalid_request"),
    ({"prompt": "dance"}, "invalid_request"),
    ({"max_age": "soon"}, "invalid_request"),
    ({"state": "x" * 513}, "invalid_request"),
    ({"request": "eyJ"}, "request_not_supported"),
    ({"request_uri": "https://evil.example/"}, "request_not_supported"),
]


@pytest.mark.parametrize(("changed", "code"), ASKED_WRONGLY)
async def test_a_program_that_asks_wrongly_is_told_at_its_address(program, changed, code):
    told = back(await program.ask(**changed))
    assert told["error"] == code
    assert told["state"] == changed.get("state", "s t&te")


async def test_parameters_nobody_knows_are_ignored_and_those_that_stand_there_twice_are_not(api, program):
    assert (await program.ask(display="touch", ui_locales="de", flavour="mint")).status_code == 200
    assert (await program.ask(prompt="login consent", max_age="0")).status_code == 200
    doubled = await api("GET", f"/oauth/authorize?client_id={program.id}&client_id={program.id}")
    assert (doubled.status_code, doubled.headers["content-type"]) == (400, "text/html; charset=utf-8")
