"""The pages behind the links of mails. The token stands behind the `#` of the address, so that it reaches no server and no log until the
person presses the button: programs that open every link of a mail use none of them up.
"""

from typing import Any, Final

from litestar import Response, get
from litestar.types import ControllerRouterHandler

from api.shared.access import PUBLIC

SCRIPT: Final = "/links.js"
_NOBODY: Final = "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
POLICY: Final = f"default-src 'none'; script-src 'self'; connect-src 'self'; img-src data:; {_NOBODY}"


def link_pages() -> list[ControllerRouterHandler]:
    """Where links lead, and what the pages do."""
    return [verify_email_page, reset_password_page, script]


@get("/verify-email", needs=PUBLIC, include_in_schema=False)
async def verify_email_page() -> Response[str]:
    """To prove an e-mail."""
    return _page("Confirm your e-mail address", "/api/v1/auth/verify-email", "Confirm", "Thank you: this e-mail address is confirmed.")


@get("/reset-password", needs=PUBLIC, include_in_schema=False)
async def reset_password_page() -> Response[str]:
    """To choose a new password."""
    field = '<p><label>New password <input name="new_password" type="password" autocomplete="new-password" required minlength="8"></label></p>'
    done = "Your password is another one now, and all sessions have ended. Sign in with the new one."
    return _page("Choose a new password", "/api/v1/auth/password/reset", "Change the password", done, field)


@get(SCRIPT, needs=PUBLIC, include_in_schema=False, media_type="text/javascript")
async def script() -> str:
    """Sends the token and what was typed, and says what came of it."""
    return _SCRIPT


def _page(title: str, action: str, button: str, done: str, fields: str = "") -> Response[Any]:
    text = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} · Daybook</title><link rel="icon" href="data:,"><script src="{SCRIPT}" defer></script></head>
<body><h1>{title}</h1>
<form data-action="{action}" data-done="{done}">{fields}<p><button>{button}</button></p></form>
<p role="status"></p>
</body></html>
"""
    return Response(text, media_type="text/html", headers={"Content-Security-Policy": POLICY})


_SCRIPT: Final = """const form = document.querySelector("form"), told = document.querySelector("[role=status]");
const token = new URLSearchParams(location.hash.slice(1)).get("token") || "";
history.replaceState(null, "", location.pathname);  // The token stays in no history.
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const body = JSON.stringify({ token, ...Object.fromEntries(new FormData(form)) });
  try {
    const answer = await fetch(form.dataset.action, { method: "POST", headers: { "Content-Type": "application/json" }, body });
    const problem = answer.ok ? null : await answer.json();
    told.textContent = answer.ok ? form.dataset.done : (problem.errors?.[0]?.message ?? problem.detail);
    form.hidden = answer.ok;
  } catch {
    told.textContent = "The server cannot be reached; try again.";
  }
});
"""
