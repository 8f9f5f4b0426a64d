"""The page on the migrations: what each one says of itself, what it changed, and what it did to rows.

What it changed isn't read from its text: the history is replayed on the shadow, and the schema before a migration is
compared with the one after it. So it holds for migrations that somebody wrote by hand, too.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from progy.d1.connection import Connection
from progy.diff.compare import compare
from progy.diff.decisions import ColumnRename, Decisions, TableRename
from progy.diff.renames import rename
from progy.diff.words import summary
from progy.docs import markdown
from progy.docs.page import Section, render
from progy.errors import ProgyError
from progy.migrations.file import LOSS
from progy.migrations.operations import Delete, Insert, RenameColumn, RenameTable, Update, operation
from progy.schema.inspect import schema_from_rows
from progy.schema.objects import fold
from progy.schema.query import SCHEMA_QUERY
from progy.sql.comments import comments
from progy.sql.tokens import statements, tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from progy.d1.ledger import Ledger
    from progy.migrations.operations import Operation
    from progy.schema.objects import Schema
    from progy.sql.comments import Comment
    from progy.sql.tokens import Statement

_Row = tuple[str, str, str, str]
_MEANWHILE = re.compile('"?progy_(check|copy|index_of|keep|new|old)', re.IGNORECASE)
"""What progy calls the things that it makes for the time of a migration."""
_SILENCE = re.compile(r"progy:\s*ignore\b")
"""A comment that speaks to `progy check`."""


class File(NamedTuple):
    """A migration, which may not be written yet."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Told:
    """What is told of a migration."""

    name: str
    comments: tuple[str, ...] = ()
    """Its own words, a paragraph each."""
    changes: tuple[str, ...] = ()
    """What it changed of the schema, in words."""
    rows: tuple[str, ...] = ()
    """What its statements do to the rows of tables that stay, in words."""


@dataclass(frozen=True, slots=True)
class History:
    """What is told of a history."""

    migrations: tuple[Told, ...]
    """In order."""
    failed: str | None = None
    """The migration that doesn't run, so that it and those behind it aren't told of."""
    problem: str | None = None
    """Why it doesn't."""


def told(files: Sequence[File], ledger: Ledger) -> History:
    """Replay a history on an empty database with D1's rules, and tell what each migration did.

    Args:
        files: The migrations, in order.
        ledger: The ledger, whose tables aren't told of.
    """
    found: list[Told] = []
    with Connection() as shadow:
        before: list[_Row] = []
        for file in files:
            try:
                with shadow.transaction():
                    for sql in (ledger.create_sql(), ledger.enter_sql([file.name])):
                        shadow.query(sql)
                    shadow.run(file.text, where=file.name)
                after: list[_Row] = shadow.query(SCHEMA_QUERY)
                found.append(_told(file, before, after, ledger))
            except ProgyError as error:
                return History(tuple(found), file.name, error.message)
            before = after
    return History(tuple(found))


def page(history: History) -> str:
    """The page, with the newest migration first."""
    lead = [
        "What each migration changed, the newest first, as a replay of the whole history shows it."
        if history.migrations
        else "There are no migrations yet."
    ]
    if history.failed is not None:
        why = markdown.line(history.problem or "")
        lead.append(f"{markdown.code(history.failed)} fails, so it and what comes behind it isn't here: {why}")
    sections = [Section(markdown.code(one.name), _section(one)) for one in reversed(history.migrations)]
    return render("Migrations", lead, sections)


def _section(one: Told) -> str:
    lines = [f"- {markdown.line(change)}\n" for change in one.changes]
    lines += [f"- Data: {markdown.line(words)}\n" for words in one.rows]
    words = "".join(f"{markdown.text(paragraph)}\n\n" for paragraph in one.comments)
    return words + ("".join(lines) or "Nothing of the schema.\n")


def _told(file: File, before: Sequence[_Row], after: Sequence[_Row], ledger: Ledger) -> Told:
    found = statements(file.text)
    done = [operation(one.sql) for one in found]
    return Told(
        file.name,
        tuple(dict.fromkeys(_paragraphs(file.text, found))),
        tuple(_changes(done, before, after, ledger)),
        tuple(dict.fromkeys(_to_rows(done, {fold(name) for kind, name, *_ in after if kind == "table"}))),
    )


def _changes(
    done: Sequence[Operation | None], before: Sequence[_Row], after: Sequence[_Row], ledger: Ledger
) -> list[str]:
    # To parse the whole schema for each migration of a long history would take seconds.
    touched = {row[2] for row in {*before} ^ {*after}}
    old = schema_from_rows((row for row in before if row[2] in touched), ignore=ledger.tables)
    new = schema_from_rows((row for row in after if row[2] in touched), ignore=ledger.tables)
    decisions = _renames(done, old, new)
    if decisions == Decisions():
        return summary(compare(old, new))
    try:
        # With all of it: SQLite renames nothing while a view reads what isn't there.
        renamed = rename(schema_from_rows(before, ignore=ledger.tables), new, decisions).schema
    except ProgyError:  # a rename that only SQLite's own order of statements allows
        return summary(compare(old, new))
    whole = schema_from_rows(after, ignore=ledger.tables)
    return [*map(str, (*decisions.tables, *decisions.columns)), *summary(compare(renamed, whole))]


def _renames(done: Iterable[Operation | None], old: Schema, new: Schema) -> Decisions:
    """The statements' renames, without those that only make room, or put a copy in place."""
    tables: list[TableRename] = []
    columns: list[ColumnRename] = []
    for one in done:
        if isinstance(one, RenameTable) and _moved(one.table, one.new, old.tables, new.tables):
            tables.append(TableRename(one.table, one.new))
        if isinstance(one, RenameColumn):
            was = next((each.old for each in tables if fold(each.new) == fold(one.table)), one.table)
            table, before = new.table(one.table), old.table(was)
            if table and before:
                there = [{fold(column.name): column for column in each.columns} for each in (before, table)]
                if _moved(one.column, one.new, *there):
                    columns.append(ColumnRename(table.name, one.column, one.new))
    return Decisions(tuple(tables), tuple(columns))


def _moved(was: str, becomes: str, old: Iterable[str], new: Iterable[str]) -> bool:
    """Whether a name was there and isn't any more, and the other way round; all folded."""
    return fold(was) in old and fold(was) not in new and fold(becomes) in new and fold(becomes) not in old


def _to_rows(done: Iterable[Operation | None], tables: set[str]) -> Iterator[str]:
    """What statements do to rows of tables that are there in the end: progy's copies and checks are not."""
    for one in done:
        if not isinstance(one, (Insert, Update, Delete)) or fold(one.table) not in tables:
            continue
        if isinstance(one, Insert):
            yield f"{'adds or replaces' if one.replaces else 'adds'} rows of {one.table}"
        else:
            verb = "changes" if isinstance(one, Update) else "deletes"
            yield f"{verb} {'some' if one.some else 'all'} rows of {one.table}"


def _paragraphs(text: str, found: Sequence[Statement]) -> Iterator[str]:
    """The comments between statements; those that follow each other line by line are one paragraph.

    What a statement of progy's own is for, which works on what is gone again in the end, is left out.
    """
    lines: list[tuple[int, str]] = []
    for comment in comments(text, tokens(text)):
        first = text.count("\n", 0, comment.start) + 1
        if not any(one.line <= first <= one.line + one.sql.count("\n") for one in found):
            lines += [(first + at, line) for at, line in enumerate(_words(comment))]
    starts = {one.line: one for one in found}
    lines = [
        (at, line)
        for at, line in lines
        if not _SILENCE.match(line) and (line.startswith(LOSS) or not _is_technical(starts.get(at + 1)))
    ]
    for _, group in itertools.groupby(enumerate(lines), lambda each: each[1][0] - each[0]):
        paragraph = "\n".join(line for _, (_, line) in group).strip()
        if paragraph:
            yield paragraph


def _words(comment: Comment) -> list[str]:
    """A comment's lines without its marks."""
    if comment.text.startswith("--"):
        return [comment.text.lstrip("-").strip()]
    inner = comment.text.removeprefix("/*").removesuffix("*/")
    return [re.sub(r"^\s*\*+\s?", "", line).strip() for line in inner.split("\n")]


def _is_technical(statement: Statement | None) -> bool:
    if statement is None:
        return False
    words = list(tokens(statement.sql))
    return words[0].is_word("PRAGMA") or any(_MEANWHILE.match(word.text) for word in words)
