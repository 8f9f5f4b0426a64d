"""Statements that a user gives, run as one transaction: what they are, whether D1 takes them, what they give."""

from __future__ import annotations

import contextlib
import math
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from progy.d1.connection import parse
from progy.d1.rules import PRAGMAS, Argument
from progy.errors import SqlError, UsageError
from progy.schema.objects import fold, fresh
from progy.sql.tidy import tidied
from progy.sql.tokens import tokens

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from progy.d1.database import Database, Result
    from progy.sql.tokens import Statement, Token

LONGEST: Final = 100_000
"""How many bytes a statement may have (Cloudflare's documentation, "D1 limits"; workerd refuses more, too)."""
MOST: Final = 100
"""How many statements Cloudflare takes at once (Cloudflare's documentation, "D1 limits"); locally there is no limit."""
_EXACT: Final = 2**53
"""Integers beyond it lose digits in D1's JSON."""
_TRANSACTIONS: Final = ("BEGIN", "COMMIT", "END", "ROLLBACK", "SAVEPOINT", "RELEASE")


@dataclass(frozen=True)
class Script:
    """The statements of a text."""

    where: str
    """The text's name in errors: a file's path, `stdin`."""
    statements: tuple[Statement, ...]

    @cached_property
    def reads(self) -> bool:
        """Whether it writes nothing, for certain."""
        return all(only_reads(statement.sql) for statement in self.statements)

    @property
    def with_columns(self) -> list[Statement]:
        """The statements that may give rows."""
        return [one for one in self.statements if _may_give_rows(one.sql)]

    @property
    def text(self) -> str:
        """What is sent to Cloudflare: no comments, which its splitter trips over, and LF outside of strings."""
        return ";\n".join(_sent(statement) for statement in self.statements)

    def place(self, statement: Statement) -> str:
        """Where a statement begins: `seed.sql:3`."""
        return f"{self.where}:{statement.line}"


def script(text: str, *, where: str) -> Script:
    """Read the statements of a text.

    Args:
        text: One or more statements.
        where: The text's name in errors.

    Raises:
        UsageError: There is none in it.
        SqlError: A quote is never closed, or there is a NUL character.
    """
    found = Script(where, tuple(parse(text, where=where)))
    if not found.statements:
        raise UsageError("there is no statement in it", where=where)
    return found


def check(script: Script, *, remote: bool, imported: bool = False) -> None:
    """Look whether D1 takes the statements, before anything is sent.

    Args:
        script: The statements.
        remote: Whether they are for Cloudflare.
        imported: Whether as an import, which may be of any length.

    Raises:
        SqlError: A statement is too long, or one of those by which transactions begin and end.
        UsageError: There are too many for one request.
    """
    for one in script.statements:
        first = next(tokens(one.sql))
        if first.is_word(*_TRANSACTIONS):
            raise SqlError(
                f"D1 refuses {first.text.upper()}: all statements of a call are one transaction already",
                statement=one.sql,
                where=script.place(one),
                hint="leave BEGIN, COMMIT and their like out",
            )
        size = len((_sent(one) if remote else one.sql).encode())
        if size > LONGEST:
            raise SqlError(
                f"a statement of {size:,} bytes, and D1 takes {LONGEST:,}",
                statement=one.sql,
                where=script.place(one),
                hint="write several statements instead, an INSERT with fewer rows say",
            )
    if remote and not imported and len(script.statements) > MOST:
        raise UsageError(
            f"{len(script.statements):,} statements, and Cloudflare takes {MOST} at once",
            where=script.place(script.statements[MOST]),
            hint="import the file with --file and --import, which isn't one transaction, or give it in parts",
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the statements gave, in order."""

    results: list[Result]
    exact: bool = True
    """Whether every integer is the one that is stored: D1's JSON rounds those beyond 2^53."""


def run(script: Script, database: Database) -> Outcome:
    """Run the statements as one transaction.

    Those that only read are sent again when no answer comes; a write never is.

    Raises:
        SqlError: One is refused, and none has an effect.
        DatabaseError: The local file can't be read or written.
        OutcomeUnknownError: They were sent, and no answer says whether they were carried out.
        CloudflareError: The API can't be reached, or refuses; nothing was done.
    """
    with _located(script):
        if script.reads:
            sent = [_sent(one) if database.remote else one.sql for one in script.statements]
            results = database.read(sent)
        else:
            results = database.execute(script.text if database.remote else _by_lines(script), where=script.where)
    if not database.remote or not any(map(_is_rounded, results)):
        return Outcome(results)
    return _exact(sent, results, database) if script.reads else Outcome(results, exact=False)


def only_reads(sql: str) -> bool:
    """Whether a statement writes nothing, by its words. When in doubt it doesn't count as reading."""
    found = list(tokens(sql))
    while found and found[0].is_word("EXPLAIN", "QUERY", "PLAN"):
        if found[0].is_word("EXPLAIN") and not any(token.is_word("PRAGMA") for token in found[1:4]):
            return True
        found.pop(0)  # EXPLAIN doesn't keep a PRAGMA from being carried out
    if not found:
        return False
    if found[0].is_word("WITH"):
        verb = _verb(found)
        return verb is not None and verb.is_word("SELECT", "VALUES")
    if found[0].is_word("PRAGMA"):
        return _pragma_reads(found[1:])
    return found[0].is_word("SELECT", "VALUES")


def as_json(results: Sequence[Result]) -> list[dict[str, Any]]:
    """What statements gave as JSON has it, one object for each.

    Where several columns have one name, the second is called `name_2`, and so on, so that none hides another. A BLOB is
    a list of integers and an infinite number null, as D1 itself gives them.
    """
    return [_object(result) for result in results]


def _object(result: Result) -> dict[str, Any]:
    columns = _distinct(result.columns)
    rows = [dict(zip(columns, map(_json_value, row), strict=True)) for row in result.rows]
    return {"columns": columns, "rows": rows, "changes": result.changes}


def _distinct(names: Sequence[str]) -> list[str]:
    taken = {*map(fold, names)}
    return [fresh(name, taken) if name in names[:at] else name for at, name in enumerate(names)]


def _json_value(value: Any) -> Any:  # noqa: ANN401 - whatever a row holds
    if isinstance(value, bytes):
        return list(value)
    return None if isinstance(value, float) and math.isinf(value) else value


def _sent(statement: Statement) -> str:
    return tidied(statement.sql, end="")


def _by_lines(script: Script) -> str:
    """The statements, each at its own line, so that the database's errors name it."""
    parts, line = [], 1
    for one in script.statements:
        parts.append("\n" * (one.line - line) + f"{one.sql};")
        line = one.line + one.sql.count("\n")
    return "".join(parts)


@contextlib.contextmanager
def _located(script: Script) -> Iterator[None]:
    """Put the statement's place into an error, where it is known which one is meant."""
    try:
        yield
    except SqlError as error:
        meant = [one for one in script.statements if error.statement in {one.sql, _sent(one)}]
        if len(script.statements) == 1 or len(meant) == 1:
            one = (meant or script.statements)[0]
            error.where, error.statement = script.place(one), one.sql
        elif not (error.where or "").startswith(f"{script.where}:"):
            error.where = script.where
        raise


def _verb(found: Sequence[Token]) -> Token | None:
    """The word with which the statement behind WITH begins: the first behind a `)` that isn't AS or a comma."""
    depth = 0
    for one, following in pairwise(found):
        depth += one.is_operator("(") - one.is_operator(")")
        if one.is_operator(")") and depth == 0 and not following.is_word("AS") and not following.is_operator(","):
            return following
    return None


def _pragma_reads(found: Sequence[Token]) -> bool:
    """Whether a PRAGMA, its tokens without the first, only reads."""
    names = [token.text.lower() for token in found if token.kind in {"name", "quoted"}]
    if any(token.is_operator(".") for token in found[:2]):
        names = names[1:]
    takes = PRAGMAS.get(names[0]) if names else None
    if takes is Argument.SWITCH:
        return len(found) == 1
    return takes not in {None, Argument.NUMBER} and not any(token.is_operator("=") for token in found)


def _may_give_rows(sql: str) -> bool:
    if only_reads(sql):
        return True
    found = list(tokens(sql))
    if found[0].is_word("PRAGMA"):
        return not any(token.is_operator("=") for token in found)
    return not found[0].is_word("CREATE") and any(token.is_word("RETURNING") for token in found)


def _is_rounded(result: Result) -> bool:
    """Whether there is an integer that D1's JSON can't hold."""
    return any(isinstance(value, int) and abs(value) >= _EXACT for row in result.rows for value in row)


def _exact(sent: Sequence[str], results: list[Result], database: Database) -> Outcome:
    """What was read, read once more in a form that JSON keeps; all of it, so that all is of one moment."""
    texts = [_as_texts(sql, len(result.columns)) for sql, result in zip(sent, results, strict=True)]
    if any(len(text.encode()) > LONGEST for text in texts if text):
        return Outcome(results, exact=False)
    try:
        again = database.read([text or sql for sql, text in zip(sent, texts, strict=True)])
    except SqlError:  # one that is at D1's limits as it stands
        return Outcome(results, exact=False)
    found = [
        replace(old, rows=tuple(tuple(map(_from_text, row)) for row in new.rows)) if text else new
        for old, new, text in zip(results, again, texts, strict=True)
    ]
    return Outcome(found, not any(_is_rounded(new) for new, text in zip(found, texts, strict=True) if not text))


def _as_texts(sql: str, columns: int) -> str | None:
    """The query with its integers and texts as marked texts; None for an EXPLAIN or a PRAGMA."""
    if not next(tokens(sql)).is_word("SELECT", "VALUES", "WITH"):
        return None
    names = [f"c{at}" for at in range(columns)]
    values = (
        f"CASE typeof({name}) WHEN 'integer' THEN 'i' || {name} WHEN 'text' THEN 't' || {name} ELSE {name} END"
        for name in names
    )
    return f"WITH progy_exact({', '.join(names)}) AS ({sql})\nSELECT {', '.join(values)} FROM progy_exact"


def _from_text(value: Any) -> Any:  # noqa: ANN401 - whatever a row holds
    """The value that a marked text stands for; a number without a mark is REAL."""
    if isinstance(value, str):
        return int(value[1:]) if value.startswith("i") else value[1:]
    return float(value) if isinstance(value, int) else value
