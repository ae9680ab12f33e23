"""Which rows are asked for, where some of the conditions hold only if somebody asks for them."""

from enum import StrEnum
from typing import Any, LiteralString

from projections.shared.scan import Condition


def where(*conditions: Condition) -> tuple[LiteralString, list[Any]]:
    """`where …` of those conditions whose values are all given, and the values, words as text; one with None among its values asks for nothing."""
    asked = [(text, values) for text, values in conditions if None not in values]
    text: LiteralString = " and ".join(text for text, _ in asked)
    return "where " + (text or "true"), [str(value) if isinstance(value, StrEnum) else value for _, values in asked for value in values]
