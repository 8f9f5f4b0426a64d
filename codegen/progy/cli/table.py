"""Rows as a table of plain text for a terminal, and as CSV for everything else."""

from __future__ import annotations

import math
import re
import unicodedata
from typing import TYPE_CHECKING, Any

from progy.cli.console import style
from progy.sql.names import literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_GAP = "  "
_NARROWEST = 8
"""Columns are cut down to this width before the last ones are left out."""
_SHOWN_BYTES = 16
_LOOKS_LIKE_A_VALUE = re.compile(r"'*(NULL|[xX]'[0-9a-fA-F]*(…' \([\d,]+ bytes\))?)'*")
_JOINERS = "\u200c\u200d"  # they shape what stands around them, and show nothing
_SHORT = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}


def render(columns: Sequence[str], rows: Sequence[Sequence[Any]], *, width: int | None = None) -> list[str]:
    r"""A table's lines: names, a rule, and a line for each row.

    A text that could be taken for NULL or a BLOB stands in quotes. What would disturb the terminal (control characters,
    changes of direction) is escaped: `\n`, `\x1b`. BLOBs are shortened; nothing else is without a width.

    Args:
        columns: The columns' names.
        rows: The rows, as SQLite has them, or as D1's JSON has them (a BLOB is a list of integers).
        width: How many cells the terminal has in a line, to which texts are cut and columns left out; None: no limit.
    """
    names = [printable(name) for name in columns]
    cells = [[_cell(value) for value in row] for row in rows]
    widths = [max(map(cells_of, column)) for column in zip(names, *cells, strict=True)]
    shown = len(names) if width is None else _fit(widths, width)
    left_out = len(names) - shown
    numeric = [_is_numeric([row[at] for row in rows]) for at in range(shown)]

    def line(texts: Sequence[str]) -> list[str]:
        return [
            _aligned(text, wide, right=right) for text, wide, right in zip(texts, widths[:shown], numeric, strict=False)
        ]

    head = [style(text, "bold") for text in line(names)]
    body = [
        [style(text, "dim") if value is None else text for text, value in zip(line(texts), row, strict=False)]
        for texts, row in zip(cells, rows, strict=True)
    ]
    lines = [_GAP.join(head) + _mark(left_out), _GAP.join("-" * wide for wide in widths[:shown])]
    return [text.rstrip() for text in (*lines, *map(_GAP.join, body))]


def csv(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> Iterator[str]:
    """The rows as CSV (RFC 4180), line by line: the names first, lines that end with CRLF, as spreadsheets write them.

    NULL is an empty field and the empty text `""`, except in a single column, where an empty line would be skipped as
    no row. Numbers have all their digits; a BLOB is `x'00ff'`.
    """
    yield ",".join(map(_quoted, columns)) + "\r\n"
    for row in rows:
        yield (",".join("" if value is None else _quoted(plain(value)) for value in row) or '""') + "\r\n"


def plain(value: Any) -> str:  # noqa: ANN401 - whatever a row holds
    """A value as text, whole: numbers with all their digits, a BLOB as `x'00ff'`.

    Args:
        value: Anything but None.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, (bytes, list)):
        return f"x'{bytes(value).hex()}'"
    if isinstance(value, float) and math.isinf(value):
        return "Inf" if value > 0 else "-Inf"
    return repr(value)


def cells_of(text: str) -> int:
    """How many cells of a terminal a text fills: two for a wide character, none for one that combines."""
    return len(text) if text.isascii() else sum(map(_cells, text))


def _cells(character: str) -> int:
    if unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1


def _cell(value: Any) -> str:  # noqa: ANN401 - whatever a row holds
    if value is None:
        return "NULL"
    if isinstance(value, str):
        return printable(literal(value) if _LOOKS_LIKE_A_VALUE.fullmatch(value) else value)
    if isinstance(value, (bytes, list)) and len(value) > _SHOWN_BYTES:
        return f"x'{bytes(value[:_SHOWN_BYTES]).hex()}…' ({len(value):,} bytes)"
    return plain(value)


def printable(text: str) -> str:
    """The text with what would disturb the terminal escaped."""
    return text if text.isascii() and text.isprintable() else "".join(map(_escaped, text))


def _escaped(character: str) -> str:
    if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"} and character not in _JOINERS:
        return _SHORT.get(character) or character.encode("unicode_escape").decode("ascii")
    return character


def _is_numeric(values: Sequence[Any]) -> bool:
    found = [value for value in values if value is not None]
    return bool(found) and all(isinstance(value, (int, float)) for value in found)


def _fit(widths: list[int], width: int) -> int:
    """Narrow the widest columns until a line fits, in place; how many columns there is room for."""
    shown = len(widths)
    while shown > 1 and _least(widths[:shown]) + len(_mark(len(widths) - shown)) > width:
        shown -= 1
    room = width - len(_mark(len(widths) - shown)) - len(_GAP) * (shown - 1)
    limit = _limit(widths[:shown], room)
    widths[:] = [min(wide, limit) for wide in widths]
    return shown


def _least(widths: Sequence[int]) -> int:
    return sum(min(wide, _NARROWEST) for wide in widths) + len(_GAP) * (len(widths) - 1)


def _mark(left_out: int) -> str:
    """What stands behind the names when columns are left out."""
    return f"{_GAP}… +{left_out}" if left_out else ""


def _limit(widths: Sequence[int], room: int) -> int:
    """The greatest width that no column may pass, so that together they fill the room and no more."""
    ordered = sorted(widths)
    for at, wide in enumerate(ordered):
        share = room // (len(ordered) - at)
        if wide > share:
            return max(share, 1)
        room -= wide
    return ordered[-1]


def _aligned(text: str, width: int, *, right: bool) -> str:
    cut = _cut(text, width)
    padding = " " * (width - cells_of(cut))
    return padding + cut if right else cut + padding


def _cut(text: str, width: int) -> str:
    if cells_of(text) <= width:
        return text
    kept, used = "", 0
    for character in text:
        used += _cells(character)
        if used >= width:
            break
        kept += character
    return f"{kept}…"


def _quoted(text: str) -> str:
    if text and text == text.strip() and not re.search(r'[",\r\n]', text):
        return text
    return '"' + text.replace('"', '""') + '"'
