"""Projects or teams: the two kinds of things that have members."""

from enum import StrEnum


class Kind(StrEnum):
    """What somebody is a member of."""

    PROJECT = "project"
    TEAM = "team"
