"""What a user says of a change: by flag, and in the models.

Names may hold dots, colons and quotes, so a flag isn't cut at the first one: every way to read it is held against the
two schemas, and the one whose names are there is meant. A name may also stand in SQL quotes: `"a.b".c`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from progy.diff.decisions import ColumnRename, Decisions, TableRename
from progy.diff.questions import RenamedColumn, RenamedTable
from progy.errors import DatabaseError, ModelError, UsageError
from progy.schema.objects import fold
from progy.sql.names import always_quote, literal, unquote

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from progy.diff.questions import Question
    from progy.schema.models import Models
    from progy.schema.objects import Column, Schema, Table


@dataclass(frozen=True, slots=True)
class Flags:
    """The flags as they are given, unread: what they mean depends on the schemas."""

    renames: tuple[str, ...] = ()
    """`--rename users.name:users.full_name`."""
    table_renames: tuple[str, ...] = ()
    """`--rename-table account:accounts`."""
    backfills: tuple[str, ...] = ()
    """`--backfill users.username=lower(email)`."""
    no_renames: bool = False

    def answered(self, question: Question, answer: str) -> Flags:
        """The flags with one more: what a user has answered to a question.

        Args:
            question: What was asked.
            answer: The old name where a rename was asked, the expression where a value.
        """
        match question:
            case RenamedTable():
                text = f"{always_quote(answer)}:{always_quote(question.name)}"
                return replace(self, table_renames=(*self.table_renames, text))
            case RenamedColumn():
                old, new = (f"{always_quote(question.table)}.{always_quote(name)}" for name in (answer, question.name))
                return replace(self, renames=(*self.renames, f"{old}:{new}"))
            case _:
                text = f"{always_quote(question.table)}.{always_quote(question.name)}={answer}"
                return replace(self, backfills=(*self.backfills, text))


def resolve(flags: Flags, old: Schema, new: Schema, base: Decisions = Decisions()) -> Decisions:  # noqa: B008 - frozen
    """What the flags mean, on top of what the models declare.

    Args:
        flags: The flags.
        old: The schema whose names stand on the left of a rename.
        new: The schema whose names stand on its right, and in backfills.
        base: What is decided already. A flag about the same table or column wins.

    Raises:
        UsageError: A flag names what isn't there, can be read in several ways, contradicts another one, or asks for
            a rename that is done already.
    """
    tables = [_table_rename(text, old, new) for text in flags.table_renames]
    columns: list[ColumnRename] = []
    known = _merged_tables(base.tables, tables)
    for text in flags.renames:
        before, column = _column_rename(text, old, new, known)
        columns.append(column)
        if fold(before) != fold(column.table) and TableRename(before, column.table) not in known:
            # A column can only be the same one in another table when that is the same table.
            tables.append(TableRename(before, column.table))
            known = _merged_tables(base.tables, tables)
    _refuse_contradictions(tables, columns)
    backfills = dict(_backfill(text, new) for text in flags.backfills)
    decided = Decisions(
        known, _merged_columns(base.columns, columns), {**base.backfills, **backfills}, base.new, flags.no_renames
    )
    if backfills:
        _refuse_unknown_names(backfills, decided, old, new)
    return decided


def declared(models: Models, old: Schema) -> Decisions:
    """What the models say of names and values that the old schema hasn't yet.

    A rename counts while the old schema has the old name and not the new one. A backfill counts for a column that is
    new, or that becomes required.

    Raises:
        ModelError: A backfill that counts is no SQL expression.
    """
    tables = []
    columns = []
    backfills = {}
    for model in models.models:
        before = old.table(model.table)
        if before is None and model.renamed_from and (before := old.table(model.renamed_from)):
            tables.append(TableRename(before.name, model.table))
        if before is None:
            continue
        for column in model.columns:
            there = before.column(column.name)
            if there is None and column.renamed_from and (there := before.column(column.renamed_from)):
                columns.append(ColumnRename(model.table, there.name, column.name))
            if column.backfill and (there is None or (there.not_null < (not column.nullable))):
                fault = expression_fault(column.backfill)
                if fault:
                    what = f"{model.name}.{column.attribute}: its backfill {column.backfill!r}: {fault}"
                    raise ModelError(what, where=f"{model.file}:{model.line}")
                backfills[fold(model.table), fold(column.name)] = column.backfill
    return Decisions(tuple(tables), tuple(columns), backfills)


def expression_fault(expression: str) -> str | None:
    """What is wrong with a SQL expression as such, whatever its names stand for; None when nothing is."""
    from progy.d1.connection import Connection
    from progy.sql.tokens import UnclosedQuoteError, tokens

    try:
        found = list(tokens(expression))
    except UnclosedQuoteError:
        return "a quote is never closed"
    depth = 0
    for token in found:
        depth += token.is_operator("(") - token.is_operator(")")
        if depth < 0 or token.is_operator(";") or token.kind == "parameter":
            return f"{token.text!r} doesn't belong into an expression"
    if not found or depth:
        return "it is empty" if not found else "a parenthesis is never closed"
    with Connection() as scratch:
        try:
            scratch.query(f"SELECT 1 WHERE (({expression}))")
        except DatabaseError as error:
            return None if error.message.startswith(("no such column", "no such table")) else error.message
    return None


def _table_rename(text: str, old: Schema, new: Schema) -> TableRename:
    found = {
        TableRename(before.name, after.name)
        for left, right in _splits(text, ":")
        if (before := _table(left, old)) and (after := _table(right, new))
    }
    if len(found) == 1:
        return found.pop()
    flag = f"--rename-table {text}"
    if found:
        raise _ambiguous(flag)
    done = [after.name for _, right in _splits(text, ":") if (after := _table(right, new)) and old.table(after.name)]
    if done:
        raise _done(flag, done[0])
    raise _unknown(
        flag,
        _likeliest(text, lambda left: bool(_table(left, old)), lambda right: bool(_table(right, new))),
        "table",
        [table.name for table in old.tables.values()],
        [table.name for table in new.tables.values()],
    )


def _column_rename(text: str, old: Schema, new: Schema, tables: Iterable[TableRename]) -> tuple[str, ColumnRename]:
    """The table's old name, and the rename."""
    was = {fold(rename.new): rename.old for rename in tables}
    found = set()
    apart = set()
    done = set()
    for left, right in _splits(text, ":"):
        for table, column in _columns(right, new):
            same = old.table(was.get(fold(table.name), table.name))
            if same and same.column(column.name):
                done.add(f"{table.name}.{column.name}")
            for before, source in _columns(left, old, {fold(table.name): same} if same else {}):
                if before is same or (same is None and new.table(before.name) is None):
                    found.add((before.name, ColumnRename(table.name, source.name, column.name)))
                else:
                    apart.add(f"{before.name} isn't what {table.name} was called")
    if len(found) == 1:
        return found.pop()
    flag = f"--rename {text}"
    if found:
        raise _ambiguous(flag)
    if apart:
        raise UsageError(f"{flag}: {min(apart)}", hint="a column can't move to another table; copy it with --backfill")
    if done:
        raise _done(flag, min(done))
    raise _unknown(
        flag,
        _likeliest(text, lambda left: any(_columns(left, old)), lambda right: any(_columns(right, new))),
        "column",
        _column_names(old),
        _column_names(new),
    )


def _backfill(text: str, new: Schema) -> tuple[tuple[str, str], str]:
    flag = f"--backfill {text}"
    for left, expression in _splits(text, "="):
        for table, column in _columns(left, new):
            fault = expression_fault(expression)
            if column.generated:
                fault = f"{table.name}.{column.name} is a generated column, which has no values of its own"
            if fault:
                raise UsageError(f"{flag}: {fault}")
            return (fold(table.name), fold(column.name)), expression
    name, equals, _ = text.partition("=")
    if not equals:
        raise UsageError(f"{flag}: there is no = in it", hint="--backfill TABLE.COLUMN=EXPRESSION")
    raise UsageError(f"{flag}: there will be no column {name}", hint=_nearest(name, _column_names(new)))


def _refuse_unknown_names(
    backfills: Mapping[tuple[str, str], str], decided: Decisions, old: Schema, new: Schema
) -> None:
    """Refuse an expression that names what its table hasn't, with the renames done.

    A column that will be there may be one whose rename is still open. It is refused where none can be: then it is new,
    and an expression sees the row as it is before the migration.
    """
    from progy.d1.connection import Connection

    renames = {fold(rename.old): fold(rename.new) for rename in decided.tables}
    tables = {}
    for before, name in _after(old.tables, renames):
        mine = {fold(rename.old): rename.new for rename in decided.columns if fold(rename.table) == name}
        written = {fold(column.name): column.name for column in old.tables[before].columns}
        tables[name] = [mine.get(column, written[column]) for column, _ in _after(written, mine)]
    others = {*new.tables, *old.virtual_tables, *new.virtual_tables, *old.views, *new.views}
    with Connection() as scratch:
        for name, columns in tables.items():
            scratch.query(f"CREATE TABLE {always_quote(name)} ({', '.join(map(always_quote, columns))})")
        for (name, column), expression in backfills.items():
            if name not in tables:
                continue
            try:
                scratch.query(f"SELECT ({expression}) FROM {always_quote(name)}")  # noqa: S608 - that is what is asked
            except DatabaseError as error:
                what, _, missing = error.message.partition(": ")
                missing = fold(missing.rpartition(".")[2])
                after = new.table(name)
                comes = after.column(missing) if after and what == "no such column" else None
                if comes and (decided.no_renames or not _open(tables[name], after)):
                    raise UsageError(
                        f"the backfill of {name}.{column} names {name}.{comes.name}, which is new itself",
                        hint="an expression sees the row as it is before the migration: "
                        "write out what the other column is given",
                    ) from None
                if missing not in others and not comes:
                    raise UsageError(
                        f"the backfill of {name}.{column}: {error.message}",
                        hint=_meant(expression, missing, [*tables] if what == "no such table" else tables[name]),
                    ) from None


def _meant(expression: str, missing: str, names: Sequence[str]) -> str | None:
    """What may have been meant by a name that isn't there: another one, or where it is all there is, a text."""
    name = _nearest(missing, names)
    if fold(expression.strip()) != missing:
        return name
    text = f"a text needs quotes: {literal(expression.strip())}"
    return f"{name} If not, {text}" if name else text


def _open(before: Iterable[str], after: Table | None) -> bool:
    """Whether a column goes, with the renames done, of which something new may be the new name."""
    return any(after is None or after.column(name) is None for name in before)


def _after(names: Iterable[str], renames: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Each folded name with what it becomes, without those that go while another takes their name."""
    taken = {fold(new) for new in renames.values()}
    return ((name, renames.get(name, name)) for name in names if name in renames or name not in taken)


def _splits(text: str, separator: str) -> Iterator[tuple[str, str]]:
    """Every way to cut the text in two at that character."""
    for at, character in enumerate(text):
        if character == separator:
            yield text[:at], text[at + 1 :]


def _table(text: str, schema: Schema) -> Table | None:
    return schema.table(text) or schema.table(_bare(text))


def _columns(text: str, schema: Schema, aliases: Mapping[str, Table] | None = None) -> Iterator[tuple[Table, Column]]:
    """The columns that `table.column` can mean, each once; `aliases` are further names of tables, folded."""
    seen = set()
    for left, right in _splits(text, "."):
        for table in (_table(left, schema), (aliases or {}).get(fold(_bare(left)))):
            column = table and (table.column(right) or table.column(_bare(right)))
            if table and column and (table.name, column.name) not in seen:
                seen.add((table.name, column.name))
                yield table, column


def _bare(text: str) -> str:
    """The name that a part in SQL quotes stands for; any other part as it is."""
    closing = {'"': '"', "`": "`", "'": "'", "[": "]"}.get(text[:1])
    return unquote(text) if len(text) > 1 and closing == text[-1] else text


def _merged_tables(base: Iterable[TableRename], given: Iterable[TableRename]) -> tuple[TableRename, ...]:
    given = list(dict.fromkeys(given))
    taken = {fold(name) for rename in given for name in (rename.old, rename.new)}
    kept = [rename for rename in base if not {fold(rename.old), fold(rename.new)} & taken]
    return (*kept, *given)


def _merged_columns(base: Iterable[ColumnRename], given: Iterable[ColumnRename]) -> tuple[ColumnRename, ...]:
    given = list(dict.fromkeys(given))
    taken = {(fold(rename.table), fold(name)) for rename in given for name in (rename.old, rename.new)}
    kept = [
        rename for rename in base if not {(fold(rename.table), fold(name)) for name in (rename.old, rename.new)} & taken
    ]
    return (*kept, *given)


def _refuse_contradictions(tables: Iterable[TableRename], columns: Iterable[ColumnRename]) -> None:
    """Refuse two names for one thing, and one name for two."""
    renames = [("", rename.old, rename.new) for rename in dict.fromkeys(tables)]
    renames += [(f"{rename.table}.", rename.old, rename.new) for rename in dict.fromkeys(columns)]
    olds: dict[str, str] = {}
    news: dict[str, str] = {}
    for prefix, old, new in renames:
        for known, key, said in ((olds, f"{prefix}{old}", f"to {new}"), (news, f"{prefix}{new}", f"from {old}")):
            other = known.setdefault(fold(key), said)
            if other != said:
                raise UsageError(f"{key} is renamed both {other} and {said}", hint="leave one of the flags out")


def _likeliest(text: str, is_old: Callable[[str], bool], is_new: Callable[[str], bool]) -> tuple[str, str, bool] | None:
    """The reading with a name that is there, cut in two, and whether its left half is; None without a colon."""
    cut = list(_splits(text, ":"))
    left_known = next((pair for pair in cut if is_old(pair[0])), None)
    right_known = next((pair for pair in cut if is_new(pair[1])), None)
    pair = left_known or right_known or next(iter(cut), None)
    return pair and (*pair, left_known is not None)


def _unknown(
    flag: str, reading: tuple[str, str, bool] | None, kind: str, olds: Sequence[str], news: Sequence[str]
) -> UsageError:
    if reading is None:
        return UsageError(f"{flag}: there is no colon in it", hint="a rename goes OLD:NEW")
    left, right, left_known = reading
    if left_known:
        return UsageError(f"{flag}: there will be no {kind} {right}", hint=_nearest(right, news))
    return UsageError(f"{flag}: there is no {kind} {left}", hint=_nearest(left, olds))


def _ambiguous(flag: str) -> UsageError:
    return UsageError(f"{flag} can be read in several ways", hint='put the names in SQL quotes: "a.b"."c":"a.b"."d"')


def _done(flag: str, name: str) -> UsageError:
    return UsageError(f"{flag}: {name} is there already: the rename seems to be done", hint="leave the flag out")


def _column_names(schema: Schema) -> list[str]:
    return [f"{table.name}.{column.name}" for table in schema.tables.values() for column in table.columns]


def _nearest(name: str, names: Sequence[str]) -> str | None:
    from difflib import get_close_matches

    by_folded = {fold(one): one for one in names}
    close = get_close_matches(fold(name), by_folded, n=1)
    return f"did you mean {by_folded[close[0]]}?" if close else None
