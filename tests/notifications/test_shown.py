"""Without a mail server, a mail is shown whole: in the log file of its process and on the terminal of `daybook up`."""

import json
import logging
from collections.abc import Iterator
from email import message_from_bytes, policy

import pytest

from application.shared.outside import Letter, MailDelayed
from infra.observability.logs import configure
from infra.outside.file_mail import FileMail
from infra.outside.log_mail import LogMail
from infra.supervisor.log import Log

LETTER = Letter("0193", "ada@bücher.example", "Choose a new password", "Follow this link:\n\nhttps://daybook.example/reset-password#token=x\n")


@pytest.fixture
def _own_logging() -> Iterator[None]:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    yield
    root.handlers[:] = before[0]
    root.setLevel(before[1])


@pytest.mark.usefixtures("_own_logging")
async def test_a_mail_stands_in_the_log_file_and_is_shown_on_the_terminal(tmp_path, capsys):
    configure("info", "consumers")
    log = Log(tmp_path / "consumers.log")
    await LogMail().send(LETTER)
    line = capsys.readouterr().out
    log.path.write_text(line)
    (shown,) = log.loud()
    for part in ("To: ada@bücher.example", "Subject: Choose a new password", "    https://daybook.example/reset-password#token=x\n"):
        assert part in shown
    assert LETTER.text in json.loads(line)["letter"]


async def test_a_mail_is_a_file_that_a_mail_program_opens_and_one_that_is_sent_twice_is_one(tmp_path):
    post = FileMail("Daybook <daybook@example.org>", tmp_path / "mails")
    for _ in range(2):
        await post.send(LETTER)
    (file,) = (tmp_path / "mails").iterdir()
    message = message_from_bytes(file.read_bytes(), policy=policy.SMTP)
    assert (file.name, message["To"], message["Subject"]) == ("0193.eml", "ada@xn--bcher-kva.example", LETTER.subject)
    assert message.get_content().replace("\r\n", "\n") == LETTER.text
    (tmp_path / "file").touch()
    with pytest.raises(MailDelayed):
        await FileMail("daybook@example.org", tmp_path / "file").send(LETTER)
