"""A process that cannot even start."""

from infra.settings import Settings


def main(settings: Settings, port: int) -> None:
    raise RuntimeError(f"nothing works on port {port}" if not settings.database_url else "no way to go on")
