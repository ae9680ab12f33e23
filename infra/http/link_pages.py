"""The pages behind the links of mails. The token stands behind the `#` of the address, so that it reaches no server and no log until the
person presses the button: programs that open every link of a mail use none of them up.
"""

from typing import Any, Final

from litestar import Response, get
from litestar.types import ControllerRouterHandler

from api.shared.access import PUBLIC

SCRIPT: Final = "/links.js"
INVITATION_SCRIPT: Final = "/invitation.js"
_NOBODY: Final = "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
POLICY: Final = f"default-src 'none'; script-src 'self'; connect-src 'self'; img-src data:; {_NOBODY}"


def link_pages() -> list[ControllerRouterHandler]:
    """Where links lead, and what the pages do."""
    return [verify_email_page, reset_password_page, script, invitation_page, invitation_script]


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


@get("/invitation", needs=PUBLIC, include_in_schema=False)
async def invitation_page() -> Response[str]:
    """To become a member of what one is invited to: an invitation is accepted by who signs in."""
    fields = (
        "<p>Sign in to accept. If you have no account yet, open one first, with the e-mail address this came to.</p>"
        '<p><label>E-mail <input name="email" type="email" autocomplete="username" required></label></p>'
        '<p><label>Password <input name="password" type="password" autocomplete="current-password" required></label></p>'
    )
    return _page("Accept your invitation", "/api/v1/invitations", "Accept", "Welcome: you are a member now.", fields, INVITATION_SCRIPT)


@get(INVITATION_SCRIPT, needs=PUBLIC, include_in_schema=False, media_type="text/javascript")
async def invitation_script() -> str:
    """Signs in, accepts, and signs out again."""
    return _INVITATION_SCRIPT


@get(SCRIPT, needs=PUBLIC, include_in_schema=False, media_type="text/javascript")
async def script() -> str:
    """Sends the token and what was typed, and says what came of it."""
    return _SCRIPT


def _page(title: str, action: str, button: str, done: str, fields: str = "", script: str = SCRIPT) -> Response[Any]:
    text = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} · Daybook</title><link rel="icon" href="data:,"><script src="{script}" defer></script></head>
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
_INVITATION_SCRIPT: Final = """const form = document.querySelector("form"), told = document.querySelector("[role=status]");
const token = new URLSearchParams(location.hash.slice(1)).get("token") || "none";
history.replaceState(null, "", location.pathname);  // The token stays in no history.
const post = (path, headers, body) => fetch(path, { method: "POST", headers: { "Content-Type": "application/json", ...headers }, body });
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    const signed = await post("/api/v1/auth/login", {}, JSON.stringify(Object.fromEntries(new FormData(form))));
    const session = await signed.json();
    if (!session.access_token) {
      told.textContent = signed.ok ? "Your account has a second factor: accept the invitation in your own client." : session.detail;
      return;
    }
    const proof = { Authorization: `Bearer ${session.access_token}` };
    const answer = await post(`${form.dataset.action}/${encodeURIComponent(token)}/accept`, proof);
    told.textContent = answer.ok ? form.dataset.done : (await answer.json()).detail;
    form.hidden = answer.ok;
    await post("/api/v1/auth/logout", proof);
  } catch {
    told.textContent = "The server cannot be reached; try again.";
  }
});
"""
