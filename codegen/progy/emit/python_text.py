"""Pieces of generated Python: literals and docstrings, as `ruff format` would leave them."""

from __future__ import annotations

import ast
import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

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


def names_in(type_: str) -> set[str]:
    """The names that a type is made of."""
    return {node.id for node in ast.walk(ast.parse(type_, mode="eval")) if isinstance(node, ast.Name)}


def apart(type_: str, members: Collection[str]) -> str:
    """The type for a class that has members of these names, which would hide types: `_str` in the place of `str`.

    Whoever writes the module imports such a type by that name.
    """
    hidden = names_in(type_).intersection(members)
    if not hidden:
        return type_
    text = type_.encode()
    nodes = [node for node in ast.walk(ast.parse(type_, mode="eval")) if isinstance(node, ast.Name)]
    for node in sorted(nodes, key=lambda node: node.col_offset, reverse=True):
        name = node.id
        while name in members:
            name = f"_{name}"
        text = text[: node.col_offset] + name.encode() + text[node.end_col_offset :]
    return text.decode()


def laid_out(type_: str, indent: str, taken: int) -> str:
    """The type, on as many lines as it needs after `taken` columns: a literal's values and a union's parts break."""
    if taken + len(type_) <= WIDTH:
        return type_
    parts = _parts(type_)
    if len(parts) > 1:
        lines = [f"{indent}    {'| ' * bool(number)}{_broken(part, indent)}" for number, part in enumerate(parts)]
        return "\n".join(("(", *lines, f"{indent})"))
    return _literals(type_, indent)


def _broken(part: str, indent: str) -> str:
    return part if len(f"{indent}    | {part}") <= WIDTH else _literals(part, f"{indent}    ")


def _literals(type_: str, indent: str) -> str:
    opening, bracket, _ = type_.partition("Literal[")
    if not bracket or len(opening) > 1:
        return type_  # a name, or nothing that has to be as long
    values = _values(type_)
    line = f"{indent}    {', '.join(values)}"
    lines = [line] if len(line) <= WIDTH or len(values) == 1 else [f"{indent}    {value}," for value in values]
    return "\n".join((f"{opening}Literal[", *lines, f"{indent}]"))


def _parts(type_: str) -> list[str]:
    """The types of a union."""
    node, found = ast.parse(type_, mode="eval").body, []
    while isinstance(node, ast.BinOp):
        found.append(_segment(type_, node.right))
        node = node.left
    return [_segment(type_, node), *reversed(found)]


def _values(literal: str) -> list[str]:
    """What a `Literal` holds."""
    match ast.parse(literal, mode="eval").body:
        case ast.Subscript(slice=ast.Tuple(elts=values)):
            return [_segment(literal, value) for value in values]
        case _:
            return [literal.partition("[")[2].removesuffix("]")]


def _segment(text: str, node: ast.expr) -> str:
    return text.encode()[node.col_offset : node.end_col_offset].decode()
