"""JSON merge patch (RFC 7396): what is left out stays, null takes away, objects are merged, everything else is replaced."""

from typing import Any


def merged(target: Any, patch: Any) -> Any:
    """The target after the patch; neither of them is changed."""
    if not isinstance(patch, dict):
        return patch
    kept = target if isinstance(target, dict) else {}
    after = {name: value for name, value in kept.items() if name not in patch or patch[name] is not None}
    return after | {name: merged(kept.get(name), value) for name, value in patch.items() if value is not None}
