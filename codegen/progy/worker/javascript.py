"""JSON values as JavaScript holds and prints them.

wrangler and the Worker's runtime are JavaScript: a number is a 64-bit float, and an object lists its
integer-like keys first. What is read is brought into that form once, so that whatever is printed later is
what they print.
"""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, TypeAlias, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping

_Value = TypeVar("_Value")
Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

MAX_SAFE_INTEGER = 2**53 - 1
_MAX_ARRAY_INDEX = 2**32 - 2
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def number(text: str) -> int | float:
    """The number that a literal means to JavaScript: an int when it is a safe integer, a float otherwise."""
    value = float(text)
    if value.is_integer() and abs(value) <= MAX_SAFE_INTEGER:
        return int(value)
    return value


def ordered(items: Mapping[str, _Value]) -> dict[str, _Value]:
    """The items in an object's own order: integer-like keys by value, then the others as they came."""
    indexes = sorted((key for key in items if _is_index(key)), key=int)
    return {key: items[key] for key in (*indexes, *(key for key in items if not _is_index(key)))}


def _is_index(key: str) -> bool:
    return key.isascii() and key.isdigit() and str(int(key)) == key and int(key) <= _MAX_ARRAY_INDEX


def stringify(value: Json) -> str:
    """What `JSON.stringify(value)` gives."""
    match value:
        case None | bool():
            return {None: "null", True: "true", False: "false"}[value]
        case str():
            return _string(value)
        case int() | float():
            return _number(value)
        case list():
            return f"[{','.join(map(stringify, value))}]"
        case _:
            return "{" + ",".join(f"{_string(key)}:{stringify(item)}" for key, item in value.items()) + "}"


def _string(text: str) -> str:
    quoted = json.dumps(text, ensure_ascii=False)
    return _LONE_SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", quoted)


def _number(value: float) -> str:
    """The shortest digits that read back the same, as in Python; only the exponent differs."""
    if not math.isfinite(value):
        return "null"
    if isinstance(value, int):
        return str(value)
    sign = "-" if value < 0 else ""
    mantissa, _, exponent = f"{abs(value)!r}".partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    point = len(whole) + int(exponent or 0) - (len(whole + fraction) - len(digits))
    digits = digits.rstrip("0")
    if len(digits) <= point <= 21:  # noqa: PLR2004 - the bounds are ECMAScript's, Number::toString
        return sign + digits.ljust(point, "0")
    if 0 < point <= 21:  # noqa: PLR2004 - as above
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:  # noqa: PLR2004 - as above
        return f"{sign}0.{digits.rjust(len(digits) - point, '0')}"
    rest = f".{digits[1:]}" if digits[1:] else ""
    return f"{sign}{digits[0]}{rest}e{'+' if point > 0 else '-'}{abs(point - 1)}"
