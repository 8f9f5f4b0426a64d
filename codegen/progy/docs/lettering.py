"""Words in pictures: what may stand in them, how wide it is, where it is cut or broken."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING
from unicodedata import category, combining, east_asian_width

if TYPE_CHECKING:
    from collections.abc import Sequence

SIZE = 12
"""Of letters, in pixels."""
LETTER = 7.25
"""The width of a letter of that size, in the widest of the common monospaced fonts."""


def text(value: str) -> str:
    """Text for SVG and HTML, between tags and in attributes."""
    return escape(visible(value))


def visible(value: str) -> str:
    """The text with a picture for each control character but the line break, and no character that XML refuses."""
    return "".join(_visible(letter) for letter in value)


def _visible(letter: str) -> str:
    if letter == "\n" or " " <= letter <= "~":
        return letter
    code = ord(letter)
    if code < 0x20:  # noqa: PLR2004 - the control characters, whose pictures Unicode has in a block of their own
        return chr(0x2400 + code)
    is_unsaid = category(letter) in {"Cc", "Cs"} or code & 0xFFFE == 0xFFFE  # noqa: PLR2004 - the noncharacters
    return "\N{REPLACEMENT CHARACTER}" if is_unsaid else letter


def width(value: str) -> float:
    """How wide a text is, in letters of a monospaced font; about, for scripts that such a font hasn't got."""
    return sum(_width(letter) for letter in value)


def _width(letter: str) -> float:
    if letter < "\x7f":
        return 1
    return 0 if combining(letter) else 1.75 if east_asian_width(letter) in "WF" else 1.2


def cut(value: str, letters: int) -> str:
    """The text in one line, no wider than so many letters; what is cut off is an ellipsis."""
    line = visible(value).replace("\n", "\N{SYMBOL FOR NEWLINE}")
    if width(line) <= letters:
        return line
    kept = ""
    room = letters - _width("…")
    for letter in line:
        room -= _width(letter)
        if room < 0:
            break
        kept += letter
    return kept + "…"


def syllables(name: str) -> list[str]:
    """Where a name may go on in the next row: after its parts, and anywhere in one too long for a row."""
    parts = re.split(r"(?<=[_\s.-])|(?<=[a-z0-9])(?=[A-Z])", name)
    return [piece for part in parts for piece in re.findall(".{1,16}", part)]


def filled(parts: Sequence[str], letters: int) -> list[str]:
    """Rows no wider than so many letters, if no part is."""
    rows: list[str] = []
    for part in parts:
        if rows and width(rows[-1] + part) <= letters:
            rows[-1] += part
        else:
            rows.append(part)
    return rows or [""]
