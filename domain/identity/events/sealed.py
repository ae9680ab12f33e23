"""Personal fields as they stand in events."""

from typing import Final, NewType

Sealed = NewType("Sealed", str)
"""AES-GCM under the person's own key (base64url): destroying that key erases the person from history."""
NOTHING: Final = Sealed("")
