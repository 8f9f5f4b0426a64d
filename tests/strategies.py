"""Random schemas, with rows that fit them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

from progy.plan import render
from progy.plan.statements import order_by_reference
from progy.schema.objects import (
    Check,
    Column,
    ForeignKey,
    Index,
    PrimaryKey,
    Schema,
    Table,
    Term,
    Unique,
    fold,
)
from progy.sql.names import literal, quote

if TYPE_CHECKING:
    from collections.abc import Iterator

    from progy.schema.objects import Action

# Names that have to be quoted, that fold, and that a careless tool would split at.
TABLES = ("users", "Order", "a;b", 'it"s', "plan", "größe")
COLUMNS = ("name", "select", "e-mail", "Age", "x;y", "[z]")
TYPES = ("TEXT", "INTEGER", "REAL", "BLOB", "NUMERIC", "varchar(9)")
ACTIONS: tuple[Action, ...] = ("NO ACTION", "RESTRICT", "CASCADE", "SET NULL", "SET DEFAULT")
DEFAULTS = {
    "TEXT": "'a''b;c'",
    "INTEGER": "-7",
    "REAL": "1.5",
    "BLOB": "x'00ff'",
    "NUMERIC": "0",
    "varchar(9)": "''",
}


@st.composite
def schemas(draw: st.DrawFn) -> Schema:
    """A schema of up to four tables that may refer to each other and to themselves, with indexes."""
    names = draw(st.lists(st.sampled_from(TABLES), unique=True, max_size=4))
    tables = {fold(name): draw(_tables(name, names)) for name in names}
    indexes = {fold(index.name): index for table in tables.values() for index in draw(_indexes(table))}
    return Schema(tables=tables, indexes=indexes)


@st.composite
def _tables(draw: st.DrawFn, name: str, others: list[str]) -> Table:
    columns = [Column("id", "INTEGER")]
    checks: list[Check] = []
    keys: list[ForeignKey] = []
    for column in draw(st.lists(st.sampled_from(COLUMNS), unique=True, max_size=4)):
        declared = draw(st.sampled_from(TYPES))
        if declared == "INTEGER" and draw(st.booleans()):
            target = draw(st.sampled_from(others))
            action = draw(st.sampled_from(ACTIONS))
            keys.append(ForeignKey((column,), target, ("id",), on_delete=action, inline=draw(st.booleans())))
            columns.append(Column(column, declared))
            continue
        default = DEFAULTS[declared] if draw(st.booleans()) else None
        not_null = draw(st.booleans())
        collation = draw(st.sampled_from([None, "NOCASE"]))
        columns.append(Column(column, declared, not_null, default, collation))
        if draw(st.integers(0, 4)) == 0:
            beside = column if draw(st.booleans()) else None
            checks.append(Check(f"length({quote(column)}) < 99", column=beside))
    uniques = [Unique((Term(columns[-1].name),))] if draw(st.integers(0, 5)) == 0 else []
    return Table(
        name,
        tuple(columns),
        PrimaryKey((Term("id"),), autoincrement=draw(st.booleans()), inline=True),
        tuple(uniques),
        tuple(checks),
        tuple(keys),
    )


@st.composite
def _indexes(draw: st.DrawFn, table: Table) -> list[Index]:
    found = []
    for number in range(draw(st.integers(0, 2))):
        column = draw(st.sampled_from([column.name for column in table.columns]))
        term = draw(
            st.sampled_from(
                [
                    Term(column),
                    Term(column, descending=True),
                    Term(column, collation="NOCASE"),
                    Term(f"lower({quote(column)})", is_column=False),
                ]
            )
        )
        where = draw(st.sampled_from([None, f"{quote(column)} IS NOT NULL"]))
        # "id" is unique whatever the rows hold; of other columns it can't be said.
        unique = draw(st.booleans()) and column == "id"
        found.append(Index(f"{table.name} {number}", table.name, (term, Term("id")), unique, where))
    return found


def ddl(schema: Schema) -> Iterator[str]:
    """The statements that make a schema."""
    yield from (render.create_table(table) for table in schema.tables.values())
    yield from (render.create_index(index) for index in schema.indexes.values())


def rows(schema: Schema, each: int = 2) -> Iterator[str]:
    """INSERT statements for rows of every table, with NULLs where they may be and references to rows that exist."""
    for name in order_by_reference(list(schema.tables.values())):
        table = schema.tables[name]
        references = {fold(key.columns[0]) for key in table.foreign_keys}
        for number in range(1, each + 1):
            values = []
            for column in table.columns:
                if fold(column.name) == "id":
                    values.append(str(number))
                elif fold(column.name) in references:
                    # In a cycle the other row may not be there yet.
                    values.append("NULL")
                elif number == 1 and not column.not_null:
                    values.append("NULL")
                else:
                    values.append(literal(f"{number}"))
            columns = ", ".join(quote(column.name) for column in table.columns)
            yield f"INSERT INTO {quote(table.name)} ({columns}) VALUES ({', '.join(values)})"
    for table in schema.tables.values():
        for key in table.foreign_keys:
            yield f"UPDATE {quote(table.name)} SET {quote(key.columns[0])} = 2 WHERE id = 1"
