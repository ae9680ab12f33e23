"""Which module does which kind of job. They are loaded when the first job of theirs comes: a worker that waits shall be small."""

from collections.abc import Awaitable, Callable, Mapping
from importlib import import_module
from typing import Final

import msgspec

from infra.jobs.run import Run


class Done(msgspec.Struct, frozen=True):
    """What a runner is left with: how many things it did, how many of them in vain, and what came of it in numbers."""

    done: int
    refused: int
    result: Mapping[str, int | str | bool]


Runner = Callable[[Run], Awaitable[Done]]
MODULES: Final = {
    "tasks.import": "infra.jobs.tasks_import",
    "tasks.export": "infra.jobs.tasks_export",
    "orders.export": "infra.jobs.orders_export",
    "products.export": "infra.jobs.products_export",
}


def runner_of(kind: str) -> Runner:
    """The function that does jobs of this kind."""
    found: Runner = import_module(MODULES[kind]).run
    return found
