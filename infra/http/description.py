"""The OpenAPI document as an object, with what the framework leaves unsaid about bodies and queries."""

from dataclasses import dataclass, fields
from typing import Any, Final

import msgspec
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import OpenAPI

from api.shared.bodies import Body

BOUNDS: Final = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")


@dataclass
class Document(OpenAPI):
    """Renders itself once, completed."""

    def to_schema(self) -> dict[str, Any]:
        """The whole document as plain values; always the same object."""
        known: dict[str, Any] | None = self.__dict__.get("rendered")
        if known is None:
            known = self.__dict__["rendered"] = _completed(super().to_schema())
        return known


@dataclass
class DocumentConfig(OpenAPIConfig):
    """Makes a `Document`."""

    def to_openapi_schema(self) -> OpenAPI:
        """The document without its operations, which the framework fills in."""
        made = super().to_openapi_schema()
        return Document(**{field.name: getattr(made, field.name) for field in fields(made)})


def _completed(document: dict[str, Any]) -> dict[str, Any]:
    for shape in _leaves(Body):
        # Two of one name get that of their module before it.
        for name in (shape.__name__, f"{shape.__module__.rpartition('.')[2]}_{shape.__name__}"):
            if name in document["components"]["schemas"]:
                document["components"]["schemas"][name] |= {"additionalProperties": False, **shape.further_rules}
                _say_of_parts(document["components"]["schemas"][name]["properties"], shape)
    for item in document["paths"].values():
        for operation in item.values():
            for parameter in operation.get("parameters", ()) if isinstance(operation, dict) else ():
                if parameter["in"] == "query":
                    parameter["schema"] = _not_null(parameter["schema"])
    return document


def _say_of_parts(properties: dict[str, Any], shape: type[Body]) -> None:
    """What the parts of a list must be, and from where to where a number goes that is one of several kinds: the framework leaves that out."""
    (_,), known = msgspec.json.schema_components([shape])
    for name, told in known[shape.__name__]["properties"].items():
        if "$ref" not in told.get("items", {"$ref": ""}) and "items" in properties[name]:
            properties[name]["items"] = told["items"]
        numbers = [one for one in properties[name].get("oneOf", ()) if one.get("type") == "integer"]
        for part in told.get("anyOf", [told]) if numbers else ():
            numbers[0] |= {bound: part[bound] for bound in BOUNDS if bound in part}


def _not_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Nothing in a query can be null; it can only be left out."""
    kinds = [one for one in schema.get("oneOf", ()) if one != {"type": "null"}]
    if len(kinds) != 1:
        return schema
    rest = {name: value for name, value in schema.items() if name != "oneOf"}
    return {**kinds[0], **rest}


def _leaves(shape: type[Body]) -> list[type[Body]]:
    return [leaf for below in shape.__subclasses__() for leaf in (below, *_leaves(below))]
