"""The settings that files read; `infra.settings.Settings` has them."""

from typing import Protocol

from application.shared.ports import Ports


class Policy(Protocol):
    """How much room there is for files."""

    @property
    def file_quota(self) -> int:
        """Bytes of all files of one person."""


def quota(ports: Ports) -> int:
    """Bytes of all files of one person."""
    settings: Policy = ports.settings
    return settings.file_quota
