"""What mails about notifications say. Plain text, so that there is nothing to escape; titles are other people's words and stay on one line.

Nobody is named: neither who reads it nor who did it.
"""

import unicodedata
from collections.abc import Sequence
from typing import Final

import msgspec

from domain.notifications.events import NotificationCreated
from domain.notifications.kind import Kind

LONGEST: Final = 120
"""Characters of a title that are shown."""
END: Final = "--\nYou get this mail because of your preferences at {address}.\nTo get no more mails of this kind: {off}\n"


class Note(msgspec.Struct, frozen=True):
    """Subject and first sentence; `{title}` is what the task or project is called, or what was ordered, `{change}` what was done."""

    subject: str
    body: str


NOTES: Final = {
    Kind.TASK_ASSIGNED: Note("Given to you: {title}", "A task at Daybook was given to you."),
    Kind.TASK_UPDATED: Note("Changed: {title}", "A task at Daybook that concerns you was changed ({change})."),
    Kind.TASK_COMPLETED: Note("Completed: {title}", "A task at Daybook that concerns you is done."),
    Kind.TASK_OVERDUE: Note("Overdue: {title}", "The due date of a task at Daybook that concerns you has passed."),
    Kind.PROJECT_CREATED: Note("New project: {title}", "Your team has a new project at Daybook."),
    Kind.PROJECT_UPDATED: Note("Project changed: {title}", "Something changed in a project or team of yours at Daybook ({change})."),
    Kind.COMMENT_ADDED: Note("New comment: {title}", "There is a new comment on a task at Daybook that concerns you."),
    Kind.MENTION: Note("You were mentioned: {title}", "You were mentioned in a comment on a task at Daybook."),
    Kind.ORDER_UPDATED: Note("Your order: {title}", "There is news of an order of yours at Daybook ({change})."),
    Kind.SYSTEM: Note("{title}", "Something that concerns you has changed at Daybook."),
}
"""Of all that has no mail of its own."""


def note(told: NotificationCreated, *, address: str, off: str) -> tuple[str, str]:
    """Subject and text of the mail about one notification; `off` is where mails of its kind are turned off."""
    words = {"title": one_line(told.title), "change": (told.change or "changed").replace("_", " ")}
    lines = [NOTES[told.kind].body.format(**words), f"    {words['title']}"]
    if place := _place(told, address):
        lines.append(place)
    lines.append(END.format(address=address, off=off))
    return NOTES[told.kind].subject.format(**words), "\n\n".join(lines)


def digest(told: Sequence[NotificationCreated], more: int, *, address: str, off: str) -> tuple[str, str]:
    """Subject and text of a digest: the newest last, and how many `more` there were."""
    count = len(told) + more
    lines = [NOTES[one.kind].subject.format(title=one_line(one.title)) + f"\n    {_place(one, address) or address}" for one in told]
    if more:
        lines.append(f"… and {more} more at {address}/api/v1/notifications")
    lines.append(END.format(address=address, off=off))
    subject = "Daybook: one thing happened" if count == 1 else f"Daybook: {count} things happened"
    return subject, "\n\n".join(["Since your last digest:", *lines])


def one_line(title: str) -> str:
    """Somebody's words as they may stand in a header and on a line: without control characters, and not endless."""
    plain = "".join(" " if unicodedata.category(char)[0] in "CZ" else char for char in title)
    short = " ".join(plain.split())
    return (short if len(short) <= LONGEST else short[: LONGEST - 1] + "…") or "…"


def _place(told: NotificationCreated, address: str) -> str:
    if told.task_id is not None:
        return f"{address}/api/v1/tasks/{told.task_id}"
    if told.kind is Kind.ORDER_UPDATED:
        return f"{address}/api/v1/orders/{told.facts['order_id']}"
    return f"{address}/api/v1/projects/{told.project_id}" if told.project_id is not None else ""
