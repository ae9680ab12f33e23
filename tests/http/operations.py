"""Every operation of the document, and how it is asked: with its own example, about anything."""

from typing import Any
from uuid import uuid4

import httpx
import msgspec

from tests.http.daybook import Api, Headers

WORDS = {"role": "guest", "provider": "elsewhere", "token": "of-nothing", "from_version": "1", "to_version": "1"}
"""What stands in an address where no id does."""
METHODS = {"get", "put", "post", "patch", "delete"}


class Operation(msgspec.Struct, frozen=True):
    """One operation."""

    name: str
    method: str
    path: str
    told: dict[str, Any]

    @property
    def form(self) -> str:
        """The media type of its body; empty where it takes none."""
        return next(iter(self.told.get("requestBody", {}).get("content", {})), "")

    @property
    def is_keyed(self) -> bool:
        """Whether it must come with an idempotency key."""
        return any(one["name"] == "Idempotency-Key" and one["required"] for one in self.told.get("parameters", ()))

    @property
    def example(self) -> Any:
        """The body its document shows."""
        shown = self.told["requestBody"]["content"][self.form]["examples"]
        return next(iter(shown.values()))["value"]

    def address(self, **ids: str) -> str:
        """Its path; what is not named is the id of nothing."""
        names = [one["name"] for one in self.told.get("parameters", ()) if one["in"] == "path"]
        shapes = {one["name"]: one["schema"] for one in self.told.get("parameters", ()) if one["in"] == "path"}
        made = {name: str(uuid4()) if shapes[name].get("format") == "uuid" else WORDS[name] for name in names}
        return self.path.format(**(made | {name: ids[name] for name in names if name in ids}))

    async def ask(self, api: Api, who: Headers | None = None, /, **ids: str) -> httpx.Response:
        """Ask it with its example."""
        body: dict[str, Any] = {}
        if self.is_keyed:
            who = {**(who or {}), "Idempotency-Key": str(uuid4())}
        if self.form == "application/json":
            # Nobody waits for work in these tests.
            body = {"json": {**self.example, "wait": 0} if "wait" in self.example else self.example}
        elif self.form == "multipart/form-data":
            fields = {name: value for name, value in self.example.items() if name != "file"}
            body = {"data": fields, "files": {"file": ("fan.csv", self.example["file"].encode(), "text/csv")}}
        elif self.form == "application/x-www-form-urlencoded":
            body = {"data": self.example}
        elif self.form:
            body = {"content": self.example, "headers": {"Content-Type": self.form}}
        return await api(self.method, self.address(**ids), who, **body)


def operations(api: Api) -> dict[str, Operation]:
    """All there are, by their ids."""
    paths = msgspec.json.decode(msgspec.json.encode(api.app.openapi_schema.to_schema()))["paths"]
    found = [(method, path, one) for path, item in paths.items() for method, one in item.items() if method in METHODS]
    return {one["operationId"]: Operation(one["operationId"], method.upper(), path, one) for method, path, one in found}
