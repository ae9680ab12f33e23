"""Ctrl-C lets a run end what it is at, and no more."""

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from infra.demo.client import Api

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def interruptible(stop: Callable[[], None], api: Api) -> Iterator[None]:
    """The first signal calls `stop` and ends all patience; the second one ends the program as usual."""
    loop = asyncio.get_running_loop()

    def forget() -> None:
        for number in SIGNALS:
            loop.remove_signal_handler(number)

    def heard() -> None:
        stop()
        api.patience = 0.0
        forget()

    for number in SIGNALS:
        loop.add_signal_handler(number, heard)
    try:
        yield
    finally:
        forget()
