"""The schema that models declare, made under D1's rules, so that what doesn't work is found with its place."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from progy.d1.connection import Connection
from progy.errors import ModelError, SqlError
from progy.sql.names import quote, unquote
from progy.sql.tokens import tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

    from progy.schema.models import ModelObject, Models
    from progy.schema.objects import Schema


def schema_of_models(models: Models) -> Schema:
    """The schema the models declare, as SQLite under D1's rules understands it.

    Raises:
        ModelError: D1 would refuse what they declare.
    """
    with Connection() as shadow, shadow.transaction():
        build(shadow, models)
        return shadow.schema()


def build(connection: Connection, models: Models) -> None:
    """Make what the models declare, and compile what uses it.

    SQLite makes a view or a trigger that names what isn't there, and fails when it is used. So each view is read, and
    each trigger's event planned, once.

    Args:
        connection: An empty database, in a transaction.
        models: What the models declare.

    Raises:
        ModelError: SQLite or D1's rules refuse something, or it names what isn't there.
    """
    of_objects = {one.sql for one in models.objects}
    try:
        connection.run(";\n".join(sql for sql in models.ddl if sql not in of_objects), where="models")
    except SqlError as error:
        model = models.of(_table_of(error.statement))
        what = f"{model.name}: " if model else ""
        raise ModelError(
            f"{what}D1 would refuse this: {error.message}\n{error.statement}",
            where=f"{model.file}:{model.line}" if model else None,
        ) from None
    passive = [one for one in models.objects if one.kind != "trigger"]
    for one in passive:
        _run(connection, one, one.sql, "D1 would refuse it")
    # Behind all of them: a full-text index may read a view.
    for one in passive:
        for probe in _reads(one):
            _run(connection, one, probe, "it can't be read")
    # One by one: planning an event compiles all triggers on it, and so only the last can be what fails.
    for one in models.objects:
        if one.kind == "trigger":
            _run(connection, one, one.sql, "D1 would refuse it")
            _run(connection, one, _fires(connection, one), "it can't fire")


def _run(connection: Connection, one: ModelObject, sql: str, otherwise: str) -> None:
    try:
        connection.run(sql, where=one.file)
    except SqlError as error:
        raise ModelError(
            f"the {one.kind} {one.name}: {otherwise}: {error.message}\n{one.sql}", where=f"{one.file}:{one.line}"
        ) from None


def _reads(one: ModelObject) -> Iterator[str]:
    """What has to compile for a view, or for a full-text index that keeps its text elsewhere."""
    if one.kind == "view":
        yield f"SELECT * FROM {quote(one.name)} LIMIT 0"  # noqa: S608 - quoted
    elif one.table is not None:
        # With the table's name before it, a quoted name can't be taken for a string.
        table = quote(one.table)
        columns = ", ".join(f"{table}.{quote(name)}" for name in one.columns)
        yield f"SELECT {columns} FROM {table} LIMIT 0"  # noqa: S608 - quoted


def _fires(connection: Connection, trigger: ModelObject) -> str:
    """What has to compile for a trigger: the plan of a statement that fires it."""
    name = trigger.table or ""
    table = quote(name)
    if trigger.event == "INSERT":
        return f"EXPLAIN INSERT INTO {table} DEFAULT VALUES"
    if trigger.event == "DELETE":
        return f"EXPLAIN DELETE FROM {table}"  # noqa: S608 - quoted
    # Without generated columns, which can't be set.
    first = connection.query("SELECT name FROM pragma_table_info(?) LIMIT 1", [name])
    columns = trigger.columns or [str(column) for (column,) in first]
    return f"EXPLAIN UPDATE {table} SET {', '.join(f'{quote(column)} = NULL' for column in columns)}"  # noqa: S608 - quoted


def _table_of(statement: str) -> str:
    """The table that a CREATE TABLE or CREATE INDEX of the models is about; empty when the text is neither."""
    found = list(tokens(statement))
    mark = "TABLE" if any(token.is_word("TABLE") for token in found[:2]) else "ON"
    return next((unquote(name.text) for word, name in pairwise(found) if word.is_word(mark)), "")
