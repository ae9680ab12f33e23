"""What may be done with a task, and what then has happened. Each decision gives events or refuses; none changes anything."""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from msgspec import UNSET, UnsetType

from domain.shared.conflicts import InvalidTransition
from domain.shared.event import Event
from domain.shared.fields import invalid
from domain.tasks import events as e
from domain.tasks import limits
from domain.tasks.errors import NotClaimable, NotDueYet, NotRunning, StaleToken, TaskExpired, TaskOfPersons
from domain.tasks.people import TaskOfPeople
from domain.tasks.status import LEASED, NODE_STEPS, OWN_STEPS, Status, Steps

LONGEST_LEASE: Final = timedelta(hours=24)
"""Heartbeats keep a lease at most this long after it was made, unless it was longer from the beginning."""
LONGEST_PAUSE: Final = 86_400
"""Seconds between two attempts at most."""
LOCK_EXPIRED: Final = "lock_expired"
REPORTED: Final = "reported"


class Task(TaskOfPeople, frozen=True, kw_only=True):
    """Work to be done by a node (then with lease and token), or by people where no node is assigned."""

    def assign(self, node_id: UUID, lock_expires_at: datetime | None, now: datetime, *, force: bool = False) -> list[Event]:
        """Give it to a node, also the same once more; the node that had it loses it at once. A lock that has not ended stays."""
        until = limits.future("/lock_expires_at", lock_expires_at, now)
        if until is None and self.lock_expires_at is not None and now >= self.lock_expires_at:
            raise invalid("/lock_expires_at", "required", "The lock of this task has ended: the assignment needs a new lock_expires_at.")
        if self.assignee_ids:
            raise TaskOfPersons
        if self.status not in {Status.PENDING, Status.FAILED} and not (self.status is Status.IN_PROGRESS and force):
            raise self._cannot_become(Status.PENDING)
        assigned = e.TaskAssigned(
            at=now,
            node_id=node_id,
            token=self.version + 1,
            lock_expires_at=until or self.lock_expires_at,
            previous_node_id=self.assigned_node_id,
            from_status=self.status,
            retry=node_id == self.assigned_node_id,
            priority=self.priority,
            due_date=self._due_to_come,
        )
        return [assigned, *self.after(assigned).become_overdue(now)]

    def claim(self, lease_seconds: int, now: datetime) -> list[Event]:
        """The assigned node takes it from its queue and begins, with a new lease; whoever comes second gets `NotClaimable`."""
        limits.refuse(limits.number("/lease_seconds", lease_seconds, 1, int(LONGEST_LEASE.total_seconds())))
        if self.status is not Status.PENDING or self.assigned_node_id is None:
            raise NotClaimable
        self._refuse_expired(now)
        until = now + timedelta(seconds=lease_seconds)
        return [e.TaskClaimed(at=now, node_id=self.assigned_node_id, token=self.version + 1, lock_expires_at=until)]

    def change_status(self, to: Status, token: int | None, reason: str | None, now: datetime) -> list[Event]:
        """Its worker says how far it is; told twice, nothing new happened."""
        limits.refuse(limits.text("/reason", reason, limits.NOTE))
        if to is Status.PENDING and self.assigned_node_id is not None:
            raise invalid("/status", "not_reportable", "pending cannot be reported: use assign, retry or reopen.")
        self._fence(token)
        self._refuse_expired(now)
        if to is self.status:
            return []
        if self.status is Status.FAILED and self.failure_reason == LOCK_EXPIRED:
            raise self._expired()
        if to not in self._steps[self.status]:
            raise self._cannot_become(to)
        match to:
            case Status.IN_PROGRESS:
                return [e.TaskStarted(at=now)]
            case Status.IN_REVIEW:
                return [e.TaskSubmitted(at=now, from_status=self.status)]
            case Status.COMPLETED:
                return [e.TaskCompleted(at=now, from_status=self.status)]
            case Status.CANCELLED:
                return [e.TaskCancelled(at=now, from_status=self.status, reason=reason)]
        return [self._failed(REPORTED, reason, now)]

    def heartbeat(self, token: int | None, progress: Any | UnsetType, now: datetime) -> list[Event]:
        """The worker is alive: its lease lasts as long again as it did at first. Without a lease only progress is kept."""
        limits.refuse(limits.json("/progress", progress, limits.PROGRESS))
        self._fence(token)
        self._refuse_expired(now)
        if self.status not in LEASED:
            raise self._expired() if self.failure_reason == LOCK_EXPIRED else NotRunning
        new = UNSET if progress is UNSET or limits.same(progress, self.progress) else progress
        if self.lock_expires_at is None or self.leased_at is None or self.token is None:
            return [] if new is UNSET else [e.TaskProgressed(at=now, progress=new)]
        until = self.leased_at + min(now - self.leased_at + self.lease, LONGEST_LEASE)
        until = max(until, self.lock_expires_at)  # Never shorter: it may be longer anyway, and clocks differ by milliseconds.
        if until == self.lock_expires_at and new is UNSET:
            return []
        return [e.LeaseExtended(at=now, token=self.token, lock_expires_at=until, progress=new)]

    def expire(self, token: int, now: datetime) -> list[Event]:
        """The clock says that a lease has ended: the attempt failed, unless the lease was another one or is over anyway."""
        if self.deleted or self.status not in LEASED or token != self.token or self.lock_expires_at is None:
            return []
        if not self.is_expired(now):
            raise NotDueYet
        return [self._failed(LOCK_EXPIRED, None, now)]

    def retry_when_due(self, attempt: int, now: datetime) -> list[Event]:
        """The clock says that the pause after a failed attempt is over."""
        if self.deleted or self.status is not Status.FAILED or self.attempts != attempt or self.retry_at is None:
            return []
        if now < self.retry_at:
            raise NotDueYet
        return self._retried(now)

    def retry(self, now: datetime) -> list[Event]:
        """Let the same worker try again now, however often it failed."""
        if self.status is Status.PENDING:
            return []
        if self.status is not Status.FAILED:
            raise self._cannot_become(Status.PENDING)
        return self._retried(now)

    def reopen(self, reason: str, now: datetime) -> list[Event]:
        """Take back that it is done or will not be done, for a reason."""
        reason = limits.said("/reason", reason)
        if self.status is Status.PENDING:
            return []
        if self.status not in {Status.COMPLETED, Status.CANCELLED}:
            raise self._cannot_become(Status.PENDING)
        reopened = e.TaskReopened(
            at=now,
            reason=reason,
            token=self.version + 1,
            node_id=self.assigned_node_id,
            priority=self.priority,
            from_status=self.status,
            due_date=self._due_to_come,
        )
        return [reopened, *self.after(reopened).become_overdue(now)]

    def send_back(self, reason: str, now: datetime) -> list[Event]:
        """Say that more is to be done, for a reason: from review to in progress."""
        reason = limits.said("/reason", reason)
        if self.status is not Status.IN_REVIEW:
            raise self._cannot_become(Status.IN_PROGRESS)
        return [e.TaskSentBack(at=now, reason=reason)]

    def _retried(self, now: datetime) -> list[Event]:
        node_id, due = self.assigned_node_id, self._due_to_come
        retried = e.TaskRetried(at=now, token=self.version + 1, node_id=node_id, priority=self.priority, due_date=due)
        return [retried, *self.after(retried).become_overdue(now)]

    def _failed(self, reason: str, error: str | None, now: datetime) -> Event:
        attempt = self.attempts + 1
        pause = timedelta(seconds=min(self.retry_seconds * 2 ** (attempt - 1), LONGEST_PAUSE))
        retry_at = now + pause if attempt < self.max_attempts else None
        return e.TaskFailed(at=now, reason=reason, attempt=attempt, from_status=self.status, error=error, retry_at=retry_at)

    @property
    def _steps(self) -> Steps:
        return OWN_STEPS if self.assigned_node_id is None else NODE_STEPS

    def _fence(self, token: int | None) -> None:
        if token is not None and token != self.token:
            raise StaleToken

    def _refuse_expired(self, now: datetime) -> None:
        if self.is_expired(now):
            raise self._expired()

    def _expired(self) -> TaskExpired:
        ended = "" if self.lock_expires_at is None else f" at {self.lock_expires_at.isoformat()}"
        return TaskExpired(f"The lock of this task ended{ended}.")

    def _cannot_become(self, to: Status) -> InvalidTransition:
        facts = {"from": self.status, "to": to, "allowed": list(self._steps[self.status])}
        return InvalidTransition(f"The task is {self.status} and cannot become {to}.", **facts)
