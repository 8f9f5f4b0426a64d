"""Values from a database as SQL literals, exact to the last digit and byte, whether they come as JSON or not.

`quote()` ends a text at its first NUL character, and what isn't UTF-8 is lost on its way through JSON. So a text that
isn't plain ASCII is fetched as hexadecimal digits and read here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from progy.sql.names import literal

LARGE: Final = 45_000
"""Values of more bytes are fetched and written in pieces of so many: a statement has 100,000 bytes at most, and a byte
takes two hexadecimal digits."""

_NOT_ASCII: Final = "'*[^' || char(1) || '-' || char(127) || ']*'"
# wrangler takes a file in which that stands, in a text too, for one with transactions, and changes or refuses it
# (4.164, `trimSqlQuery`).
_TROUBLE: Final = ("\0", "BEGIN TRANSACTION")


@dataclass(frozen=True, slots=True)
class Large:
    """A value that is too large for one literal."""

    kind: Literal["text", "blob"]
    size: int
    """In bytes."""


def expression(name: str) -> str:
    """What to select in place of a column, by its name in SQL, so that `value` can tell what it holds."""
    is_other = f"instr({name}, char(0)) OR {name} GLOB {_NOT_ASCII}"
    return (
        f"CASE WHEN octet_length({name}) > {LARGE} THEN 'L' || typeof({name}) || ' ' || octet_length({name}) "
        f"WHEN typeof({name}) = 'text' AND ({is_other}) THEN 'T' || hex({name}) ELSE quote({name}) END"
    )


def size(name: str) -> str:
    """What to add up in order to know how much a row is: bytes, of a large value those of one piece."""
    return f"ifnull(min(octet_length({name}), {LARGE}), 0)"


def value(fetched: str) -> str | Large:
    """What `expression` gave, as a literal."""
    if fetched[0] == "T":
        return text(bytes.fromhex(fetched[1:]))
    if fetched[0] == "L":
        kind, _, count = fetched[1:].partition(" ")
        return Large("text" if kind == "text" else "blob", int(count))
    if fetched[0] == "'" and ("\r" in fetched or any(one in fetched for one in _TROUBLE)):
        return text(fetched[1:-1].replace("''", "'").encode())
    return fetched


def text(raw: bytes) -> str:
    r"""The literal of a text: `'it''s'`, or where that wouldn't come through, something that has the same value.

    Line ends with CR are taken for LF by much that reads files, so a CR is written `\r`, and put back by `replace`.
    """
    try:
        found = raw.decode()
    except UnicodeDecodeError:
        return _as_bytes(raw)
    if any(one in found for one in _TROUBLE):
        return _as_bytes(raw)
    if "\r" not in found:
        return literal(found)
    mark = r"\r"
    while mark in found:
        mark = "\\" + mark
    written = f"replace({literal(found.replace(chr(13), mark))}, {literal(mark)}, char(13))"
    return written if len(written) <= 2 * LARGE else _as_bytes(raw)


def _as_bytes(raw: bytes) -> str:
    return f"CAST(X'{raw.hex().upper()}' AS TEXT)"
