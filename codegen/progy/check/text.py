"""PD2, without running anything: what in a file's text D1 or wrangler take amiss.

wrangler's ways are those of 4.164, whose splitter and trimmer were read; `tests/real/test_check_on_wrangler.py` shows
each of them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from progy.check.findings import Finding
from progy.migrations.empty import EMPTY
from progy.migrations.operations import Pragma, operation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from progy.check.sources import Source
    from progy.sql.tokens import Statement

MAX_STATEMENTS: Final = 100
MAX_STATEMENT_BYTES: Final = 100_000
_EXCERPT = 60
_TRANSACTION: Final = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")
_LASTING: Final = frozenset({"legacy_alter_table", "ignore_check_constraints", "recursive_triggers"})


def text_findings(source: Source) -> Iterator[Finding]:
    """What the rules of this module find in a file."""
    for rule in _RULES:
        yield from rule(source)


def excerpt(sql: str) -> str:
    """The beginning of a statement, on one line."""
    line = " ".join(sql[: 2 * _EXCERPT].split())
    return line if len(line) <= _EXCERPT else f"{line[: _EXCERPT - 1]}…"


def _head(statement: Statement) -> list[str]:
    """The statement's first words in upper case."""
    return re.findall(r"\w+", statement.sql[:100].upper())[:3]


def _encoding(source: Source) -> Iterator[Finding]:
    if source.unreadable:
        yield Finding("PD213", source.unreadable, source.file, hint="save the file as UTF-8, without a byte order mark")
    if source.text.startswith("\ufeff"):
        yield Finding(
            "PD213",
            "begins with a byte order mark, which wrangler takes for a part of the first word",
            source.file,
            1,
            hint="save the file as UTF-8 without a byte order mark",
        )
    if "\0" in source.text:
        line = source.line(source.text.index("\0"))
        yield Finding("PD213", "a NUL character, where SQLite stops to read", source.file, line, hint="take it out")


def _transactions(source: Source) -> Iterator[Finding]:
    for statement in source.statements:
        head = _head(statement)
        if head and (head[0] in _TRANSACTION or head in (["END"], ["END", "TRANSACTION"])):
            yield Finding(
                "PD202",
                f"{head[0]}: a migration is one transaction already, and D1 refuses another",
                source.file,
                statement.line,
                hint="take it out",
                statement=statement.sql,
            )


def _temporary(source: Source) -> Iterator[Finding]:
    for statement in source.statements:
        head = _head(statement)
        if head[:1] == ["CREATE"] and head[1:2] in (["TEMP"], ["TEMPORARY"]):
            yield Finding(
                "PD203",
                f"D1 has no TEMP objects: {excerpt(statement.sql)}",
                source.file,
                statement.line,
                hint="make an ordinary table, and drop it at the end",
                statement=statement.sql,
            )


def _too_many(source: Source) -> Iterator[Finding]:
    count = len(source.statements)
    if count > MAX_STATEMENTS:
        yield Finding(
            "PD204",
            f"{count} statements; D1 takes {MAX_STATEMENTS} in a request, and a migration is one request",
            source.file,
            source.statements[MAX_STATEMENTS].line,
            hint="split it, between parts that stand alone, into numbered files",
        )


def _too_long(source: Source) -> Iterator[Finding]:
    for statement in source.statements:
        size = len(statement.sql.encode())
        if size > MAX_STATEMENT_BYTES:
            yield Finding(
                "PD205",
                f"a statement of {size:,} bytes; D1 takes {MAX_STATEMENT_BYTES:,}",
                source.file,
                statement.line,
                hint="split it: an INSERT into several of fewer rows",
            )


def _unfinished(source: Source) -> Iterator[Finding]:
    if source.tokens and not source.tokens[-1].is_operator(";"):
        yield Finding(
            "PD206",
            "the last statement has no semicolon, so wrangler's own, which it appends, becomes a part of it",
            source.file,
            source.line(source.tokens[-1].start),
            hint="end the file with a semicolon",
        )


def _line_ends(source: Source) -> Iterator[Finding]:
    hint = "save the file with LF; in .gitattributes: *.sql text eol=lf"
    first = source.text.find("\r\n")
    if first != -1:
        yield Finding("PD207", "its lines end with CRLF", source.file, source.line(first), hint=hint)
    for statement in source.statements:
        if "\r\n" in statement.sql and "TRIGGER" in _head(statement)[:3] and _head(statement)[0] == "CREATE":
            yield Finding(
                "PD208",
                f"CRLF inside a trigger, over which D1's server has stumbled: {excerpt(statement.sql)}",
                source.file,
                statement.line,
                hint=hint,
                statement=statement.sql,
            )


def _comments(source: Source) -> Iterator[Finding]:
    behind_all = source.tokens[-1].end if source.tokens else 0
    for comment in source.comments:
        line = source.line(comment.start)
        if not comment.closed:
            yield Finding(
                "PD211",
                "this comment is never closed: it swallows the statement with which wrangler records the migration, "
                "which then runs again at every apply",
                source.file,
                line,
                hint="close it with */",
            )
        elif ";" in comment.text:
            yield Finding(
                "PD209",
                f"a semicolon in a comment, at which D1's server has split: {excerpt(comment.text)}",
                source.file,
                line,
                hint="write a comma",
            )
        if comment.closed and source.tokens and comment.start >= behind_all:
            yield Finding(
                "PD210",
                f"a comment with no statement behind it: {excerpt(comment.text)}",
                source.file,
                line,
                hint="put it before the statement it is about",
            )


def _trimmed(source: Source) -> Iterator[Finding]:
    """The sign of a dump by the sqlite3 shell, which wrangler looks for before it looks for quotes."""
    searched = "BEGIN TRANSACTION"
    quoted = [token for token in source.tokens if token.kind in {"string", "quoted"} and searched in token.text]
    places = [(token.start + token.text.index(searched), token.text) for token in quoted]
    places += [(one.start + one.text.index(searched), one.text) for one in source.comments if searched in one.text]
    for place, text in sorted(places):
        does = "takes out of it" if f"{searched};" in text else "refuses the file for"
        yield Finding(
            "PD212",
            f"{searched} inside {excerpt(text)}, which wrangler, not looking at quotes, {does}"
            + (", with the file's first COMMIT;" if f"{searched};" in text else ""),
            source.file,
            source.line(place),
            hint="write it apart: 'BEGIN' || ' TRANSACTION'",
        )


def _pragmas(source: Source) -> Iterator[Finding]:
    for statement in source.statements:
        did = operation(statement.sql)
        if not isinstance(did, Pragma) or did.value is None:
            continue
        if did.name == "foreign_keys":
            yield Finding(
                "PD214",
                "D1 takes this PRAGMA and does nothing: foreign keys are always on",
                source.file,
                statement.line,
                hint="take it out; to rebuild a table others refer to, let progy gen migration write it",
                statement=statement.sql,
            )
        elif did.name in _LASTING and did.on:
            yield Finding(
                "PD215",
                f"{did.name} stays on after the migration, even when that fails, for whoever uses the database next",
                source.file,
                statement.line,
                hint="do without it",
                statement=statement.sql,
            )


def _empty(source: Source) -> Iterator[Finding]:
    if source.is_sound and not source.unreadable and not source.statements:
        yield Finding("PD216", "no statement: applying it does nothing", source.file, 1, hint="write it, or remove it")


def _placeholder(source: Source) -> Iterator[Finding]:
    if source.text.replace("\r\n", "\n") == EMPTY:
        yield Finding(
            "PD217",
            "still the placeholder of gen migration --empty: once it is applied, what is written into it never runs",
            source.file,
            1,
            hint="write its SQL into it, or remove it",
        )


_RULES: Final[tuple[Callable[[Source], Iterator[Finding]], ...]] = (
    _encoding, _transactions, _temporary, _too_many, _too_long, _unfinished, _line_ends, _comments, _trimmed, _pragmas,
    _empty, _placeholder,
)  # fmt: skip
