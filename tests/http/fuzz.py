"""What schemathesis loads: its callers and its further check."""

from tests.http.fuzz_callers import InTurn
from tests.http.fuzz_checks import refused_only_for_what_no_schema_says

__all__ = ["InTurn", "refused_only_for_what_no_schema_says"]
