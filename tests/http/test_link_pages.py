"""Where the links of mails lead: to pages of ours that do nothing until a person presses the button."""

import re

import pytest

from application.notifications.texts import TEXTS
from application.shared.link_token import LinkToken
from tests.http.daybook import problem


@pytest.mark.parametrize("page", sorted({text.page for text in TEXTS.values() if text.page}))
async def test_every_page_a_mail_names_is_there_and_runs_only_our_script(api, page):
    answer = await api("GET", f"/{page}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert answer.headers.get_list("content-security-policy") == [answer.headers["content-security-policy"]]
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert "<script>" not in answer.text
    assert (await api("GET", re.search(r'<script src="([^"]+)"', answer.text)[1])).status_code == 200


@pytest.mark.parametrize("page", ["verify-email", "reset-password"])
async def test_the_form_of_a_page_goes_to_an_operation_that_takes_what_it_sends(api, page):
    shown = (await api("GET", f"/{page}")).text
    action = re.search(r'data-action="([^"]+)"', shown)[1]
    typed = dict.fromkeys(re.findall(r'<input name="([^"]+)"', shown), "a tune nobody hummed")
    unknown = LinkToken(page, api.parts.new_id(), api.parts.new_id()).text(api.system.sealing)
    answer = await api("POST", action, json={"token": unknown, **typed})
    assert problem(answer) == (400, "invalid_link")
