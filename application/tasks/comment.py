"""Comments on tasks: said by whoever sees the task, changed by their author, taken back by the author or who runs the project."""

from collections.abc import Iterable
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from application.shared.command import Command, handles
from application.shared.permissions import Reach, must
from application.shared.ports import Ports
from application.shared.preconditions import must_be_version
from application.shared.task_sight import sees
from application.tasks.access import Access
from domain.shared.fields import invalid
from domain.shared.refused import Forbidden, NotFound
from domain.tasks.comment import MENTIONS, Comment, fit, marked
from domain.tasks.task import Task


class PostComment(Command, frozen=True):
    """Say something about a task. Who is in `mentions`, or marked in the text as `@[id]`, is told of it."""

    task_id: UUID
    text: str
    mentions: tuple[UUID, ...] = ()
    reply_to: UUID | None = None


class EditComment(Command, frozen=True):
    """Say one's own comment in other words. Left out, `mentions` stay, but for marks that were taken out of the text."""

    task_id: UUID
    comment_id: UUID
    text: str | UnsetType = UNSET
    mentions: tuple[UUID, ...] | UnsetType = UNSET
    if_match: int | None = None


class DeleteComment(Command, frozen=True):
    """Take a comment back."""

    task_id: UUID
    comment_id: UUID
    if_match: int | None = None


@handles(PostComment)
async def post_comment(command: PostComment, ports: Ports) -> Comment:
    """Raises `NotFound`, `Forbidden`, `Invalid` (`unknown_user`, `unknown_comment`), `ProjectArchived`."""
    must(ports.caller, "tasks:comment")
    place = await _Place.find(ports, command.task_id)
    if ports.caller.id is None:
        raise Forbidden
    fit(command.text)
    if command.reply_to is not None and not (await ports.log.load(Comment, command.reply_to)).is_on(command.task_id):
        raise invalid("/reply_to", "unknown_comment", "There is no such comment on this task.")
    mentions = await place.mentioned(command.text, command.mentions)
    place.access.must_be_open()
    comment = Comment(id=ports.new_id())
    facts = comment.post(
        ports.now,
        task_id=command.task_id,
        author_id=ports.caller.id,
        project_id=place.task.project_id,
        text=command.text,
        mentions=mentions,
        reply_to=command.reply_to,
    )
    return ports.log.stage(comment, *facts)


@handles(EditComment)
async def edit_comment(command: EditComment, ports: Ports) -> Comment:
    """Raises `NotFound`, `Forbidden` for all but the author, `Invalid`, `PreconditionFailed`, `ProjectArchived`."""
    must(ports.caller, "tasks:comment")
    place = await _Place.find(ports, command.task_id)
    comment = await place.comment(command.comment_id)
    if comment.author_id != ports.caller.id:
        raise Forbidden("Only its author changes a comment.")
    text = comment.text if command.text is UNSET else fit(command.text)
    kept = comment.still_mentioned(text)
    named = () if command.mentions is UNSET else command.mentions
    mentions = (*(kept if command.mentions is UNSET else ()), *await place.mentioned(text, named, known=comment.mentions))
    must_be_version(comment.version, command.if_match)
    place.access.must_be_open()
    return ports.log.stage(comment, *comment.edit(ports.now, text=text, mentions=mentions, project_id=place.task.project_id))


@handles(DeleteComment)
async def delete_comment(command: DeleteComment, ports: Ports) -> Comment:
    """Raises `NotFound` (also the second time), `Forbidden`, `PreconditionFailed`, `ProjectArchived`."""
    reached = must(ports.caller, "tasks:comment")
    place = await _Place.find(ports, command.task_id)
    comment = await place.comment(command.comment_id)
    if comment.author_id != ports.caller.id and reached is not Reach.ALL and not place.access.runs_project:
        raise Forbidden("Only its author, or who runs the project, takes a comment back.")
    must_be_version(comment.version, command.if_match)
    place.access.must_be_open()
    return ports.log.stage(comment, *comment.delete(ports.now, project_id=place.task.project_id))


class _Place(msgspec.Struct, frozen=True):
    """A task that the caller sees, as the place of its comments."""

    task: Task
    access: Access
    ports: Ports

    @classmethod
    async def find(cls, ports: Ports, task_id: UUID) -> "_Place":
        """Raises `NotFound`."""
        task = await ports.log.load(Task, task_id)
        if not task.exists:
            raise NotFound
        access = await Access.to(task, ports)
        access.must_see(task)
        return cls(task, access, ports)

    async def comment(self, comment_id: UUID) -> Comment:
        """A comment that can be read here; raises `NotFound`."""
        found = await self.ports.log.load(Comment, comment_id)
        if not found.is_on(self.task.id):
            raise NotFound
        return found

    async def mentioned(self, text: str, named: Iterable[UUID], known: Iterable[UUID] = ()) -> tuple[UUID, ...]:
        """Those named, then those marked in the text who see the task; raises `Invalid` for somebody named who does not.

        Who was mentioned before (`known`) stays so, whatever they see now.
        """
        named, before = tuple(dict.fromkeys(named)), frozenset(known)
        if len(named) > MENTIONS:
            raise invalid("/mentions", "too_long", f"At most {MENTIONS} people can be mentioned.")
        for nth, user_id in enumerate(named):
            if user_id not in before and not await sees(self.task, user_id, self.ports.log.load):
                raise invalid(f"/mentions/{nth}", "unknown_user", "Nobody of this id sees the task.")
        return (*named, *[one for one in marked(text) if one not in named and await sees(self.task, one, self.ports.log.load)])
