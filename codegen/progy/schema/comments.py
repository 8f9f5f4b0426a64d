"""What a module's comments say of its classes, their attributes and its variables.

Of an attribute or a variable that is, in this order: the string behind it, the comment lines directly above it, the
comment at its end. Of a class: the lines above it. A blank line between keeps a heading from being a meaning, and what
speaks to a tool, or is code that somebody has taken out, isn't one either.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import io
import re
import tokenize
from itertools import takewhile, zip_longest
from typing import TYPE_CHECKING, NamedTuple

from progy.schema.source import flat

if TYPE_CHECKING:
    from collections.abc import Iterator

    from progy.schema.source import Sources

_TO_A_TOOL = re.compile(
    r"#:?\s*(?:!|-\*-|noqa\b|nosec\b|type: ?ignore|(?:codespell|cspell|flake8|fmt|isort|mypy|pragma|pylint|pyre|pyright"
    r"|pytype|ruff|yapf):|(?-i:TODO|FIXME|XXX|HACK)\b)",
    re.IGNORECASE,
)
_RULE = re.compile(r"([-=#*~])\1\1")


class _Comment(NamedTuple):
    column: int
    text: str
    """With its `#`."""
    alone: bool
    """Whether nothing else stands in the line."""


class Comments:
    """The meanings that comments give, file by file.

    Args:
        sources: The project's files.
    """

    def __init__(self, sources: Sources) -> None:
        """Begin with no file read."""
        self._sources = sources
        self._found: dict[str, tuple[dict[str, str], dict[int, str]]] = {}

    def of(self, file: str, name: str) -> str | None:
        """What the project's own file says of a name, None for nothing.

        Args:
            file: The file, absolute.
            name: As `User`, `User.email` or a variable's.
        """
        return self._read(file)[0].get(name)

    def at(self, file: str, line: int) -> str | None:
        """What is said of the variable that is assigned in a line, None for nothing."""
        return self._read(file)[1].get(line)

    def _read(self, file: str) -> tuple[dict[str, str], dict[int, str]]:
        if file not in self._found:
            said: list[tuple[str, int, str]] = []
            if self._sources.covers(file):  # a library's comments are for its own people
                said += _said(self._sources.tree(file).body, _comments(self._sources.text(file)), "")
            self._found[file] = {name: text for name, _, text in said}, {line: text for _, line, text in said}
        return self._found[file]


def _comments(text: str) -> dict[int, _Comment]:
    """The comments by line."""
    if "#" not in text:
        return {}
    return {
        token.start[0]: _Comment(token.start[1], token.string, alone=not token.line[: token.start[1]].strip())
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type == tokenize.COMMENT
    }


def _said(body: list[ast.stmt], comments: dict[int, _Comment], prefix: str) -> Iterator[tuple[str, int, str]]:
    """Names, their lines, and what is said of them."""
    statements = flat(body)
    for statement, following in zip_longest(statements, statements[1:]):
        if isinstance(statement, ast.ClassDef):
            first = min([statement.lineno, *(one.lineno for one in statement.decorator_list)])
            said = _above(comments, first, statement.col_offset)
            yield from _said(statement.body, comments, f"{prefix}{statement.name}.")
            names = [statement.name]
        elif isinstance(statement, ast.Assign | ast.AnnAssign):
            last = statement.end_lineno or statement.lineno
            said = (
                _string(following)
                or _above(comments, statement.lineno, statement.col_offset)
                or _beside(comments.get(last))
                or _beside(comments.get(statement.lineno))
            )
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            names = [target.id for target in targets if isinstance(target, ast.Name)]
        else:
            continue
        if said:
            for name in names:
                yield prefix + name, statement.lineno, said


def _string(statement: ast.stmt | None) -> str | None:
    """The text of a statement that is a string and nothing else."""
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
        value = statement.value.value
        return (inspect.cleandoc(value) or None) if isinstance(value, str) else None
    return None


def _above(comments: dict[int, _Comment], line: int, column: int) -> str | None:
    """The comment lines directly above a line that are indented as it is."""
    before = (comments.get(number) for number in range(line - 1, 0, -1))
    block = list(takewhile(lambda one: one is not None and one.alone and one.column == column, before))
    return _meaning([one.text for one in reversed(block) if one])


def _beside(comment: _Comment | None) -> str | None:
    return _meaning([comment.text]) if comment and not comment.alone else None


def _meaning(lines: list[str]) -> str | None:
    """What comment lines say, a paragraph for each part between empty ones; None where they don't speak to a reader."""
    words = []
    for line in lines:
        aimed = _TO_A_TOOL.search(line)
        kept = line[: aimed.start()] if aimed else line
        if kept or not aimed:
            words.append(re.sub(r"^#+:?\s?", "", kept).rstrip())
    text = "\n".join(words).strip()
    is_heading = any(map(_RULE.search, lines))
    return None if is_heading or not re.search(r"\w", text) or _is_code(text) else text


def _is_code(text: str) -> bool:
    """Whether a comment is code that was taken out: `old: str = Field()`. Single words may be either, and are words."""
    try:
        statements = ast.parse(inspect.cleandoc(text)).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return any(map(_is_statement, statements))


def _is_statement(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Call | ast.Await)
    if isinstance(statement, ast.AnnAssign) and statement.value is None:  # "Unix: seconds" has that form, too
        annotation = statement.annotation
        is_type = isinstance(annotation, ast.Name) and hasattr(builtins, annotation.id)
        return is_type or isinstance(annotation, ast.Subscript | ast.BinOp)
    return True
