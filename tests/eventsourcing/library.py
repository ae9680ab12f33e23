"""The library's own test cases.

Their file imports the library's AES cipher, which wants an optional package that Daybook does not install; no case used here
enciphers anything, so a name without a body stands in its place while the file is imported.
"""

import sys
from types import ModuleType

CIPHER = "eventsourcing.cipher"
sys.modules[CIPHER] = ModuleType(CIPHER)
sys.modules[CIPHER].AESCipher = type("AESCipher", (), {})  # type: ignore[attr-defined]  # the one name that is imported
try:
    from eventsourcing.tests import application, persistence
finally:
    del sys.modules[CIPHER]

__all__ = ["application", "persistence"]
