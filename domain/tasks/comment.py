"""A comment on a task: what somebody said, whom they mentioned, and to what it is a reply."""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final, Self
from uuid import UUID

from domain.shared.aggregate import Aggregate
from domain.shared.event import Event
from domain.tasks import limits
from domain.tasks.events import CommentDeleted, CommentEdited, CommentPosted

TEXT: Final = 10_000
"""Characters of a comment, after spaces at both ends are gone."""
MENTIONS: Final = 50
"""How many people one comment may mention."""
_MARK: Final = re.compile(r"@\[([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})\]")


def marked(text: str) -> tuple[UUID, ...]:
    """The people a text marks as `@[id]`, each once, in order; of many marks the first 50."""
    return tuple(dict.fromkeys(UUID(found) for found in _MARK.findall(text)))[:MENTIONS]


class Comment(Aggregate, frozen=True, kw_only=True):
    """A comment as its decisions see it; the fields are named as clients see them."""

    task_id: UUID | None = None
    author_id: UUID | None = None
    text: str = ""
    mentions: tuple[UUID, ...] = ()
    reply_to: UUID | None = None
    deleted: bool = False
    created_at: datetime | None = None
    edited_at: datetime | None = None

    @property
    def exists(self) -> bool:
        """Whether it was posted: another stream's events make no comment."""
        return self.author_id is not None

    def is_on(self, task_id: UUID) -> bool:
        """Whether it can be read on this task."""
        return self.exists and not self.deleted and self.task_id == task_id

    def post(
        self,
        now: datetime,
        *,
        task_id: UUID,
        author_id: UUID,
        text: str,
        mentions: Iterable[UUID] = (),
        reply_to: UUID | None = None,
        project_id: UUID | None = None,
    ) -> list[Event]:
        """Say it; raises `Invalid` for a text that is empty or too long. `mentions` are people who see the task."""
        posted = CommentPosted(
            at=now,
            comment_id=self.id,
            task_id=task_id,
            author_id=author_id,
            project_id=project_id,
            text=fit(text),
            mentions=tuple(dict.fromkeys(mentions))[:MENTIONS],
            reply_to=reply_to,
        )
        return [posted]

    def edit(self, now: datetime, *, text: str, mentions: Iterable[UUID], project_id: UUID | None = None) -> list[Event]:
        """Say it in other words; raises `Invalid` as `post`."""
        new, people = fit(text), tuple(dict.fromkeys(mentions))[:MENTIONS]
        if (new, people) == (self.text, self.mentions):
            return []
        edited = CommentEdited(
            **self._about(now, project_id),
            text=new,
            mentions=people,
            newly_mentioned=tuple(one for one in people if one not in self.mentions),
        )
        return [edited]

    def delete(self, now: datetime, *, project_id: UUID | None = None) -> list[Event]:
        """Take it back."""
        return [CommentDeleted(**self._about(now, project_id))]

    def _about(self, now: datetime, project_id: UUID | None) -> dict[str, Any]:
        return {"at": now, "comment_id": self.id, "task_id": self.task_id, "author_id": self.author_id, "project_id": project_id}

    def still_mentioned(self, text: str) -> tuple[UUID, ...]:
        """Who stays mentioned when the text becomes this one: everybody whose mark was not taken out of it."""
        before, after = marked(self.text), marked(text)
        return tuple(one for one in self.mentions if one not in before or one in after)

    def evolve(self, event: Event) -> Self:
        """The state after one more event."""
        match event:
            case CommentPosted():
                said = {"text": event.text, "mentions": event.mentions, "reply_to": event.reply_to}
                return self.but(task_id=event.task_id, author_id=event.author_id, created_at=event.at, **said)
            case CommentEdited(text=text, mentions=mentions, at=at):
                return self.but(text=text, mentions=mentions, edited_at=at)
            case CommentDeleted():
                return self.but(deleted=True)
        return self


def fit(text: str) -> str:
    """A text as it is kept; raises `Invalid`."""
    text = text.strip()
    limits.refuse(limits.text("/text", text, TEXT, least=1))
    return text
