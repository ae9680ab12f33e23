"""The proof from inside, where the database is at hand: every read model against the fold of the log."""

from collections.abc import Callable

from infra.app import import_contexts
from infra.projection.builds import NoSuchBuild
from infra.projection.verify import Moved, verify
from infra.redis.row_cache import Damaged
from infra.settings import Settings
from projections.shared.read_model import READ_MODELS


async def verify_all(settings: Settings, bar: Callable[[str, int], Callable[[], None]]) -> list[str]:
    """What is served otherwise than the log says, and what could not be compared."""
    import_contexts()
    models = sorted(READ_MODELS.values(), key=lambda model: model.name)
    found, on_model = [], bar("verifying", len(models))
    for model in models:
        try:
            told = await verify(settings, model)
        except (Damaged, Moved, NoSuchBuild) as error:
            found.append(f"{model.name} could not be verified: {error}")
            continue
        finally:
            on_model()
        found += [f"{model.name}, {one.key}: {one.what}" for one in (*told.differences, *told.wrong_sums)]
        if told.differing > len(told.differences):
            found.append(f"{model.name}: {told.differing} rows differ")
        found += [f"{model.name}, {key}: parked" for key in told.parked]
    return found
