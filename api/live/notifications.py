"""Live: what a person is told."""

from typing import Final

from api.live.channel import Kind, channel

NOTIFICATIONS: Final = channel(Kind("notifications", "Notifications of mine: new ones, and those read or gone.", "notifications:read"))
