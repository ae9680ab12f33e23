"""One-time codes by time, as RFC 6238 gives them in its appendix B (the last six digits)."""

from datetime import UTC, datetime

import pytest

from infra.security.totp import PyotpCodes

SEED = b"12345678901234567890"


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(59, "287082"), (1_111_111_109, "081804"), (1_111_111_111, "050471"), (1_234_567_890, "005924"), (2_000_000_000, "279037")],
)
def test_the_codes_of_the_standard_are_of_their_steps(seconds, code):
    now = datetime.fromtimestamp(seconds, UTC)
    assert PyotpCodes().step_of(SEED, code, now) == seconds // 30
    assert PyotpCodes().step_of(SEED, f"{(int(code) + 1) % 1_000_000:06}", now) is None


def test_text_that_is_no_code_is_of_no_step():
    for text in ("", "28708", "2870820", "２８７０８２", "a" * 32):
        assert PyotpCodes().step_of(SEED, text, datetime.fromtimestamp(59, UTC)) is None
