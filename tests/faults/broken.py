"""Sabotages, as mains of processes: each breaks one thing on purpose, then runs the real process, and the checker has to turn red."""

from collections.abc import Sequence
from typing import Any

from msgspec import structs

from application.payments.call import Refused, Unknown
from domain.shared.event import Recorded
from domain.shop.stock import Stock
from domain.tasks.task import Task
from infra.jobs import task_creation
from infra.postgres import row_table, tables
from infra.processes import cashier
from infra.processes import clock as clock_process
from infra.processes import consumers as consumers_process
from infra.processes import relay as relay_process
from infra.processes import serve as serve_process
from infra.projection import builds, projector, reacting, stores
from infra.redis import caches
from infra.security import idempotency
from infra.settings import Settings
from tests.faults import faulty, toys


def consumers_that_forget(settings: Settings, port: int) -> None:
    """One event in twenty is not folded."""
    _touching(lambda events: [one for one in events if one.position % 20])
    consumers_process.main(settings, port)


def consumers_that_repeat(settings: Settings, port: int) -> None:
    """One event in twenty is folded twice."""
    _touching(lambda events: [one for one in events for _ in range(1 if one.position % 20 else 2)])
    consumers_process.main(settings, port)


def consumers_that_swap(settings: Settings, port: int) -> None:
    """Each batch is folded from its end."""
    _touching(lambda events: list(reversed(events)))
    consumers_process.main(settings, port)


def _touching(change: Any) -> None:
    real = projector.touched

    def touched(model: Any, events: Sequence[Recorded[Any]]) -> Any:
        return real(model, change(events))

    projector.touched = touched


def consumers_that_promise_too_early(settings: Settings, port: int) -> None:
    """The position is moved before the rows are written, and death comes between the two."""
    real = stores.TableStore.apply
    count = 0

    async def apply(self: Any, folded: Any, *rest: Any) -> bool:
        nonlocal count
        count += bool(folded.after) and self._table.model.name == "chain_postgres"
        if count == 4:
            await real(self, type(folded)(), *rest)
            faulty.die()
        return await real(self, folded, *rest)

    stores.TableStore.apply = apply
    consumers_process.main(settings, port)


def consumers_that_ignore_the_fence(settings: Settings, port: int) -> None:
    """They write under a lease they lost, from a position that is not theirs any more."""
    real = row_table.RowTable._apply_statement

    def statement(self: Any) -> str:
        return real(self).replace("and position = %(from)s and log_id = %(log)s and epoch = %(epoch)s", "")

    row_table.RowTable._apply_statement = statement
    faulty.consumers_sleeping_before_a_write(settings, port)


def consumers_without_derived_ids(settings: Settings, port: int) -> None:
    """A reaction's command has a new id each time; death comes before the position is moved."""
    reacting.derived_id = lambda *_: relay_process.new_id()
    faulty.consumers_dying_after_a_reaction(settings, port)


def consumers_that_move_before_they_react(settings: Settings, port: int) -> None:
    """A reaction's position is moved first, and death comes before the command."""
    real, kept = builds.Builds.move, reacting.Reactor._react

    async def react(self: Any, recorded: Recorded[Any]) -> None:
        if self.reaction.name != toys.REACTION:
            await kept(self, recorded)
            return
        for build in await self._builds.of(self.name, "live"):
            if await real(self._builds, build, build.checkpoint.after(recorded)):
                faulty.die()

    reacting.Reactor._react = react
    consumers_process.main(settings, port)


def serve_that_does_not_wait(settings: Settings, port: int) -> None:
    """Reads show what is there, however old."""
    tables.PATIENCE = caches.PATIENCE = 0
    real = tables.PostgresTables._read

    async def read(self: Any, model: Any, query: str, arguments: Any, fresh: Any) -> Any:
        return await real(self, model, query, arguments, structs.replace(fresh, allow_stale=True))

    tables.PostgresTables._read = read
    serve_process.main(settings, port)


def clock_without_manners(settings: Settings, port: int) -> None:
    """A sabotage: it does not look what time it is, has a new id each time, and no task looks at its lease."""
    faulty.greedy("")
    Task.expire = lambda self, _, now: [self._failed("lock_expired", None, now)]
    clock_process.DerivedKey = lambda _: idempotency.DerivedKey(relay_process.new_id())
    clock_process.main(settings, port)


def jobs_without_derived_ids(settings: Settings, port: int) -> None:
    """A row's wish has a new id each time it is read."""
    task_creation.DerivedKey = lambda _: idempotency.DerivedKey(relay_process.new_id())
    faulty.jobs_dying_before_a_checkpoint(settings, port)


def consumers_that_sell_what_is_held(settings: Settings, port: int) -> None:
    """What is held for others counts as free."""
    Stock.available = lambda self, _: self.on_hand
    consumers_process.main(settings, port)


def consumers_that_ask_again(settings: Settings, port: int) -> None:
    """An outcome that nobody knows is taken for a failure, and asked for again under another key."""
    real = cashier.ask

    async def ask(*about: Any) -> Any:
        outcome = await real(*about)
        return Refused("failed", outcome.message) if isinstance(outcome, Unknown) else outcome

    cashier.ask = ask
    consumers_process.main(settings, port)
