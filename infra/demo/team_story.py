"""The same lines once more, as work of people: one project for each product, tickets with assignees that are reviewed before they are done.

Who takes a ticket in charge is assigned to it; what somebody resolved is in review until the desk closes it. A ticket is due a number of
days after it was opened, which was long ago: it is overdue from the first moment until it is done.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from msgspec.structs import replace

from infra.demo.log import Line
from infra.demo.step import TEAM, Entry
from infra.demo.story import SERIOUSNESS, Story

AGENT: Final = "Agent "
DAYS: Final = {"Value 1": 3, "Value 2": 10, "Value 3": 30}
"""In which a ticket is to be done, by its service level; others have 60."""
OPEN: Final = ("pending", "in_progress", "in_review")


def agent(resource: str) -> str:
    """A person of the log as one of the team."""
    return AGENT + resource.removeprefix("Value ") if resource else ""


class TeamStory(Story):
    """One ticket as a task of people."""

    owner = TEAM
    before_ticket = "people/"

    def __init__(self, lines: Sequence[Line]) -> None:
        self.project = f"Help desk, product {lines[0].product.removeprefix('Value ') or 'unknown'}"
        opened = datetime.fromisoformat(lines[0].timestamp).astimezone(UTC)
        self.due = (opened + timedelta(days=DAYS.get(lines[0].service_level, 60))).isoformat().replace("+00:00", "Z")
        super().__init__([replace(line, resource=agent(line.resource)) for line in lines])

    def _create(self, line: Line) -> None:
        judged = line.activity == "Assign seriousness" and SERIOUSNESS.get(line.seriousness)
        body = {
            "title": self.title,
            "external_id": self.ticket,
            "priority": judged or "medium",
            "payload": self.payload,
            "project_id": self.project,
            "due_date": self.due,
            "tags": ["help-desk"],
        }
        entries = (Entry("created", None, "pending", None, TEAM), Entry("overdue", None, self.due, None, TEAM))
        self._step(line, TEAM, "", body, *entries, events=2, status="pending", priority=judged or "medium")

    def judge(self, line: Line) -> str:
        """`Assign seriousness`: at any time."""
        priority = SERIOUSNESS.get(line.seriousness)
        if priority is None:
            return f"the seriousness {line.seriousness!r} is not known"
        if priority != self.task.priority:
            edited = Entry("edit", {"priority": self.task.priority}, {"priority": priority}, None, TEAM)
            self._step(line, TEAM, "", {"priority": priority}, edited, method="PATCH", priority=priority)
        return ""

    def take(self, line: Line) -> str:
        """`Take in charge ticket`: what was done already is opened again, what is in review goes back."""
        status, reason = self.task.status, f"Taken in charge again by {line.resource}, {line.timestamp}"
        if status == "in_progress" and line.resource in self.task.people:
            return ""
        if status in ("completed", "cancelled"):
            self._step(line, TEAM, "/reopen", {"reason": reason}, Entry("reopen", status, "pending", reason, TEAM), status="pending")
        elif status == "in_review":
            back = Entry("send_back", status, "in_progress", reason, TEAM)
            self._step(line, TEAM, "/send-back", {"reason": reason}, back, status="in_progress")
        self._join(line)
        if self.task.status == "pending":
            self._say(line, line.resource, "in_progress")
        return ""

    def resolve(self, line: Line) -> str:
        """`Resolve ticket`, `RESOLVED`: somebody else is to look at it."""
        if self.task.status == "cancelled":
            self._refused(line, TEAM, "/status", {"status": "in_review"}, "invalid_transition")
        elif self.task.status in ("pending", "in_progress"):
            self._join(line)
            if self.task.status == "pending":
                self._say(line, line.resource, "in_progress")
            self._say(line, line.resource, "in_review")
        return ""

    def close(self, line: Line) -> str:
        """`Closed`: it is done, whoever resolved it, or it will not be done."""
        if self.task.status in OPEN:
            self.resolve(line)
            self._say(line, TEAM, "completed")
        return ""

    def refuse(self, line: Line) -> str:
        """`INVALID`, `DUPLICATE`: it will not be done."""
        if self.task.status in OPEN:
            self._say(line, TEAM, "cancelled", line.activity)
        elif self.task.status == "completed":
            self._refused(line, TEAM, "/status", {"status": "cancelled", "reason": line.activity}, "invalid_transition")
        return ""

    def note(self, line: Line) -> str:
        """Something on the way, noted by whoever works on it, else by the desk."""
        text = f"{line.activity} ({line.resource}, {line.timestamp})"
        by = line.resource if line.resource in self.task.people else TEAM
        self._step(line, by, "/notes", {"note": text}, Entry("progress", None, None, text, by))
        return ""

    def _join(self, line: Line) -> None:
        if line.resource not in self.task.people:
            joined = Entry("assignee_added", None, line.resource, None, TEAM)
            self._step(line, TEAM, "/assignees", {"user_id": line.resource}, joined, people=(*self.task.people, line.resource))

    def _say(self, line: Line, by: str, status: str, reason: str | None = None) -> None:
        body = {"status": status} | ({"reason": reason} if reason else {})
        self._step(line, by, "/status", body, Entry("status_change", self.task.status, status, reason, by), status=status)

    def _step(self, line: Line, by: str, path: str, body: dict[str, Any], *entries: Entry, **leaves: Any) -> None:
        status = leaves.get("status", self.task.status)
        super()._step(line, by, path, body, *entries, **leaves, overdue=status in OPEN)
