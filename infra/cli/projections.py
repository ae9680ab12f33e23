"""`daybook projections`."""

import asyncio
import sys
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any, TypeVar

import rich_click as click

Answer = TypeVar("Answer")
Names = click.argument("names", nargs=-1)
All = click.option("--all", "everything", is_flag=True, help="Every read model.")
Json = click.option("--json", "as_json", is_flag=True, help="For scripts.")


@click.group()
def command() -> None:
    """Look after the read models: what can be asked is folded from the log, and can be made anew from it at any time."""


@command.command("list")
@Json
def list_(*, as_json: bool) -> None:
    """Show every build of every read model: its state, how far it has come, who folds it.

    Example: daybook projections list --json
    """
    told = _run(_list)
    if as_json:
        _say_json(told)
        return
    for one in told:
        held = f"folded by {one['holder']}" if one["held"] else "folded by nobody"
        parked = f", {one['parked']} keys parked" if one["parked"] else ""
        click.echo(f"{one['model']:<28}b{one['build']:<4}{one['store']:<10}{one['state']:<10}at {one['position']:,} ({held}{parked})")
    return


async def _list() -> list[dict[str, Any]]:
    from infra.local.state import current_settings
    from infra.projection.workshop import workshop
    from infra.redis.row_cache import Damaged

    models = {model.table: model for model in _models((), everything=True)}
    async with workshop(current_settings()) as tools:
        told = []
        for one in await tools.builds.all():
            position: int | None = one.checkpoint.position
            if one.store == "redis" and one.model in models:
                try:
                    position = (await tools.stands(models[one.model], one)).position
                except Damaged:
                    position = 0
            told.append(
                {
                    "model": one.model,
                    "build": one.build,
                    "store": one.store,
                    "state": one.state,
                    "position": position,
                    "held": one.is_held,
                    "holder": one.holder,
                    "parked": one.parked,
                }
            )
        return told


@command.command()
@Names
@All
@click.option("--jobs", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes that fold at once.")
@Json
def rebuild(names: Sequence[str], *, everything: bool, jobs: int, as_json: bool) -> None:
    """Make read models anew from the log while the old ones keep serving, then switch. Ctrl-C keeps what is finished; call it again.

    Example: daybook projections rebuild task_board --jobs 2
    """
    told = []
    for model in _models(names, everything=everything):
        one = _with_bar(model.name, partial(_rebuild, model, jobs))
        told.append(one)
        if not as_json:
            differs = "" if one.differing is None else f", {one.differing} rows differ from the old ones"
            parked = f", {one.parked} keys parked" if one.parked else ""
            rate = one.events / max(one.seconds, 0.001)
            click.echo(f"{one.model}: build {one.build} from {one.events:,} events in {one.seconds:.1f} s ({rate:,.0f}/s){differs}{parked}")
    if as_json:
        _say_json(told)


@command.command()
@Names
@All
@Json
def verify(names: Sequence[str], *, everything: bool, as_json: bool) -> None:
    """Compare what is served with what the log says, row by row; nothing has to stop for it. Exit code 1 when something differs.

    Example: daybook projections verify --all
    """
    told = []
    for model in _models(names, everything=everything):
        one = _with_bar(model.name, partial(_verify, model))
        told.append(one)
        if as_json:
            continue
        parked = f", {len(one.parked)} parked keys left out" if one.parked else ""
        verdict = "as the log says" if one.is_right else f"{one.differing} rows and {len(one.wrong_sums)} sums DIFFER"
        click.echo(f"{one.model}: {one.rows:,} rows at {one.position:,}: {verdict}{parked}")
        for difference in (*one.differences, *one.wrong_sums[:20]):
            click.echo(f"  {difference.key}: {_json(difference.what)}")
    if as_json:
        _say_json(told)
    sys.exit(0 if all(one.is_right for one in told) else 1)


@command.command()
@click.option("--replay", "name", help="Fold the parked keys of this read model again, after its fold was mended.")
@Json
def parked(name: str | None, *, as_json: bool) -> None:
    """Show the keys whose fold failed, and since when; everything else of their read model goes on.

    Example: daybook projections parked --replay task_board
    """
    from infra.local.state import current_settings
    from infra.projection.parked import parked_keys, replay

    if name is None:
        keys = _run(lambda: parked_keys(current_settings()))
        if as_json:
            _say_json(keys)
            return
        for one in keys:
            click.echo(f"{one.model} b{one.build} {one.key} since {one.since:%Y-%m-%d %H:%M:%S} at position {one.position}: {one.error}")
        if not keys:
            click.echo("Nothing is parked.")
        return
    told = _with_bar(name, lambda settings, watch: replay(settings, _models((name,), everything=False)[0], watch))
    if as_json:
        _say_json(told)
    else:
        for done in told:
            click.echo(f"{done.model} b{done.build}: {done.mended} keys are right again, {done.parked} failed again")
    sys.exit(1 if any(done.parked for done in told) else 0)


@command.command()
@click.argument("name")
@Json
def rollback(name: str, *, as_json: bool) -> None:
    """Let queries see the build before the last rebuild again; it was folded all the time.

    Example: daybook projections rollback task_board
    """
    from infra.local.state import current_settings
    from infra.projection.rebuild import rollback as go_back

    (model,) = _models((name,), everything=False)
    number = _run(lambda: go_back(current_settings(), model))
    _say_json({"model": name, "build": number}) if as_json else click.echo(f"{name}: queries see build {number} again")


@command.command()
@click.argument("name")
@Json
def retire(name: str, *, as_json: bool) -> None:
    """Remove the build before the last rebuild, so that it need not be folded any more.

    Example: daybook projections retire task_board
    """
    from infra.local.state import current_settings
    from infra.projection.rebuild import retire as remove

    (model,) = _models((name,), everything=False)
    gone = _run(lambda: remove(current_settings(), model))
    _say_json({"model": name, "retired": gone}) if as_json else click.echo(f"{name}: build {', '.join(map(str, gone))} is gone")


def _models(names: Sequence[str], *, everything: bool) -> list[Any]:
    import infra.app  # noqa: F401 — imports every context, which registers their read models.
    from projections.shared.read_model import READ_MODELS

    if everything == bool(names):
        raise click.UsageError("name the read models, or say --all")
    unknown = [name for name in names if name not in READ_MODELS]
    if unknown:
        raise click.UsageError(f"there is no read model {', '.join(unknown)}; there are: {', '.join(sorted(READ_MODELS))}")
    return [READ_MODELS[name] for name in (sorted(READ_MODELS) if everything else names)]


async def _rebuild(model: Any, jobs: int, settings: Any, watch: Any) -> Any:
    from infra.projection.rebuild import rebuild

    return await rebuild(settings, model, jobs=jobs, watch=watch)


async def _verify(model: Any, settings: Any, watch: Any) -> Any:
    from infra.projection.verify import verify

    return await verify(settings, model, watch)


def _with_bar(title: str, work: Callable[[Any, Any], Coroutine[Any, Any, Answer]]) -> Answer:
    import gc

    from infra.cli._bars import staged_bar
    from infra.local.state import current_settings
    from infra.projection.watch import Watch

    gc.disable()  # Folding makes no cycles, and a million rows are dear to look through.
    with staged_bar(title) as show:
        return _run(lambda: work(current_settings(), Watch(show)))


def _run(work: Callable[[], Coroutine[Any, Any, Answer]]) -> Answer:
    """Do it; what can go wrong ends with one line and exit code 1."""
    import psycopg
    from redis.exceptions import RedisError

    from infra.projection.builds import NoSuchBuild
    from infra.projection.fill import TooManyParked
    from infra.projection.rebuild import Diverged
    from infra.projection.verify import Moved
    from infra.projection.workshop import Busy
    from infra.redis.row_cache import Damaged

    try:
        return asyncio.run(work())
    except (NoSuchBuild, TooManyParked, Diverged, Moved, Busy) as error:
        raise click.ClickException(str(error)) from None
    except Damaged:
        raise click.ClickException("rows were lost in Redis; the consumers refill them from the log, try again") from None
    except (psycopg.OperationalError, RedisError, OSError) as error:
        raise click.ClickException(f"a server does not answer: {error}") from None


def _json(value: Any) -> str:
    import msgspec

    return msgspec.json.encode(value).decode()


def _say_json(value: Any) -> None:
    click.echo(_json(value))
