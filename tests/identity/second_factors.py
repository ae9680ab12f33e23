"""An authenticator as a person holds it, and the steps to a second factor that is on."""

from datetime import datetime
from typing import Any
from xml.etree import ElementTree as ET

import pyotp

from tests.identity.small_daybook import PASSWORD

LOGIN = {"email": "ada@example.org", "password": PASSWORD}


class Authenticator:
    """Shows codes of a secret. `now` is the clock it looks at."""

    def __init__(self, secret: str, now: Any) -> None:
        self.codes = pyotp.parse_uri(secret) if secret.startswith("otpauth") else pyotp.TOTP(secret)
        self.now = now

    def code(self, step: int = 0) -> str:
        at: datetime = self.now()
        return self.codes.at(int(at.timestamp()) + 30 * step)

    def wrong(self) -> str:
        """Six digits that are none of the codes around now."""
        near = {self.code(step) for step in range(-3, 4)}
        return next(code for code in (f"{n:06}" for n in range(10)) if code not in near)


def bearer(answer: Any) -> dict[str, str]:
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def told(answer: Any) -> tuple[int, str]:
    assert answer.headers["content-type"].startswith("application/problem+json"), answer.text
    return answer.status_code, answer.json()["code"]


async def enable(http: Any, headers: dict[str, str], now: Any) -> tuple[Authenticator, list[str]]:
    """Set up and confirm; the authenticator and the recovery codes."""
    shown = await http.post("/api/v1/auth/2fa/setup", headers=headers)
    assert shown.status_code == 200, shown.text
    seed = shown.json()
    assert ET.fromstring(seed["qr_svg"]).tag.endswith("svg")  # noqa: S314 — our own picture.
    authenticator = Authenticator(seed["otpauth_uri"], now)
    assert authenticator.codes.secret == seed["secret"]
    made = await http.post("/api/v1/auth/2fa/enable", json={"code": authenticator.code()}, headers=headers)
    assert made.status_code == 200, made.text
    return authenticator, made.json()["recovery_codes"]


async def challenge(http: Any, login: dict[str, str] = LOGIN) -> str:
    """The first step of a sign-in; the token for the second."""
    answer = await http.post("/api/v1/auth/login", json=login)
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    assert shown["mfa_required"] is True
    assert not {"access_token", "token", "refresh_token"} & set(shown)
    found: str = shown["mfa_token"]
    return found


async def verify(http: Any, token: str, code: str) -> Any:
    return await http.post("/api/v1/auth/2fa/verify", json={"mfa_token": token, "code": code})
