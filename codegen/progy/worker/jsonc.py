"""JSON with comments and trailing commas, as wrangler reads it."""

from __future__ import annotations

import json
import re
from typing import NoReturn

from progy.errors import ConfigError
from progy.worker.javascript import Json, number, ordered

_TOKEN = re.compile(r'"(?:\\.|[^"\\\n])*"|//[^\n\r]*|/\*.*?\*/|[^\s"/,\[\]{}:]+|\S', re.DOTALL)
_NOT_NEWLINE = re.compile(r"[^\r\n]")


def parse(text: str, file: str) -> Json:
    """The value that the text holds; of a key written twice, the last one counts.

    Raises:
        ConfigError: It isn't JSON, with line and column of the first fault.
    """
    try:
        value: Json = json.loads(
            _plain(text, file),
            object_pairs_hook=lambda pairs: ordered(dict(pairs)),
            parse_int=number,
            parse_float=number,
            parse_constant=_constant,
        )
    except json.JSONDecodeError as error:
        message = error.msg[:1].lower() + error.msg[1:]
        raise ConfigError(f"this isn't JSON: {message}", where=f"{file}:{error.lineno}:{error.colno}") from None
    except _ConstantError as error:
        raise ConfigError(f"this isn't JSON: {error} is no value there", where=file) from None
    except RecursionError:
        raise ConfigError("this isn't a configuration: it is nested too deeply", where=file) from None
    return value


class _ConstantError(ValueError):
    """`NaN` or `Infinity`, which Python takes for numbers."""


def _constant(name: str) -> NoReturn:
    raise _ConstantError(name)


def _plain(text: str, file: str) -> str:
    """The text with blanks for comments and trailing commas: everything else keeps its place."""
    parts: list[str] = []
    end = 0
    comma: int | None = None  # where in `parts` the last comma stands, while only comments followed it
    before = ""
    for match in _TOKEN.finditer(text):
        word = match[0]
        parts.append(text[end : match.start()])
        end = match.end()
        if word.startswith(("//", "/*")):
            parts.append(_NOT_NEWLINE.sub(" ", word))
            continue
        if word == "/":
            _fail_at(text, match.start(), file)
        if word in {"]", "}"} and comma is not None:
            parts[comma] = " "
        comma = len(parts) if word == "," and before not in {"", ",", ":", "[", "{"} else None
        before = word
        parts.append(word)
    return "".join((*parts, text[end:]))


def _fail_at(text: str, offset: int, file: str) -> NoReturn:
    line = text.count("\n", 0, offset) + 1
    column = offset - text.rfind("\n", 0, offset)
    problem = "a comment that doesn't end" if text.startswith("/*", offset) else "a lone `/`"
    raise ConfigError(f"this isn't JSON: {problem}", where=f"{file}:{line}:{column}")
