"""Names of projects: each once in a team, or with one owner, whatever the case of its letters; decided by the log itself."""

from typing import Final

from application.shared.ports import Ports
from domain.projects.limits import NAME, same_name
from domain.projects.project import Project
from domain.shared.conflicts import NameTaken

CLAIM: Final = "project.name"


def claim(ports: Ports, project: Project) -> None:
    """Nobody else may have this name from now on; the command is refused with `NameTaken` if somebody does."""
    ports.log.claim(CLAIM, _named(project), project.id, NameTaken)


def release(ports: Ports, project: Project) -> None:
    """The name is free."""
    ports.log.release(CLAIM, _named(project))


def follow(ports: Ports, before: Project, after: Project) -> None:
    """Keep up with a project that was called something else, or is called so elsewhere now."""
    if _named(before) != _named(after):
        release(ports, before)
        claim(ports, after)


async def free(ports: Ports, project: Project) -> str:
    """Its name, with a number behind it where that is taken already."""
    name, nth = project.name, 1
    while await ports.log.holder(CLAIM, _named(project.but(name=name))) not in {None, project.id}:
        nth += 1
        name = f"{project.name[: NAME - 8]} ({nth})"
    return name


def _named(project: Project) -> str:
    return f"{project.named_within}:{same_name(project.name)}"
