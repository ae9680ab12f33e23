"""Which events a command can lead to, read from the code of its handler and of what that calls."""

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator
from functools import cache
from types import FunctionType, ModuleType
from typing import Any, Final

from application.shared.command import Command
from domain.shared.aggregate import Aggregate
from domain.shared.event import Event

OURS: Final = ("application.", "domain.")
NOT_DECISIONS: Final = frozenset({"evolve", "but", "after", "exists"})
"""Methods of aggregates that say what is, not what shall happen."""


class Path:
    """What was found on the way from one handler: the events it makes, and the aggregates that decide so."""

    def __init__(self, handler: Callable[..., Any]) -> None:
        self.events: dict[type[Event], type[Aggregate]] = {}
        self._kinds: list[type[Aggregate]] = []
        self._seen: set[Any] = set()
        self._follow(handler, None)

    def _follow(self, function: Any, owner: type[Aggregate] | None) -> None:
        if not isinstance(function, FunctionType) or not function.__module__.startswith(OURS) or (function, owner) in self._seen:
            return
        self._seen.add((function, owner))
        things = [(name, called, self._meaning(name, function)) for name, called in _names(function)]
        held = {variable: self._meaning((kind,), function) for variable, kind in _held(function).items()}
        mine = [thing for thing in (*(thing for _, _, thing in things), *held.values()) if _is(thing, Aggregate)]
        self._kinds += [kind for kind in mine if kind not in self._kinds]
        for name, called, thing in things:
            if called and _is(thing, Event) and (owner or self._kinds):
                self.events.setdefault(thing, owner or (mine or self._kinds)[0])
            elif isinstance(thing, FunctionType):
                self._follow(thing, owner)
            elif owner is not None and name[0] == "self" and _is(said := _of_class(owner, name), Event):
                self.events.setdefault(said, owner)  # `self.words.added`: what several aggregates say in words of their own.
            elif thing is None and name[0] != "ports" and name[-1] not in NOT_DECISIONS:
                # `task.complete(…)`: a method of the aggregate it is called after, or of any this handler loads; or of the one we are in.
                known = owner if name[0] == "self" else held.get(name[0]) or self._named(name[0])
                kinds: list[Any] = [known] if _is(known, Aggregate) and len(name) == 2 else list(self._kinds)
                for kind in kinds:
                    for made in (kind, *kind.__subclasses__()):
                        self._follow(getattr(made, name[-1], None), made)

    def _named(self, variable: str) -> type[Aggregate] | None:
        """The kind that a variable is called after: what `stock.release(…)` releases is a stock, wherever it came from."""
        return next((kind for kind in self._kinds if kind.__name__.lower() == variable.replace("_", "")), None)

    @staticmethod
    def _meaning(name: tuple[str, ...], function: FunctionType) -> Any:
        """What a dotted name stands for where it is a module's, a class's or a function's; None for a method of some value."""
        thing = inspect.getclosurevars(function).globals.get(name[0]) or function.__globals__.get(name[0])
        for part in name[1:]:
            if not isinstance(thing, type | ModuleType):
                return None
            if _is(thing, Aggregate):
                return None  # `Session.open(…)` is looked up with its owner
            thing = getattr(thing, part, None)
        return thing


@cache
def _names(function: FunctionType) -> tuple[tuple[tuple[str, ...], bool], ...]:
    """Every name in the body of a function, with whether it is called; annotations and patterns are not looked at."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    definition = tree.body[0]
    assert isinstance(definition, ast.FunctionDef | ast.AsyncFunctionDef)
    return tuple(_walk(definition.body))


def _walk(nodes: Any) -> Iterator[tuple[tuple[str, ...], bool]]:
    for node in nodes:
        if isinstance(node, ast.Call) and (name := _dotted(node.func)):
            yield name, True
        elif isinstance(node, ast.Name | ast.Attribute) and (name := _dotted(node)):
            yield name, False
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _walk(node.body)
        elif not isinstance(node, ast.pattern):
            yield from _walk(ast.iter_child_nodes(node))


@cache
def _held(function: FunctionType) -> dict[str, str]:
    """What the variables of a function hold, where it says so: `user: User`, `change(User, …, lambda user: …)`, and what it gives back."""
    found: dict[str, str | None] = {}
    for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(function)))):
        match node:
            case ast.arg(annotation=ast.Name(id=kind)):
                found[node.arg] = kind
            case ast.Call(args=args):
                decisions = [arg.args.args for arg in args if isinstance(arg, ast.Lambda)]
                found |= {decision[0].arg: _asked_for(node) for decision in decisions if len(decision) == 1}
            case ast.FunctionDef(returns=ast.Name(id=kind)) | ast.AsyncFunctionDef(returns=ast.Name(id=kind)):
                found["return"] = kind
    return {variable: kind for variable, kind in found.items() if kind is not None}


def _asked_for(call: ast.AST) -> str | None:
    """The kind of aggregate that a call changes."""
    match call:
        case ast.Call(func=ast.Attribute(attr="change"), args=[ast.Name(id=kind), *_]) | ast.Call(args=[_, ast.Name(id=kind), _, *_]):
            return kind
    return None


def _dotted(node: ast.AST) -> tuple[str, ...]:
    if isinstance(node, ast.Name):
        return (node.id,)
    if isinstance(node, ast.Attribute):
        # Of `(await …).must_take_work` only the method's name is known.
        return (*(_dotted(node.value) or ("",)), node.attr)
    return ()


def _of_class(owner: type, name: tuple[str, ...]) -> Any:
    """What `self.words.added` stands for where the class says it; None for what only an instance knows."""
    thing: Any = owner
    for part in name[1:]:
        thing = getattr(thing, part, None)
    return thing


def _is(thing: Any, kind: type) -> bool:
    return isinstance(thing, type) and issubclass(thing, kind) and thing is not kind


@cache
def commands_made(function: Any) -> tuple[type[Command], ...]:
    """The commands that a reaction or the fold of a deadline makes."""
    found = (Path._meaning(name, function) for name, called in _names(function) if called)  # noqa: SLF001 — the same module.
    return tuple(dict.fromkeys(thing for thing in found if _is(thing, Command)))
