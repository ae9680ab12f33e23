"""Every setting of Daybook, read from the environment in this one place and nowhere else.

One frozen struct in the end; each area adds its fields to those of the one before it (msgspec structs have no two parents with fields).
A new setting is one field in the file of its area.
"""

from infra.settings.reading import Settings, given, read_settings
from infra.settings.words import BadSettings, duration

__all__ = ["BadSettings", "Settings", "duration", "given", "read_settings"]
