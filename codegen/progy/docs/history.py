"""The page on the migrations: what each one says of itself, what it changed, and what it did to rows.

What it changed isn't read from its text: the history is replayed on the shadow, and the schema before a migration is
compared with the one after it. So it holds for migrations that somebody wrote by hand, too.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from progy.d1.connection import Connection
from progy.diff.compare import compare
from progy.diff.decisions import ColumnRename, Decisions, TableRename
from progy.diff.renames import rename
from progy.diff.words import summary
from progy.docs import markdown
from progy.docs.page import Section, render
from progy.docs.row_changes import Relation, row_changes
from progy.errors import ProgyError
from progy.migrations.empty import EMPTY
from progy.migrations.file import LOSS
from progy.migrations.operations import RenameColumn, RenameTable, operation
from progy.plan.reasons import is_reason
from progy.schema.inspect import schema_from_rows
from progy.schema.objects import fold
from progy.schema.query import SCHEMA_QUERY
from progy.sql.comments import comments
from progy.sql.tokens import statements, tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from progy.d1.ledger import Ledger
    from progy.schema.objects import Schema, Table
    from progy.sql.comments import Comment
    from progy.sql.tokens import Statement

_Row = tuple[str, str, str, str]
_TO_A_TOOL = re.compile(r"progy:\s*ignore\b.*|> statement-breakpoint")
"""A comment that speaks to `progy check`, or drizzle's mark."""
_UNFILLED = EMPTY.partition("\n")[0].removeprefix("-- ")
"""What `progy gen migration --empty` says where statements are to come."""


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
    losses: tuple[str, ...] = ()
    """What it says that it deletes."""
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
        if history.migrations or history.failed
        else "There are no migrations yet."
    ]
    if history.failed is not None:
        why = markdown.line(history.problem or "")
        lead.append(f"{markdown.code(history.failed)} fails, so it and what comes behind it isn't here: {why}")
    sections = [Section(markdown.code(one.name), _section(one)) for one in reversed(history.migrations)]
    return render("Migrations", lead, sections)


def _section(one: Told) -> str:
    lines = [f"- {markdown.line(change)}\n" for change in one.changes]
    lines += [f"- Data loss: {markdown.line(words)}\n" for words in one.losses]
    lines += [f"- Data: {markdown.line(words)}\n" for words in one.rows]
    words = "".join(f"{markdown.text(paragraph)}\n\n" for paragraph in one.comments)
    return words + ("".join(lines) or "Nothing of the schema.\n")


def _told(file: File, before: Sequence[_Row], after: Sequence[_Row], ledger: Ledger) -> Told:
    found = statements(file.text)
    said = list(dict.fromkeys(_paragraphs(file.text, found)))
    return Told(
        file.name,
        tuple(words for words in said if not words.startswith(LOSS)),
        tuple(_changes([one.sql for one in found], before, after, ledger)),
        tuple(words.removeprefix(LOSS).strip() for words in said if words.startswith(LOSS)),
        tuple(row_changes([one.sql for one in found], _relations(before), _relations(after))),
    )


def _relations(rows: Iterable[_Row]) -> dict[str, Relation]:
    """The tables and views, by their folded names."""
    return {fold(name): Relation(name, kind) for type_, name, _, sql in rows if (kind := _kind(type_, sql))}


def _kind(type_: str, sql: str) -> Literal["table", "virtual table", "view"] | None:
    match type_:
        case "view":
            return "view"
        case "table":
            return "virtual table" if re.match(r"CREATE\s+VIRTUAL\b", sql, re.IGNORECASE) else "table"
        case _:
            return None


def _changes(sqls: Sequence[str], before: Sequence[_Row], after: Sequence[_Row], ledger: Ledger) -> list[str]:
    # To parse the whole schema for each migration of a long history would take seconds.
    touched = {row[2] for row in {*before} ^ {*after}}
    old = schema_from_rows((row for row in before if row[2] in touched), ignore=ledger.tables)
    new = schema_from_rows((row for row in after if row[2] in touched), ignore=ledger.tables)
    decisions = _renames(sqls, old, new)
    if decisions == Decisions():
        return summary(compare(old, new))
    try:
        # With all of it: SQLite renames nothing while a view reads what isn't there.
        renamed = rename(schema_from_rows(before, ignore=ledger.tables), new, decisions).schema
    except ProgyError:  # a rename that only SQLite's own order of statements allows
        return summary(compare(old, new))
    whole = schema_from_rows(after, ignore=ledger.tables)
    return [*map(str, (*decisions.tables, *decisions.columns)), *summary(compare(renamed, whole))]


def _renames(sqls: Iterable[str], old: Schema, new: Schema) -> Decisions:
    """What has another name in the end; names on the way, to make room or to put a copy in place, don't count."""
    tables: dict[str, tuple[str, str]] = {}  # by the folded name of the moment: the first name, and that one
    columns: dict[tuple[str, str], tuple[str, str]] = {}  # by the table's folded first name and the column's
    for one in map(operation, sqls):
        if isinstance(one, RenameTable):
            first, _ = tables.pop(fold(one.table), (one.table, ""))
            # A table of the migration's own that takes the place of a renamed one is its copy.
            if fold(first) in old.tables or fold(one.new) not in tables:
                tables[fold(one.new)] = (first, one.new)
        if isinstance(one, RenameColumn):
            table = fold(tables.get(fold(one.table), (one.table, ""))[0])
            first, _ = columns.pop((table, fold(one.column)), (one.column, ""))
            columns[table, fold(one.new)] = (first, one.new)
    moved = [TableRename(*names) for names in _moved(tables.values(), _names(old.tables), _names(new.tables))]
    called = {fold(each.old): each.new for each in moved}
    found: list[ColumnRename] = []
    for table in dict.fromkeys(table for table, _ in columns):
        before, after = old.table(table), new.table(called.get(table, table))
        if before and after:
            own = [names for (of, _), names in columns.items() if of == table]
            there = [{fold(column.name): column.name for column in each.columns} for each in (before, after)]
            found += (ColumnRename(after.name, *names) for names in _moved(own, *there))
    return Decisions(tuple(moved), tuple(found))


def _names(tables: Mapping[str, Table]) -> dict[str, str]:
    return {name: table.name for name, table in tables.items()}


def _moved(
    names: Iterable[tuple[str, str]], old: Mapping[str, str], new: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """The first and last names of what was there and still is, but has another name; two may have swapped theirs.

    Args:
        names: First and last names.
        old: The names that were there, by the folded ones.
        new: Those that are.
    """
    there = [(fold(was), fold(becomes)) for was, becomes in names if fold(was) in old and fold(becomes) in new]
    free = {was for was, _ in there}
    for was, becomes in there:
        if (becomes not in old or becomes in free) and old[was] != new[becomes]:
            yield old[was], new[becomes]


def _paragraphs(text: str, found: Sequence[Statement]) -> Iterator[str]:
    """The comments between statements; those that follow each other line by line are one paragraph."""
    of_statements = {one.line + at for one in found for at in range(one.sql.count("\n") + 1)}
    lines: list[tuple[int, str]] = []
    first, behind = 1, 0
    for comment in comments(text, tokens(text)):
        first += text.count("\n", behind, comment.start)
        behind = comment.start
        if first not in of_statements:
            lines += [(first + at, line) for at, line in enumerate(_words(comment))]
    lines = [(at, line) for at, line in lines if not _says_nothing(line)]
    yield from (line for _, line in lines if line.startswith(LOSS))
    lines = [(at, line) for at, line in lines if not line.startswith(LOSS)]
    for _, group in itertools.groupby(enumerate(lines), lambda each: each[1][0] - each[0]):
        paragraph = "\n".join(line for _, (_, line) in group).strip()
        if paragraph:
            yield paragraph


def _says_nothing(line: str) -> bool:
    return line == _UNFILLED or is_reason(line) or _TO_A_TOOL.fullmatch(line) is not None


def _words(comment: Comment) -> list[str]:
    """A comment's lines without its marks."""
    if comment.text.startswith("--"):
        return [comment.text.lstrip("-").strip()]
    inner = comment.text.removeprefix("/*").removesuffix("*/")
    return [re.sub(r"^\s*\*+\s?", "", line).strip() for line in inner.split("\n")]
