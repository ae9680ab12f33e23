"""Rows on pages (PDF, A4 across): a heading and the number of the page on each. Loaded only when somebody asks for it."""

import unicodedata
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from fpdf import FPDF
from fpdf.enums import XPos, YPos
from fpdf.fonts import TTFFont

from infra.jobs.sheet import Sheet, minute

FONTS: Final = (
    "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
    "/usr/share/fonts/dejavu-sans-fonts/DejaVuSans.ttf",
    "/usr/share/fonts/dejavu/DejaVuSans.ttf",
    "/usr/share/fonts/TTF/DejaVuSans.ttf",
)
"""Where systems usually have a font with most of the world's alphabets. Without it only Latin letters can be shown."""
HEIGHT: Final = 5.5
SHOWN: Final = 120
"""Letters of a cell that are looked at; no more fit into the widest."""


class Pages(FPDF):
    """The document."""

    def __init__(self, sheet: Sheet, told: str, font: Path | None) -> None:
        super().__init__(orientation="landscape", format="A4")
        self._told = told
        self._columns = sheet.paper
        self._heading = f"Daybook: {sheet.noun}"
        self.set_margins(10, 10, 10)
        self.set_auto_page_break(auto=True, margin=14)
        self.set_title(self._heading)
        if font is not None:
            self.add_font("pages", "", font)
        self._face = "helvetica" if font is None else "pages"
        made = self.fonts.get("pages")
        self._known = set(made.cmap) if isinstance(made, TTFFont) else None

    def header(self) -> None:
        """What is above each page."""
        self.set_font(self._face, size=12)
        self.cell(0, 7, self._heading, new_x=XPos.LEFT, new_y=YPos.TOP)
        self.set_font(self._face, size=8)
        self.cell(0, 7, self._told, align="R", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.set_fill_color(230)
        for column in self._columns:
            self.cell(column.width, HEIGHT, column.heading, fill=True)
        self.ln(HEIGHT)

    def footer(self) -> None:
        """What is below each page."""
        self.set_y(-10)
        self.set_font(self._face, size=8)
        self.cell(0, 5, f"Page {self.page_no()} of {{nb}}", align="C")

    def row(self, row: Any) -> None:
        """One row."""
        for column in self._columns:
            self.cell(column.width, HEIGHT, self._fitting(self._shown(column.text(row)), column.width - 2))
        self.ln(HEIGHT)

    def _shown(self, text: str) -> str:
        """What the font can show of a text: without their marks where it lacks letters with them, and a question mark for what is left."""
        short = " ".join(text[:SHOWN].split())
        return short if all(map(self._has, short)) else "".join(self._letter(letter) for letter in short)

    def _letter(self, letter: str) -> str:
        if self._has(letter):
            return letter
        plain = "".join(part for part in unicodedata.normalize("NFKD", letter) if self._has(part))
        return plain or "?"

    def _has(self, letter: str) -> bool:
        if not letter.isprintable():
            return False
        return ord(letter) in self._known if self._known is not None else ord(letter) < 256

    def _fitting(self, text: str, width: float) -> str:
        if self.get_string_width(text) <= width:
            return text
        low, high = 0, len(text)
        while low < high:  # The longest beginning that fits.
            middle = (low + high + 1) // 2
            low, high = (middle, high) if self.get_string_width(text[:middle] + "...") <= width else (low, middle - 1)
        return text[:low] + "..."


def write_pages(path: Path, sheet: Sheet, rows: Sequence[Any], asked_at: datetime, before_each: Callable[[], None]) -> None:
    """Write rows as pages; takes a second or two for a thousand of them. `before_each` may raise to end it."""
    told = f"{len(rows)} {sheet.noun}, asked for {minute(asked_at)} UTC"
    pages = Pages(sheet, told, next((Path(font) for font in FONTS if Path(font).exists()), None))
    pages.add_page()
    for row in rows:
        before_each()
        pages.row(row)
    if not rows:
        pages.cell(0, HEIGHT, "Nothing fits.")
    pages.output(str(path))
