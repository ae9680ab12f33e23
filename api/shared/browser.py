"""Telling one browser from others on its way through several pages: a random word in a cookie, which proves nothing else."""

import re
from base64 import urlsafe_b64encode
from typing import Final

from litestar.datastructures import Cookie

from api.shared.parts import parts
from api.shared.request import Req

NAME: Final = "daybook_browser"
WORD: Final = re.compile(r"[A-Za-z0-9_-]{43}")


def word_of(request: Req) -> str:
    """The word of this browser; empty where it has none."""
    word = request.cookies.get(NAME, "")
    return word if WORD.fullmatch(word) else ""


def word_for(request: Req) -> str:
    """The same, or a fresh one: several tabs share it."""
    return word_of(request) or urlsafe_b64encode(parts(request).sealing.new_key()).rstrip(b"=").decode()


def cookie_with(request: Req, word: str, path: str, seconds: float) -> Cookie:
    """The cookie that keeps it: not for scripts, and not for what other pages post here."""
    secure = parts(request).rules.address.startswith("https:")
    return Cookie(key=NAME, value=word, path=path, max_age=int(seconds), httponly=True, samesite="lax", secure=secure)
