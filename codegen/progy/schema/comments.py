"""What a module's comments say of its classes, their attributes and its variables.

Of an attribute or a variable that is, in this order: the string behind it, the comment lines directly above it, the
comment at its end. Of a class: the lines above it. A heading is no meaning, nor is what speaks to a tool or to whoever
works on the code, or code that somebody has taken out. In doubt there is none: a wrong one is worse.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import inspect
import io
import re
import tokenize
import warnings
from itertools import takewhile
from typing import TYPE_CHECKING, NamedTuple

from progy.schema.source import flat

if TYPE_CHECKING:
    from collections.abc import Iterator

    from progy.schema.source import Sources

_TO_A_TOOL = re.compile(
    r"#:?\s*(?:!|-\*-|no(?:inspection|pep8|qa|sec|semgrep|sonar)\b|type: ?ignore|(?:codespell|cspell|flake8|fmt|isort"
    r"|lint|mypy|pragma|pylint|pyre|pyrefly|pyright|pytype|ruff|spell-checker|ty|vulture|yapf):)",
    re.IGNORECASE,
)
_TO_DO = re.compile(r"#:?\s*(?:(?-i:TODO|FIXME|XXX|HACK)\b|(?:todo|fixme|xxx|hack)\b[^\s:]*:)", re.IGNORECASE)
"""Here ends what is said to a reader: nobody marks where a note ends that begins so."""
_HEADING = re.compile(
    r"###|#+\s*(?P<mark>[-=*~_/+─━═—])(?P=mark)+(?:\s|$|(?P=mark))|#(?:end)?region\b|# endregion\b|# ?</?editor-fold\b"
    r"|.*(?P<last>[-=#*~_/+─━═—])(?P=last)(?P=last)\s*$"
)
_TITLE_WORDS = 5
"""A heading of a group is no longer."""


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
                comments = _comments(self._sources.text(file))
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # on comments that are parsed as if they were code
                    said += _said(self._sources.tree(file).body, comments, "")
            self._found[file] = {name: text for name, _, text in said}, {line: text for _, line, text in said}
        return self._found[file]


def _comments(text: str) -> dict[int, _Comment]:
    """The comments by line."""
    found: dict[int, _Comment] = {}
    # What the tokenizer stumbles over, and the parser didn't, ends the comments.
    with contextlib.suppress(SyntaxError, tokenize.TokenError):
        for token in tokenize.generate_tokens(io.StringIO(text).readline) if "#" in text else ():
            if token.type == tokenize.COMMENT:
                line, column = token.start
                found[line] = _Comment(column, token.string, alone=not token.line[:column].strip())
    return found


def _said(body: list[ast.stmt], comments: dict[int, _Comment], prefix: str) -> Iterator[tuple[str, int, str]]:
    """Names, their lines, and what is said of them."""
    statements = flat(body)
    for before, statement, following in zip([None, *statements], statements, [*statements[1:], None], strict=False):
        if isinstance(statement, ast.ClassDef):
            first = min([statement.lineno, *(one.lineno for one in statement.decorator_list)])
            # What a file begins with is about the file: a licence.
            said = _meaning(_above(comments, first, statement.col_offset)) if before or prefix else None
            yield from _said(statement.body, comments, f"{prefix}{statement.name}.")
            names = [statement.name]
        elif isinstance(statement, ast.Assign | ast.AnnAssign):
            last = statement.end_lineno or statement.lineno
            above = _above(comments, statement.lineno, statement.col_offset)
            said = (
                _string(following)
                or (None if _is_title(above, before, statement, following) else _meaning(above))
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
        text = inspect.cleandoc(value) if isinstance(value, str) else ""
        return text if text and not _is_code(text) else None
    return None


def _above(comments: dict[int, _Comment], line: int, column: int) -> list[str]:
    """The comment lines directly above a line that are indented as it is."""
    before = (comments.get(number) for number in range(line - 1, 0, -1))
    block = takewhile(lambda one: one is not None and one.alone and one.column == column, before)
    return [one.text for one in block if one][::-1]


def _is_title(above: list[str], before: ast.stmt | None, statement: ast.stmt, following: ast.stmt | None) -> bool:
    """Whether comment lines are the heading of a group: a few words, without a full stop, that open a paragraph."""
    opens = isinstance(before, ast.Expr | None) or (before.end_lineno or 0) < statement.lineno - 2
    goes_on = isinstance(following, ast.Assign | ast.AnnAssign) and following.lineno == (statement.end_lineno or 0) + 1
    is_short = len(above) == 1 and len(above[0].split()) <= _TITLE_WORDS + 1 and above[0][-1] not in ".!?"
    return opens and goes_on and is_short


def _beside(comment: _Comment | None) -> str | None:
    return _meaning([comment.text]) if comment and not comment.alone else None


def _meaning(lines: list[str]) -> str | None:
    """What comment lines say, a paragraph for each part between empty ones; None where they don't speak to a reader."""
    words: list[str] = []
    for line in lines:
        note = _TO_DO.search(line)
        aimed = note or _TO_A_TOOL.search(line)
        kept = line[: aimed.start()] if aimed else line
        said = re.sub(r"^#+:?\s?", "", kept).rstrip()
        if _HEADING.match(line) or _is_code(said):
            words = []  # what stands above is about that
        elif kept or not aimed:
            words.append(said)
        if note:
            break
    text = "\n".join(words).strip()
    # A colon promises more than the one name behind it.
    return None if not re.search(r"\w", text) or text.endswith(":") or _is_code(text) else text


def _is_code(text: str) -> bool:
    """Whether a comment is code that was taken out: `old: str = Field()`. Single words may be either, and are words."""
    try:
        statements = ast.parse(inspect.cleandoc(text)).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return any(_is_statement(one, only_words=re.fullmatch(r"[\w\s]+", text) is not None) for one in statements)


def _is_statement(statement: ast.stmt, *, only_words: bool) -> bool:
    match statement:
        case ast.Expr(value):
            return isinstance(value, ast.Call | ast.Await)
        case ast.AnnAssign(ast.Name(name), annotation, None):  # as "Unix: seconds" and "state: open | closed" are, too
            return name[0].islower() and any(map(_is_type, ast.walk(annotation)))
        case ast.Assign([ast.Name(name)], value):  # "NULL = never", "PAID = 1"
            return not (isinstance(value, ast.Name) or (isinstance(value, ast.Constant) and name.isupper()))
        case ast.ImportFrom():
            return True
    return not only_words  # "import date", "return value"


def _is_type(node: ast.AST) -> bool:
    if not isinstance(node, ast.Name):
        return False
    return isinstance(getattr(builtins, node.id, None), type) or bool(re.match(r"[A-Z]\w*[a-z]|UUID$", node.id))
