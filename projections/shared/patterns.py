"""Words that are looked for in a text, as PostgreSQL looks for them."""


def patterns(text: str) -> list[str]:
    """For `like all(…)`: every word of the text stands somewhere, as it is written."""
    return [f"%{_literal(word)}%" for word in text.split()]


def _literal(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
