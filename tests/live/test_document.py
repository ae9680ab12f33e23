"""The AsyncAPI document says what is told, all of it, and is what it says it is."""

from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator

from api.live.channel import KINDS
from api.live.document import asyncapi
from api.live.tell import TELLS
from api.shared.routes import find_sockets
from domain.shared.event import BY_CLASS
from infra.app import import_contexts


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    import_contexts()
    assert find_sockets()
    return msgspec.json.decode(msgspec.json.encode(asyncapi("https://daybook.example")))


def referred(found: Any) -> list[str]:
    if isinstance(found, dict):
        own = [found["$ref"]] if isinstance(found.get("$ref"), str) else []
        return own + [one for value in found.values() for one in referred(value)]
    return [one for value in found for one in referred(value)] if isinstance(found, list) else []


def looked_up(document: dict[str, Any], reference: str) -> Any:
    found: Any = document
    for word in reference.removeprefix("#/").split("/"):
        found = found[word]
    return found


def test_it_is_asyncapi_3_and_every_reference_leads_somewhere(document):
    assert document["asyncapi"] == "3.0.0"
    assert {"title", "version"} <= set(document["info"])
    assert document["servers"]["here"] | {"security": []} == {"host": "daybook.example", "protocol": "wss", "security": []}
    for reference in referred(document):
        assert looked_up(document, reference), reference
    for operation in document["operations"].values():
        assert operation["action"] in {"send", "receive"}
        there = looked_up(document, operation["channel"]["$ref"])["messages"]
        assert {one["$ref"].rpartition("/")[2] for one in operation["messages"]} <= set(there)
    for name, message in document["components"]["messages"].items():
        Draft202012Validator.check_schema(message["payload"])
        assert message["name"] == name


def test_every_event_that_is_told_and_every_channel_is_in_it(document):
    told = {BY_CLASS[shape].name for shape in BY_CLASS if any(tell.fits(shape) for tell in TELLS)}
    named = {name for name in document["components"]["messages"] if not name.startswith("live.")} - {"error", "wish", "notifications.unread"}
    assert named == told
    assert {"task.completed", "task.moved", "project.member_removed", "comment.posted", "notification.created", "node.draining"} <= told
    assert {"order.placed", "order.cancelled", "payment.call_failed", "payment.captured"} <= told
    assert not told & {"node.seen", "team.project_listed", "digest.closed"}
    assert set(document["channels"]["live"]["x-channels"]) == {kind.shown for kind in KINDS.values()}
    assert set(KINDS) == {"all", "tasks", "task", "project", "projects", "notifications", "node", "orders", "order", "all-orders"}


@pytest.mark.parametrize(("event", "update"), [("order.shipped", "order.updated"), ("payment.call_unknown", "payment.updated")])
def test_how_an_order_or_payment_stands_is_part_of_what_is_told_of_it(document, event, update):
    data = document["components"]["messages"][event]["payload"]["properties"]["data"]
    assert data["properties"]["update"] == {"enum": [update]}
    assert set(data["required"]) >= {"update", "user_id", "order_id", "status", "status_message", "payment_status"}
