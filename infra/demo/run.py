"""One run of the demo: sign in, see what is there, play, prove."""

import asyncio
import time
from collections.abc import Callable, Sequence
from uuid import UUID

import msgspec

from infra.demo.board import read_board
from infra.demo.client import Api
from infra.demo.inside import verify_all
from infra.demo.interrupted import interruptible
from infra.demo.log import by_ticket, read_log
from infra.demo.people import People
from infra.demo.player import SIDE_BY_SIDE, Played, Player
from infra.demo.projects import Standing, compare_projects, open_projects
from infra.demo.proof import compare_board, compare_counts, compare_histories, counts
from infra.demo.step import DESK, TEAM
from infra.demo.story import Story
from infra.demo.team_story import TeamStory
from infra.settings import Settings

Bar = Callable[[str, int], Callable[[], None]]
"""Shows a bar with a label and a total; what it gives moves it by one."""


class Target(msgspec.Struct, frozen=True):
    """A running system, and an administrator of it."""

    url: str
    email: str
    password: str
    settings: Settings | None = None
    """Of the system itself, where it runs here: then its read models are verified from inside too."""


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """A run and its proof. `differences` is None when it was interrupted, so that nothing was compared."""

    url: str
    tickets: int
    played: Played
    team: Played
    """The same lines as work of people."""
    projects: list[Standing]
    """How the projects of people stand at the end."""
    seconds: float
    """Of playing."""
    requests: int
    repeated: int
    differences: list[str] | None
    verified: bool = False
    """Whether the read models were also verified from inside."""
    proof_seconds: float = 0.0
    position: int = 0
    """Of the log, at which was compared."""

    @property
    def agrees(self) -> bool:
        """Everything was played as the log says, and everything shows it."""
        return self.differences == [] and not self.played.unexpected and not self.team.unexpected

    @property
    def interrupted(self) -> bool:
        """Somebody ended it early."""
        return self.played.interrupted or self.team.interrupted


async def run(target: Target, limit: int | None, bar: Bar) -> Result:
    """Play the first `limit` lines (None: all) and compare. Raises `LocalProblem` when the system cannot be used."""
    lines = await asyncio.to_thread(read_log)
    tickets = by_ticket(lines).values()
    stories, team_stories = [Story(each) for each in tickets], [TeamStory(each) for each in tickets]
    last = lines[: limit or len(lines)][-1].number
    async with Api(target.url, SIDE_BY_SIDE) as api:
        people = People(api, target.email, target.password)
        await people.open()
        # Signing in was the newest event, so a board that shows it misses nothing that an earlier run did.
        board = await read_board(people, api.position)
        player = Player(people, board, last, bar("as work of nodes", limit or len(lines)))
        began = time.monotonic()
        with interruptible(player.stop, api):
            played = await player.play(stories)
        team, projects = Played(interrupted=played.interrupted), dict[str, UUID]()
        if not played.interrupted:
            projects = await open_projects(people, team_stories, last)
            board = await read_board(people, api.position, TEAM)
            player = Player(people, board, last, bar("as work of people", limit or len(lines)), projects)
            with interruptible(player.stop, api):
                team = await player.play(team_stories)
        seconds = time.monotonic() - began
        differences, standings = None, list[Standing]()
        if not team.interrupted:
            differences = await prove(people, api, stories, DESK, last, bar)
            differences += await prove(people, api, team_stories, TEAM, last, bar)
            board = await read_board(people, api.position, TEAM)
            wrong, standings = await compare_projects(people, projects, team_stories, board, api.position)
            differences += wrong
        if differences is not None and target.settings is not None:
            differences += await verify_all(target.settings, bar)
        return Result(
            url=target.url,
            tickets=sum(story.told[0].line <= last for story in stories),
            played=played,
            team=team,
            projects=standings,
            seconds=round(seconds, 3),
            requests=api.requests,
            repeated=api.repeated,
            differences=differences,
            verified=differences is not None and target.settings is not None,
            proof_seconds=round(time.monotonic() - began - seconds, 3),
            position=api.position,
        )


async def prove(people: People, api: Api, stories: Sequence[Story], owner: str, last: int, bar: Bar) -> list[str]:
    """What board, counts and histories of an owner say otherwise than the log; each is asked to be as new as the newest answer."""
    position = api.position
    board = await read_board(people, position, owner)
    everybody = set[str]().union(*(story.people for story in stories))
    names = {account: name for name in everybody if (account := people.known(name))}
    found = compare_board(stories, last, board, names)
    found += await compare_counts(people, counts(stories, board), position)
    on_task = bar(f"proving, {owner}", len(board.rows))
    return found + await compare_histories(people, stories, board, on_task)
