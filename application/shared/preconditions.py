"""What a client may ask beside a change: that nobody else has made one meanwhile (If-Match)."""

from domain.shared.refused import PreconditionFailed


def must_be_version(version: int, if_match: int | None) -> None:
    """Raises `PreconditionFailed` if the client had another version before it; None: any will do."""
    if if_match is not None and if_match != version:
        raise PreconditionFailed(f"The version is {version}, not {if_match}.", version=version)
