"""Progress bars with rate and time left, on stderr: what a command answers stays alone on stdout."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress


def _progress(*, transient: bool) -> "Progress":
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
    from rich.text import Text

    class Rate(ProgressColumn):
        """How many per second."""

        def render(self, task: Task) -> Text:
            """Empty until it is known."""
            speed = task.finished_speed or task.speed
            return Text(f"{speed:,.0f}/s" if speed else "")

    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), Rate(), TimeRemainingColumn(elapsed_when_finished=True)
    return Progress(*columns, console=Console(stderr=True), transient=transient)


@contextmanager
def bars() -> Iterator[Callable[[str, int], Callable[[], None]]]:
    """Gives `bar(label, total)`, which shows one more bar and gives what moves it by one."""
    with _progress(transient=False) as progress:

        def bar(label: str, total: int) -> Callable[[], None]:
            task = progress.add_task(label, total=total)
            return lambda: progress.advance(task)

        yield bar


@contextmanager
def staged_bar(title: str) -> Iterator[Callable[[str, int, int], None]]:
    """Gives what is called with (stage, done, of how much) from any thread; one bar, which begins again with each stage."""
    with _progress(transient=True) as progress:
        task, stage = progress.add_task(title, total=None), ""

        def show(what: str, done: int, total: int) -> None:
            nonlocal stage
            if what != stage:
                stage = what
                progress.reset(task, description=f"{title}: {what}", total=total or None)
            progress.update(task, completed=done, total=total or None)

        yield show
