"""All routes there are: found where they are defined, in the modules of the contexts."""

import pkgutil
from importlib import import_module

from litestar.handlers import HTTPRouteHandler

import api


def find_routes() -> list[HTTPRouteHandler]:
    """Every route handler of every module below `api`."""
    found: dict[int, HTTPRouteHandler] = {}
    for module in pkgutil.walk_packages(api.__path__, "api."):
        for value in vars(import_module(module.name)).values():
            if isinstance(value, HTTPRouteHandler):
                found[id(value)] = value
    return list(found.values())
