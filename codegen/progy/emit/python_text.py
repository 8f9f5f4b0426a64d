"""Pieces of generated Python: literals and docstrings, as `ruff format` would leave them."""

from __future__ import annotations

import textwrap

WIDTH = 110
"""Columns of a line of generated Python."""


def quoted(text: str) -> str:
    """The text as a Python literal, in characters that can be seen."""
    quote = "'" if text.count('"') > text.count("'") else '"'
    return quote + "".join(_escaped(character, quote) for character in text) + quote


def _escaped(character: str, quote: str) -> str:
    if character in {quote, "\\"}:
        return f"\\{character}"
    return character if character.isprintable() else ascii(character)[1:-1]


def docstring(text: str, indent: str = "    ") -> str:
    """The text as a docstring, wrapped and indented."""
    text = text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"').expandtabs(4)
    text = "".join(
        character if character.isprintable() or character == "\n" else ascii(character)[1:-1]
        for character in text.replace("\r\n", "\n")
    )
    if text.endswith('"'):
        text += " "
    paragraphs = text.splitlines()
    if len(paragraphs) == 1 and len(indent) + len(text) + 6 <= WIDTH:
        return f'{indent}"""{text}"""'
    lines: list[str] = []
    for number, paragraph in enumerate(paragraphs):
        opening = f'{indent}"""' if number == 0 else indent
        wrapped = textwrap.wrap(
            paragraph.strip() if number == 0 else paragraph.rstrip(),
            WIDTH - 3,  # the closing quotes of a single line
            initial_indent=opening,
            subsequent_indent=indent,
            break_long_words=False,
            break_on_hyphens=False,
        )
        lines += wrapped or [""]
    return "\n".join((*lines, f'{indent}"""'))
