"""The documents: complete, true, and readable without internet."""

import re
from typing import Any, get_args, get_type_hints

import msgspec
import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from api.shared.routes import find_routes

METHODS = {"get", "put", "post", "patch", "delete"}
SENT = {"application/json", "text/plain", "text/html", "text/event-stream", "*/*"}
FILES = {"text/csv", "application/x-ndjson", "application/pdf"}


@pytest.fixture(scope="module")
def document(api) -> dict[str, Any]:
    """As clients get it, with its references."""
    return msgspec.json.decode(msgspec.json.encode(api.app.openapi_schema.to_schema()))


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [(method, path, found) for path, item in document["paths"].items() for method, found in item.items() if method in METHODS]


def unfit(document: dict[str, Any], schema: dict[str, Any], example: Any) -> list[str]:
    validator = Draft202012Validator({**schema, "components": document["components"]})
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(example)]


async def test_the_document_is_openapi_3_1_and_valid(api, document):
    assert document["openapi"].startswith("3.1")
    assert [str(error) for error in OpenAPIV31SpecValidator(document).iter_errors()] == []
    for path in ("/openapi.json", "/api/docs/openapi.json"):
        assert (await api("GET", path)).json() == document


def test_every_route_is_in_it(document):
    there = {operation["operationId"] for _, _, operation in operations(document)}
    assert {route.fn.__name__ for route in find_routes() if route.resolve_include_in_schema()} - there == set()


def test_every_operation_says_what_it_is_who_may_and_all_it_can_answer(document):
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(set(names)) == len(names)
    for method, path, operation in operations(document):
        assert operation["summary"], path
        assert re.search(r"Open to everybody\.|For: [a-z, ]+\.", operation["description"]), path
        if path.startswith("/api/v1"):
            wanted = {"400", "401", "403", "404", "406", "409", "500", "503"}
            wanted |= {"413", "415"} if "requestBody" in operation else set()
            wanted |= set() if method == "get" else {"412", "422"}
            wanted |= {"428"} if method in {"put", "patch", "delete"} else set()
            assert wanted - set(operation["responses"]) == set(), path


def test_every_change_takes_an_idempotency_key_and_every_version_an_if_match(document):
    for method, path, operation in operations(document):
        headers = {one["name"] for one in operation.get("parameters", ()) if one["in"] == "header"}
        if method != "get" and path.startswith("/api/v1"):
            assert "Idempotency-Key" in headers, path
        if method in {"put", "patch", "delete"}:
            assert "If-Match" in headers, path
        if "304" in operation["responses"]:
            assert headers == {"If-None-Match"}, path


def test_every_body_has_an_example_that_fits_its_schema(document):
    count = 0
    for method, path, operation in operations(document):
        bodies = [("asked", operation["requestBody"])] if "requestBody" in operation else []
        bodies += list(operation["responses"].items())
        for what, body in bodies:
            for media in body.get("content", {}).values():
                assert media.get("examples"), (method, path, what)
                for example in media["examples"].values():
                    count += 1
                    assert unfit(document, media["schema"], example["value"]) == [], (method, path, what)
    assert count > 400


def test_every_example_of_a_request_is_read_as_its_body(document):
    shapes = {route.fn.__name__: route.opt.get("reads") or get_type_hints(route.fn).get("data") for route in find_routes()}
    for _, path, operation in operations(document):
        if "application/json" in operation.get("requestBody", {}).get("content", {}):
            shape = shapes[operation["operationId"]]
            body = next(one for one in get_args(shape) or (shape,) if isinstance(one, type))
            for example in operation["requestBody"]["content"]["application/json"]["examples"].values():
                assert msgspec.convert(example["value"], body), path


def test_every_page_may_have_a_next_one_and_what_says_so(document):
    for _, path, operation in operations(document):
        told = operation["responses"].get("200", {})
        for media in told.get("content", {}).values():
            if "next_cursor" in media.get("examples", {}).get("usual", {}).get("value", ()):
                assert "Link" in told["headers"], path
    catalogue = document["paths"]["/api/v1/products"]["get"]["responses"]["200"]["headers"]
    assert {"ETag", "Link", "Daybook-Position"} <= set(catalogue)


def test_it_says_from_where_to_where_every_number_goes_that_may_be_sent(document):
    schemas, seen = document["components"]["schemas"], 0
    for name, property_name, bounds in (
        ("NewProduct", "quantity", (0, 10**9)),
        ("ProductChanges", "quantity", (0, 10**9)),
        ("ProductChanges", "low_stock_level", (0, 10**9)),
        ("Refund", "amount", (1, 10**12)),
    ):
        told = schemas[name]["properties"][property_name]
        (number,) = [one for one in told.get("oneOf", [told]) if one.get("type") == "integer"]
        assert (number["minimum"], number["maximum"]) == bounds, (name, property_name)
    for _, path, operation in operations(document):
        for parameter in operation.get("parameters", ()):
            if parameter["in"] == "query" and parameter["name"] in {"min_position", "min_price", "max_price", "after", "limit"}:
                seen += 1
                assert "minimum" in parameter["schema"] or parameter["schema"]["type"] != "integer", (path, parameter["name"])
    assert seen > 50


def test_money_in_examples_is_money(document):
    body = document["paths"]["/api/v1/orders"]["post"]["responses"]["201"]["content"]["application/json"]
    assert body["examples"]["usual"]["value"]["total_amount"] == {"amount": 339, "currency": "GBP"}


def test_problems_come_as_problems_and_all_else_as_what_it_is(document):
    for _, path, operation in operations(document):
        for status, response in operation["responses"].items():
            kinds = set(response.get("content", {}))
            is_problem = status >= "400" and not path.startswith(("/ready", "/health"))
            further = SENT if path.startswith("/oauth/") else set()  # which has errors of its own (RFC 6749, 5.2), and pages
            further |= set() if is_problem else FILES
            assert kinds <= ({"application/problem+json"} if is_problem else SENT) | further, (path, status)


async def test_the_page_needs_nothing_from_outside_and_no_inline_script(api):
    page = await api("GET", "/api/docs", headers={"Accept": "text/html"})
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    policy = page.headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "default-src 'none'" in policy
    assert not re.search(r"<script(?![^>]*\bsrc=)|\bon\w+=|javascript:", page.text)
    assets = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(assets) == 4
    for asset in assets:
        assert asset.startswith(("/api/docs/", "data:,")), asset
        if asset.startswith("/"):
            loaded = await api("GET", asset)
            assert (loaded.status_code, loaded.headers["content-security-policy"]) == (200, policy)
    assert 'url: "/openapi.json"' in (await api("GET", "/api/docs/start.js")).text


async def test_the_addresses_people_try_lead_there(api):
    index = await api("GET", "/")
    assert index.json()["documentation"] == "/api/docs"
    assert (await api("GET", "/api", headers={"Accept": "text/html"})).headers["location"] == "/api/docs"
    assert (await api("GET", "/api")).json() == index.json()
    assert (await api("GET", "/api-docs")).status_code == 308
    assert (await api("GET", "/api/docs/openapi.yaml")).status_code == 200
