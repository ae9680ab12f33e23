"""From the lines of one ticket to requests about one task. Pure: the same lines always tell the same story.

People of the log become nodes. Whoever resolves, closes or refuses a ticket that is still open takes it over first, for a node
reports only on tasks of its own. What the log says once more is not sent; what contradicts it is sent, and refused.
"""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from infra.demo.log import Line
from infra.demo.step import ADMIN, DESK, Entry, Expected, Step, Told

SERIOUSNESS: Final = {"Value 1": "high", "Value 2": "urgent", "Value 3": "medium", "Value 4": "low"}
"""The file is anonymised and only has `Value 1`; a ticket that nobody has judged yet has the priority medium."""
STEPS: Final = {"pending": ("in_progress", "failed"), "in_progress": ("completed", "failed")}
"""What a node may report. Said here once more on purpose: an expectation taken from the code it checks would prove nothing."""
KEPT: Final = ("customer", "product", "service_level", "service_type", "workgroup")


class Story:
    """One ticket: its task, and what each of its lines comes to."""

    owner = DESK
    before_ticket = ""
    """What its external id has before the ticket."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self.title = lines[0].ticket
        self.ticket = self.before_ticket + self.title
        self.payload = {"opened_at": lines[0].timestamp, "opened_by": lines[0].resource} | {name: getattr(lines[0], name) for name in KEPT}
        self.people = {line.resource for line in lines} - {""}
        self.task = Expected()
        self._steps: list[Step] = []
        self.told = [self._tell(line) for line in lines]

    @property
    def steps(self) -> list[Step]:
        """All that change the task, in order."""
        return [step for told in self.told for step in told.steps if not step.refusal]

    @property
    def end(self) -> int:
        """The version of the task when everything was told."""
        return self.told[-1].leaves.version

    def applied(self, version: int) -> list[Step]:
        """The steps that a task of this version has behind it."""
        return [step for step in self.steps if step.leaves.version <= version]

    def _tell(self, line: Line) -> Told:
        self._steps, problem = [], ""
        if not line.resource:
            problem = "nobody is named who did it"
        else:
            if self.task.version == 0:
                self._create(line)
            problem = getattr(self, ACTIVITIES.get(line.activity, "unknown"))(line)
        return Told(line=line.number, activity=line.activity, steps=tuple(self._steps), problem=problem, leaves=self.task)

    def _create(self, line: Line) -> None:
        judged = line.activity == "Assign seriousness" and SERIOUSNESS.get(line.seriousness)
        priority = judged or "medium"
        body = {"title": self.title, "external_id": self.ticket, "priority": priority, "payload": self.payload}
        created = Entry("created", None, "pending", None, DESK)
        self._step(line, DESK, "", body, created, status="pending", priority=priority)

    def judge(self, line: Line) -> str:
        """`Assign seriousness`."""
        priority = SERIOUSNESS.get(line.seriousness)
        if priority is None:
            return f"the seriousness {line.seriousness!r} is not known"
        body = {"priority": priority}
        if priority != self.task.priority and self.task.node is not None and self.task.status != "pending":
            self._refused(line, DESK, "", body, "task_not_editable", "PATCH")
        elif priority != self.task.priority:
            edited = Entry("edit", {"priority": self.task.priority}, body, None, DESK)
            self._step(line, DESK, "", body, edited, method="PATCH", priority=priority)
        return ""

    def take(self, line: Line) -> str:
        """`Take in charge ticket`."""
        if (self.task.status, self.task.node) == ("in_progress", line.resource):
            return ""
        if self.task.status == "completed":
            reason = f"Taken in charge again by {line.resource}, {line.timestamp}"
            reopened = Entry("reopen", "completed", "pending", reason, DESK)
            self._step(line, DESK, "/reopen", {"reason": reason}, reopened, status="pending")
        self._take_over(line)
        self._report(line, "in_progress")
        return ""

    def resolve(self, line: Line) -> str:
        """`Resolve ticket`, `RESOLVED`, `Closed` of a ticket that nobody has resolved."""
        if (self.task.status, self.task.node) == ("completed", line.resource):
            return ""
        if self.task.status in STEPS:
            self._take_over(line)
            if self.task.status == "pending":
                self._report(line, "in_progress")
        self._report(line, "completed")
        return ""

    def close(self, line: Line) -> str:
        """`Closed`."""
        return "" if self.task.status == "completed" else self.resolve(line)

    def refuse(self, line: Line) -> str:
        """`INVALID`, `DUPLICATE`."""
        if self.task.status in STEPS:
            self._take_over(line)
        self._report(line, "failed", reason=line.activity)
        return ""

    def note(self, line: Line) -> str:
        """Something on the way, noted by the person who has the ticket, else by the desk."""
        text = f"{line.activity} ({line.resource}, {line.timestamp})"
        by = line.resource if line.resource == self.task.node else DESK
        self._step(line, by, "/notes", {"note": text}, Entry("progress", None, None, text, by))
        return ""

    def nothing(self, line: Line) -> str:
        """`Insert ticket`: it is there."""
        del line
        return ""

    def unknown(self, line: Line) -> str:
        """Whatever else."""
        return f"the activity {line.activity!r} is not known"

    def _take_over(self, line: Line) -> None:
        now = self.task
        if now.node == line.resource and now.status != "failed":
            return
        body: dict[str, Any] = {"node_id": line.resource} | ({"force": True} if now.status == "in_progress" else {})
        action = "initial_assign" if now.node is None else "retry" if now.node == line.resource else "assignee_change"
        entries = [Entry(action, now.node, line.resource, None, ADMIN)]
        if now.status != "pending":
            entries.append(Entry("status_change", now.status, "pending", None, ADMIN))
        self._step(line, ADMIN, "/assign", body, *entries, status="pending", node=line.resource)

    def _report(self, line: Line, status: str, **more: str) -> None:
        now, body = self.task, {"status": status} | more
        if now.node != line.resource:
            self._refused(line, line.resource, "/status", body, "not_found")
        elif status not in STEPS.get(now.status, ()):
            self._refused(line, line.resource, "/status", body, "invalid_transition")
        else:
            changed = Entry("status_change", now.status, status, more.get("reason"), line.resource)
            attempts = now.attempts + (status == "failed")
            self._step(line, line.resource, "/status", body, changed, status=status, attempts=attempts)

    def _step(
        self, line: Line, by: str, path: str, body: dict[str, Any], *entries: Entry, method: str = "POST", events: int = 1, **leaves: Any
    ) -> None:
        self.task = msgspec.structs.replace(self.task, version=self.task.version + events, **leaves)
        made = Step(line=line.number, by=by, path=path, body=body, method=method, leaves=self.task, entries=entries, events=events)
        self._steps.append(made)

    def _refused(self, line: Line, by: str, path: str, body: dict[str, Any], code: str, method: str = "POST") -> None:
        self._steps.append(Step(line=line.number, by=by, path=path, body=body, method=method, leaves=self.task, refusal=code))


ACTIVITIES: Final = {
    "Insert ticket": "nothing",
    "Assign seriousness": "judge",
    "Take in charge ticket": "take",
    "Resolve ticket": "resolve",
    "RESOLVED": "resolve",
    "Closed": "close",
    "INVALID": "refuse",
    "DUPLICATE": "refuse",
    "Wait": "note",
    "Require upgrade": "note",
    "Schedule intervention": "note",
    "Create SW anomaly": "note",
    "Resolve SW anomaly": "note",
    "VERIFIED": "note",
}
