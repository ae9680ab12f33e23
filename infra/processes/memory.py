"""The garbage collector, where it would only cost: before a fork, and once a process is set up."""

import gc
from typing import Final

YOUNG: Final = 10_000
"""Objects made before the collector looks for cycles among them; 700 unless said otherwise, a few requests' worth."""


def share_memory() -> None:
    """Before the first fork: what is loaded now will not be looked at by the garbage collector, so its pages stay shared."""
    gc.collect()
    gc.freeze()


def settle() -> None:
    """A process has made what it works with: routes, document, statements. None of it is looked at again, and the rest less often."""
    share_memory()
    gc.set_threshold(YOUNG, 10, 10)
