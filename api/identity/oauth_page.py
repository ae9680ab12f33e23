"""The page on which a person signs in and lets a program act for them: no script, nothing from outside, everything escaped."""

import hashlib
from base64 import b64encode
from html import escape
from typing import Final
from urllib.parse import urlsplit

from litestar import Response
from litestar.datastructures import Cookie

from domain.identity.oauth_client import OAuthClient
from domain.identity.person import LONGEST_EMAIL, LONGEST_PASSWORD

STYLE: Final = """
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 24rem; margin: 3rem auto; padding: 0 1rem; color: #1c2430; background: #fff }
label { display: block; margin-top: 1rem } input { width: 100%; box-sizing: border-box; padding: .5rem; font: inherit }
button { margin: 1.5rem .5rem 0 0; padding: .5rem 1.25rem; font: inherit } .wrong { color: #a40000 }
"""
_HASH: Final = b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
_WORDS: Final = {"openid": "know that it is you", "profile": "see your name", "email": "see your e-mail address"}


def sign_in_page(client: OAuthClient, scopes: tuple[str, ...], request_text: str, redirect_uri: str, *, email: str = "", wrong: str = "") -> str:
    """Who asks for what, and where to say yes or no."""
    wishes = "".join(f"<li>{escape(_WORDS.get(scope, scope))}</li>" for scope in scopes)
    told = f'<p class="wrong" role="alert">{escape(wrong)}</p>' if wrong else ""
    return _page(
        f"Sign in for {client.name}",
        f"""<p>The program <strong>{escape(client.name)}</strong> at <strong>{escape(urlsplit(redirect_uri).netloc)}</strong> would like to:</p>
<ul>{wishes}</ul>{told}
<form method="post" action="/oauth/authorize">
<input type="hidden" name="request" value="{escape(request_text)}">
<label>E-mail <input name="email" type="email" autocomplete="username" maxlength="{LONGEST_EMAIL}" value="{escape(email)}" autofocus></label>
<label>Password <input name="password" type="password" autocomplete="current-password" maxlength="{LONGEST_PASSWORD}"></label>
<label>Code of your authenticator, if you use one <input name="code" autocomplete="one-time-code" maxlength="20"></label>
<button name="decision" value="allow">Sign in and allow</button><button name="decision" value="deny" formnovalidate>Refuse</button>
</form>""",
    )


def problem_page(title: str) -> str:
    """Why nobody can be sent back to the program."""
    return _page("This does not work", f'<p class="wrong">{escape(title)}</p><p>Close this page, or go back to the program you came from.</p>')


def _page(title: str, content: str) -> str:
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)} · Daybook</title><style>{STYLE}</style></head>
<body><h1>{escape(title)}</h1>
{content}
</body></html>
"""


def shown(page: str, status: int, redirect_uri: str = "", headers: dict[str, str] | None = None, cookie: Cookie | None = None) -> Response[bytes]:
    """The page under a policy that lets its form go here, and from here to the program, and lets nothing else happen."""
    parsed = urlsplit(redirect_uri)
    target = f" {parsed.scheme}://{parsed.netloc}" if redirect_uri else ""
    policy = f"default-src 'none'; style-src 'sha256-{_HASH}'; form-action 'self'{target}; base-uri 'none'; frame-ancestors 'none'"
    told = {"Content-Security-Policy": policy, "Cache-Control": "no-store", **(headers or {})}
    return Response(page.encode(), status_code=status, media_type="text/html", headers=told, cookies=[] if cookie is None else [cookie])
