"""A stricter check for schemathesis: what fits the schema is refused with 400 only for a rule that no schema can say."""

from typing import Any

import schemathesis

UNSAYABLE = {
    "invalid_cursor", "must_be_future", "must_be_past", "required", "zone_required", "out_of_range", "needs_node", "unknown_user", "unknown_node",
    "not_reportable",
    "invalid_email", "invalid_name", "invalid_password", "password_too_common", "unwritable_text", "duplicate_parameter", "too_large", "too_long",
    "invalid_link", "passwords_differ", "password_unchanged", "invalid_role", "sign_in_not_begun",
    "unknown_comment", "unfit_key_scope", "unfit_network", "expiry_passed",
    "too_short", "must_be_later", "unknown_team", "one_of_several", "unknown_product", "mixed_currencies", "wrong_currency",
    "not_mutable", "never_ends", "unknown_time_zone",
    "unfit_redirect_uri", "unfit_scope", "unfit_grants", "unauthorized_client",
}  # fmt: skip
"""Signatures of ours, the clock, other things that exist, blank text, times that UTC does not have, sizes in bytes."""
JSON_SAYS_OTHERWISE = ("got `float`", "one of pending", "one of low")
"""1.0 is an integer to JSON schema and not to us; a list of words with commas is more than a pattern should say."""


@schemathesis.check
def refused_only_for_what_no_schema_says(_: Any, response: Any, case: Any) -> None:
    if response.status_code != 400 or case.meta is None or not case.meta.generation.mode.is_positive:
        return
    if response.headers["content-type"] != ["application/problem+json"]:
        return  # OAuth has errors of its own, and pages
    told = response.json()
    unexpected = [
        error for error in told.get("errors") or [{"code": told["code"], "message": told["detail"]}]
        if error["code"] not in UNSAYABLE and not any(words in error["message"] for words in JSON_SAYS_OTHERWISE)
    ]  # fmt: skip
    assert not unexpected, unexpected
