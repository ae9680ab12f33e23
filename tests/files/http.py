"""What tests of files ask of a Daybook over HTTP."""

from pathlib import Path
from typing import Any

import httpx

from tests.http.daybook import Account, Api, Headers

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40
KIB = 1024


async def place(api: Api) -> tuple[Account, str]:
    """Somebody with a task, and where its files are."""
    who = await api.account()
    return who, f"/api/v1/tasks/{(await api.task(who.headers))['id']}/files"


async def send(
    api: Api, path: str, who: Headers, content: bytes = PNG, name: str = "fan.png", kind: str = "image/png", **more: Any
) -> httpx.Response:
    return await api("POST", path, who, files={"file": (name, content, kind)}, **more)


def bytes_of(api: Api, file_id: str) -> Path | None:
    """Where the bytes of a file are; None where they are not any more."""
    return next((one for one in kept(api) if one.name == file_id.replace("-", "")), None)


def kept(api: Api) -> list[Path]:
    """Every file of the store."""
    return [path for path in api.system.settings.files_at.glob("*/*") if path.is_file()]
