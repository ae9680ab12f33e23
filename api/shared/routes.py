"""All routes there are: found where they are defined, in the modules of the contexts."""

import pkgutil
from importlib import import_module

from litestar.handlers import HTTPRouteHandler, WebsocketRouteHandler

import api


def find_routes() -> list[HTTPRouteHandler]:
    """Every route handler of every module below `api`."""
    found: dict[int, HTTPRouteHandler] = {}
    for module in pkgutil.walk_packages(api.__path__, "api."):
        for value in vars(import_module(module.name)).values():
            if isinstance(value, HTTPRouteHandler):
                found[id(value)] = value
    return list(found.values())


def find_sockets() -> list[WebsocketRouteHandler]:
    """Every WebSocket of every module below `api`."""
    modules = [import_module(module.name) for module in pkgutil.walk_packages(api.__path__, "api.")]
    return list({id(value): value for module in modules for value in vars(module).values() if isinstance(value, WebsocketRouteHandler)}.values())
