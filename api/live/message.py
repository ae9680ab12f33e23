"""Messages as they are sent: each event is encoded once, however many are told of it."""

from collections.abc import Iterable
from typing import Any

import msgspec

from api.live.tell import Told
from domain.shared.event import Recorded

_encode = msgspec.json.Encoder().encode


class Frame:
    """One message, ready for either way it travels; with a position it is a place to resume from."""

    __slots__ = ("_as_event", "position", "text", "type")

    def __init__(self, type: str, position: int | None, text: str) -> None:
        self.type, self.position, self.text = type, position, text
        self._as_event: bytes | None = None

    def as_event(self) -> bytes:
        """As a server-sent event."""
        if self._as_event is None:
            place = "" if self.position is None else f"id: {self.position}\n"
            self._as_event = f"{place}event: {self.type}\ndata: {self.text}\n\n".encode()
        return self._as_event


class Message:
    """What is told of one event; clients that hear of it through the same channels share a frame."""

    def __init__(self, name: str, recorded: Recorded[Any], told: Told) -> None:
        self._name, self._position = name, recorded.position
        fields = {"type": name, "position": recorded.position, "at": recorded.recorded_at, "id": told.id, "version": recorded.version}
        self._begins = _encode({**fields, "data": told.data})[:-1].decode()
        self._frames: dict[tuple[str, ...], Frame] = {}

    def through(self, channels: tuple[str, ...]) -> Frame:
        """The message for who hears of it through these channels."""
        frame = self._frames.get(channels)
        if frame is None:
            text = f'{self._begins},"channels":{_encode(channels).decode()}}}'
            frame = self._frames[channels] = Frame(self._name, self._position, text)
        return frame


def _frame(type: str, position: int | None, **more: Any) -> Frame:
    told = {"type": type} | ({} if position is None else {"position": position}) | more
    return Frame(type, position, _encode(told).decode())


def subscribed(channels: Iterable[str], position: int) -> Frame:
    """These channels are followed now; everything after the position is told."""
    return _frame("live.subscribed", position, channels=list(channels))


def unsubscribed(channels: Iterable[str]) -> Frame:
    """These channels are not followed any more."""
    return _frame("live.unsubscribed", None, channels=list(channels))


def here(position: int) -> Frame:
    """Everything up to this position was told: a place to resume from."""
    return _frame("live.position", position)


def ended(channel: str, position: int) -> Frame:
    """The caller may not follow this channel any more."""
    return _frame("live.ended", None, channels=[channel], at_position=position, code="forbidden")


def stands(type: str, at_position: int, **told: Any) -> Frame:
    """How things stand at a position: no event, and no place to resume from."""
    return _frame(type, None, at_position=at_position, **told)


def failed(code: str, detail: str, close: int | None = None) -> Frame:
    """A frame that was not understood; with `close`, why the connection ends."""
    return _frame("error", None, code=code, detail=detail, **({} if close is None else {"close": close}))
