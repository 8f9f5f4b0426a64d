"""A world as SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.oracle import quoted
from tests.worlds import MARK

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable, Iterator

    from tests.worlds import Check, Col, Fts, Reference, Tab, Term, Trg, Viw, World


def ddl(world: World) -> Iterator[str]:
    """The statements that make a world."""
    for table in world.tables:
        yield _create_table(table, world)
    for text in world.texts:
        yield _create_fts(text, world)
    for index in world.indexes:
        where = f" WHERE {_sql(index.where, world)}" if index.where else ""
        unique = "UNIQUE " if index.unique else ""
        yield f"CREATE {unique}INDEX {quoted(index.name)} ON {_table_name(index.table, world)} {_terms(index.terms, world)}{where}"
    for view in world.views:
        yield _create_view(view, world)
    for trigger in world.triggers:
        yield _create_trigger(trigger, world)


def _sql(text: str, world: World) -> str:
    def name(match: re.Match[str]) -> str:
        found = world.column(int(match[2]))
        assert found is not None, text
        table, column = found
        before = {"t": f"{quoted(table.name)}.", "n": "NEW.", None: ""}[match[1]]
        return before + quoted(column.name)

    return MARK.sub(name, text)


def _table_name(uid: int, world: World) -> str:
    return next(quoted(one.name) for one in world.sources() if one.uid == uid)


def _terms(terms: Iterable[Term], world: World) -> str:
    written = []
    for term in terms:
        sql = _sql(f"<{term.of}>" if isinstance(term.of, int) else term.of, world)
        collation = f" COLLATE {term.collation}" if term.collation else ""
        written.append(f"{sql}{collation}{' DESC' if term.descending else ''}")
    return f"({', '.join(written)})"


def _create_table(table: Tab, world: World) -> str:
    lines = [_column(column, table, world) for column in table.columns]
    if table.key and not table.key.inline:
        lines.append(f"PRIMARY KEY {_terms(table.key.terms, world)}")
    for unique in table.uniques:
        conflict = f" ON CONFLICT {unique.conflict}" if unique.conflict else ""
        lines.append(f"UNIQUE {_terms(unique.terms, world)}{conflict}")
    lines += [_check(check, world) for check in table.checks if check.beside is None]
    for reference in table.references:
        if not reference.inline:
            columns = ", ".join(_sql(f"<{uid}>", world) for uid in reference.columns)
            lines.append(f"FOREIGN KEY ({columns}) {_references(reference, world)}")
    options = [word for word, wanted in (("STRICT", table.strict), ("WITHOUT ROWID", table.without_rowid)) if wanted]
    body = ", ".join(lines)
    return f"CREATE TABLE {quoted(table.name)} ({body}) {', '.join(options)}".strip()


def _column(column: Col, table: Tab, world: World) -> str:
    parts = [quoted(column.name), column.type]
    if table.key and table.key.inline and table.key.terms[0].of == column.uid:
        descending = " DESC" if table.key.terms[0].descending else ""
        parts.append(f"PRIMARY KEY{descending}{' AUTOINCREMENT' if table.key.autoincrement else ''}")
    if column.not_null:
        parts.append("NOT NULL")
    if column.default is not None:
        parts.append(f"DEFAULT {column.default}")
    if column.collation:
        parts.append(f"COLLATE {column.collation}")
    if column.generated:
        parts.append(
            f"GENERATED ALWAYS AS ({_sql(column.generated, world)}) {'STORED' if column.stored else 'VIRTUAL'}"
        )
    parts += [_check(check, world) for check in table.checks if check.beside == column.uid]
    parts += [_references(one, world) for one in table.references if one.inline and one.columns == (column.uid,)]
    return " ".join(part for part in parts if part)


def _check(check: Check, world: World) -> str:
    name = f"CONSTRAINT {quoted(check.name)} " if check.name else ""
    return f"{name}CHECK ({_sql(check.expression, world)})"


def _references(reference: Reference, world: World) -> str:
    columns = "" if reference.implicit else f" ({', '.join(_sql(f'<{uid}>', world) for uid in reference.references)})"
    parts = [f"REFERENCES {_table_name(reference.table, world)}{columns}"]
    parts += [f"ON DELETE {reference.on_delete}"] if reference.on_delete != "NO ACTION" else []
    parts += [f"ON UPDATE {reference.on_update}"] if reference.on_update != "NO ACTION" else []
    parts += ["DEFERRABLE INITIALLY DEFERRED"] if reference.deferred else []
    return " ".join(parts)


def _create_view(view: Viw, world: World) -> str:
    source = _table_name(view.source, world)
    where = f" WHERE {_sql(view.where, world)}" if view.where else ""
    if not view.columns:
        return f"CREATE VIEW {quoted(view.name)} AS SELECT * FROM {source}{where}"
    if view.form == 0:
        names = ", ".join(f'"column {number}"' for number in range(len(view.columns)))
        columns = ", ".join(_sql(f"<t.{uid}>", world) for uid in view.columns)
        return f"CREATE VIEW {quoted(view.name)} ({names}) AS SELECT {columns} FROM {source}{where}"
    columns = ", ".join(f'x.{_sql(f"<{uid}>", world)} AS "column {number}"' for number, uid in enumerate(view.columns))
    inner = f"(SELECT * FROM {source})" if view.form == 1 else source
    joined = f" LEFT JOIN {_table_name(view.joined, world)} AS y" if view.joined is not None else ""
    return f"CREATE VIEW {quoted(view.name)} AS SELECT {columns} FROM {inner} AS x{joined} ORDER BY 1"


def _create_trigger(trigger: Trg, world: World) -> str:
    columns = f" OF {_sql(f'<{trigger.of}>', world)}" if trigger.of else ""
    when = f" WHEN {_sql(trigger.when, world)}" if trigger.when else ""
    if trigger.log:
        table, column = _table_name(trigger.log[0], world), _sql(f"<{trigger.log[1]}>", world)
        body = f"INSERT INTO {table} ({column}) VALUES ('fired; END'); SELECT 1"
    else:
        body = "SELECT RAISE(ABORT, 'never; END')"
    timing = f"{trigger.timing} " if trigger.timing else ""
    head = f"CREATE TRIGGER {quoted(trigger.name)} {timing}{trigger.event}{columns} ON {_table_name(trigger.on, world)}"
    return f"{head}{when} BEGIN {body}; END"


def _create_fts(text: Fts, world: World) -> str:
    if text.content is None:
        return f"CREATE VIRTUAL TABLE {quoted(text.name)} USING fts5(body, extra)"
    columns = ", ".join(_sql(f"<{uid}>", world) for uid in text.columns)
    table = world.table(text.content)
    assert table is not None
    name = table.name.replace("'", "''")
    alias = table.alias()
    key = f", content_rowid={_sql(f'<{alias}>', world)}" if alias else ""
    return f"CREATE VIRTUAL TABLE {quoted(text.name)} USING fts5({columns}, content='{name}'{key})"
