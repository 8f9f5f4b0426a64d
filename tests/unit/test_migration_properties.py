"""What must hold for any two schemas: the plan gives the second one and loses no row, or is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import event, given, settings

from progy.d1.connection import Connection
from progy.diff.compare import compare
from progy.errors import UnsupportedChangeError
from progy.migrations.file import render_file
from progy.plan.statements import plan
from progy.sql.names import quote
from tests.strategies import ddl, rows, schemas

if TYPE_CHECKING:
    from progy.schema.objects import Schema


def build(connection: Connection, schema: Schema) -> None:
    with connection.transaction():
        connection.run(";\n".join(ddl(schema)), where="ddl")


@given(schemas())
def test_a_schema_read_back_is_the_schema_that_was_written(schema: Schema) -> None:
    with Connection() as shadow:
        build(shadow, schema)
        assert compare(schema, shadow.schema()) == []
        assert compare(shadow.schema(), schema) == []


def staying_values(connection: Connection, old: Schema, new: Schema) -> dict[str, list[tuple[Any, ...]]]:
    """The rows of the tables that stay, as far as their columns stay."""
    found = {}
    for name in old.tables.keys() & new.tables.keys():
        table = old.tables[name]
        kept = ", ".join(quote(one.name) for one in table.columns if new.tables[name].column(one.name))
        found[name] = connection.query(f"SELECT {kept} FROM {quote(table.name)} ORDER BY id")
    return found


@given(schemas(), schemas())
@settings(max_examples=400, deadline=None)
def test_a_plan_gives_the_new_schema_and_loses_no_row(old: Schema, new: Schema) -> None:
    with Connection() as shadow:
        build(shadow, old)
        with shadow.transaction():
            shadow.run(";\n".join(rows(old)), where="rows")
        have = shadow.schema()
        try:
            statements = plan(compare(have, new), have, new)
        except UnsupportedChangeError:
            event("refused")
            return
        event("planned" if statements else "nothing to do")
        before = staying_values(shadow, have, new)
        with shadow.transaction():
            shadow.run(render_file(statements), where="plan")
        assert compare(shadow.schema(), new) == []
        assert staying_values(shadow, have, new) == before
        assert shadow.query("PRAGMA foreign_key_check") == []
