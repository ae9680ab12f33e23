"""Mail over a real SMTP server: what arrives, and what its replies mean."""

import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Any

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from application.shared.outside import Letter, MailDelayed, MailRefused
from infra.outside.file_mail import FileMail
from infra.outside.log_mail import LogMail
from infra.outside.mail_roads import Paced, Roads, mail_of
from infra.outside.smtp_mail import Host, SmtpMail
from infra.settings import BadSettings, Settings, read_settings
from tests.notifications.post_office import PostOffice, only, open_office

pytestmark = pytest.mark.server
LETTER = Letter("0193", "ada@example.org", "Choose a new password", "Follow this link:\n\nhttps://daybook.example/#token=" + "x" * 120 + "\n")
REQUIRED = dict.fromkeys(("database_url", "master_key", "secret_key", "jwt_private_keys"), "-")
PLAIN: dict[str, Any] = REQUIRED | {"redis_url": "redis://", "smtp_security": "none"}


def by_smtp(office: PostOffice, patience: float = 5, **settings: Any) -> SmtpMail:
    chosen = Settings(**PLAIN | {"smtp_host": "127.0.0.1", "smtp_port": office.port} | settings)
    host = Host(chosen.smtp_host, chosen.smtp_port, chosen.smtp_user, chosen.smtp_password, chosen.smtp_security)
    return SmtpMail(chosen.email_from, host, patience)


async def test_a_letter_arrives_as_it_was_written():
    async with open_office(PostOffice()) as office:
        await by_smtp(office, email_from="Das Tägebuch <daybook@example.org>").send(LETTER)
    (message,) = office.taken
    assert message["From"].addresses[0].display_name == "Das Tägebuch"
    assert (message["To"], message["Subject"]) == (LETTER.to, LETTER.subject)
    assert message["Message-ID"] == "<0193@example.org>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content().replace("\r\n", "\n") == LETTER.text
    assert office.envelopes[0].rcpt_tos == ["ada@example.org"]


@pytest.mark.parametrize("to", ["ada@example.org", "用户@example.org"])
async def test_programs_can_read_where_mails_are_turned_off(to):
    link = "https://daybook.example/unsubscribe?what=task_assigned&token=" + "x" * 109
    async with open_office(PostOffice()) as office:
        await by_smtp(office).send(msgspec.structs.replace(LETTER, to=to, unsubscribe=link))
    lines = office.envelopes[0].content.split(b"\r\n")
    assert f"List-Unsubscribe: <{link}>".encode() in lines, "as RFC 2369 has it, not in encoded words"
    assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click" in lines


@pytest.mark.parametrize(
    ("to", "arrives"),
    [
        ("ada@bücher.example", "ada@xn--bcher-kva.example"),
        ("用户@例子.example", "用户@xn--fsqu00a.example"),
        ("a'b+c%d@example.org", "a'b+c%d@example.org"),
    ],
)
async def test_internationalised_addresses_are_reached(to, arrives):
    async with open_office(PostOffice()) as office:
        await by_smtp(office).send(msgspec.structs.replace(LETTER, to=to))
    assert office.envelopes[0].rcpt_tos == [arrives]


@pytest.mark.parametrize(
    "evil",
    [
        {"to": "ada@example.org\r\nBcc: eve@example.org"},
        {"to": "ada@example.org>\r\nRCPT TO:<eve@example.org"},
        {"to": "ada\r\n@example.org"},
        {"to": "ada@example.org, eve@evil.example\r\n"},
        {"to": "eve@evil.example, ada@"},
        {"subject": "Hello\r\nBcc: eve@example.org"},
        {"subject": "Hello\nBcc: eve@example.org"},
        {"id": "1@x>\r\nBcc: <eve@example.org"},
        {"unsubscribe": "https://x/>\r\nBcc: eve@example.org"},
        {"to": ""},
        {"to": "ada@" + "x" * 64 + ".org"},
    ],
)
async def test_nobody_adds_a_header_or_a_recipient(evil):
    async with open_office(PostOffice()) as office:
        with pytest.raises(MailRefused):
            await by_smtp(office).send(msgspec.structs.replace(LETTER, **evil))
    assert office.taken == []


@pytest.mark.parametrize(
    ("step", "reply", "outcome", "told"),
    [
        ("DATA", "451 try later, ada@example.org", MailDelayed, "SMTP 451"),
        ("RCPT", "450 ada@example.org is busy", MailDelayed, "SMTP 450"),
        ("DATA", "554 no, ada@example.org", MailRefused, "SMTP 554"),
        ("RCPT", "550 ada@example.org is unknown", MailRefused, "SMTP 550"),
    ],
)
async def test_a_reply_of_4xx_delays_and_5xx_refuses_and_neither_is_told_with_the_address(step, reply, outcome, told):
    async with open_office(PostOffice()) as office:
        office.replies[step] = [reply]
        with pytest.raises(outcome, match=f"^{told}$"):
            await by_smtp(office).send(LETTER)
        await by_smtp(office).send(LETTER)
    assert len(office.taken) == 1


async def test_a_server_that_is_away_delays_until_it_is_back():
    office = PostOffice()
    async with open_office(office):
        pass
    with pytest.raises(MailDelayed):
        await by_smtp(office).send(LETTER)
    async with open_office(office):
        await by_smtp(office).send(LETTER)
    assert len(office.taken) == 1


async def test_a_server_that_says_nothing_is_not_waited_for():
    left = asyncio.Event()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        left.set()

    silent = await asyncio.start_server(listen, "127.0.0.1", 0)
    office = PostOffice()
    office.port = silent.sockets[0].getsockname()[1]
    with pytest.raises(MailDelayed, match="Timeout"):
        await by_smtp(office, 0.2).send(LETTER)
    await left.wait()
    silent.close()


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
async def test_who_must_sign_in_does_and_a_wrong_password_is_ours_to_mend():
    async with open_office(PostOffice(), authenticator=only("daybook", "köy"), auth_required=True, auth_require_tls=False) as office:
        await by_smtp(office, smtp_user="daybook", smtp_password="köy").send(LETTER)
        assert len(office.taken) == 1
        for settings in ({"smtp_user": "daybook", "smtp_password": "wrong"}, {}):
            with pytest.raises(MailDelayed, match="SMTP 53"):
                await by_smtp(office, **settings).send(LETTER)
    assert len(office.taken) == 1


async def test_a_letter_never_goes_in_clear_where_encryption_was_asked_for():
    async with open_office(PostOffice()) as office:
        for security in ("starttls", "tls"):
            with pytest.raises((MailDelayed, MailRefused)):
                await by_smtp(office, 1, smtp_security=security).send(LETTER)
    assert office.taken == []


def test_without_a_server_mails_are_shown_and_settings_that_cannot_be_meant_are_refused():
    assert isinstance(mail_of(Settings(**PLAIN)), LogMail)
    assert isinstance(mail_of(Settings(**PLAIN, smtp_host="post.test")), Paced)
    assert isinstance(mail_of(Settings(**PLAIN, smtp_host="post.test", email_rate=0)), Roads)
    assert isinstance(mail_of(Settings(**PLAIN, email_folder="mails")), FileMail)
    given = {name.upper(): value for name, value in PLAIN.items()}
    for wrong in ({"SMTP_SECURITY": "ssl"}, {"EMAIL_FROM": "nobody"}, {"EMAIL_FROM": "A <a@b>\nBcc: c@d"}):
        with pytest.raises(BadSettings, match=next(iter(wrong))):
            read_settings(given | wrong)
    for right in ("Daybook <daybook@localhost>", "post@example.org"):
        assert read_settings(given | {"EMAIL_FROM": right}).email_from == right


@pytest.mark.parametrize("trusted", [True, False])
async def test_an_encrypted_connection_needs_a_certificate_that_somebody_vouches_for(tmp_path, monkeypatch, trusted):
    certificate = tmp_path / "server.pem"
    certificate.write_bytes(self_signed("127.0.0.1"))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    async with open_office(PostOffice(), tls_context=context, require_starttls=True) as office:
        if trusted:
            await by_smtp(office, smtp_security="starttls").send(LETTER)
        else:
            with pytest.raises(MailDelayed):
                await by_smtp(office, smtp_security="starttls").send(LETTER)
        with pytest.raises((MailDelayed, MailRefused)):
            await by_smtp(office, smtp_security="none").send(LETTER)
    assert len(office.taken) == trusted


def self_signed(address: str) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "post.test")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(hours=1))
    made = made.add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))]), critical=False)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return private + made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
