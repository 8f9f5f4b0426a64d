"""Schemas with a few changes made to them: changes that people make.

Two random schemas share little, so these find most. Both ways are worth trying: what one adds the other drops.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from tests.facts import affinity, lower
from tests.strategies import (
    ACTIONS,
    COLLATIONS,
    COLUMNS,
    STRICT_TYPES,
    TABLES,
    TYPES,
    add_column_to,
    add_fts,
    add_index,
    add_reference,
    add_table,
    add_trigger,
    add_view,
    defaults_of,
    free_name,
    generated,
    next_number,
    often,
    schemas,
    seldom,
    some_table,
    with_check,
    with_key,
    with_unique,
)
from tests.worlds import Col, Idx, Tab, World

if TYPE_CHECKING:
    from collections.abc import Callable


COUNTS = st.sampled_from([0, 1, 2, 3, 3, 3])
"""How many rows the tables have."""
NULLS = st.sampled_from(["fit", "fit", "fit", "bold", "dangling"])
"""What the rows are like: see `world_rows.rows`."""

# SQLite itself has no RENAME from this or to this.
_NOT_TO_RENAME = {"rowid"}


def _some_column(draw: st.DrawFn, world: World, *, generated: bool = False) -> tuple[Tab, Col] | None:
    found = [(table, one) for table in world.tables for one in table.columns if bool(one.generated) == generated]
    return draw(st.sampled_from(found)) if found else None


def _on_column(change: Callable[[st.DrawFn, Tab, Col], Col]) -> Callable[[st.DrawFn, World], World]:
    def apply(draw: st.DrawFn, world: World) -> World:
        found = _some_column(draw, world)
        if found is None:
            return world
        table, column = found
        after = change(draw, table, column)
        columns = tuple(after if one.uid == column.uid else one for one in table.columns)
        return world.with_table(replace(table, columns=columns))

    return apply


def _retype(draw: st.DrawFn, table: Tab, column: Col) -> Col:
    if table.key and table.key.autoincrement and table.alias() == column.uid:
        return column
    return replace(column, type=draw(st.sampled_from(STRICT_TYPES if table.strict else TYPES)), default=None)


def _toggle_not_null(_draw: st.DrawFn, _table: Tab, column: Col) -> Col:
    return replace(column, not_null=not column.not_null)


def _redefault(draw: st.DrawFn, _table: Tab, column: Col) -> Col:
    return replace(column, default=draw(st.sampled_from([None, *defaults_of(column.type)])))


def _recollate(draw: st.DrawFn, _table: Tab, column: Col) -> Col:
    return replace(column, collation=draw(st.sampled_from(COLLATIONS)))


def _rename_column(draw: st.DrawFn, table: Tab, column: Col) -> Col:
    if column.name in _NOT_TO_RENAME:
        return column
    return replace(column, name=free_name(draw, COLUMNS, {lower(one.name) for one in table.columns} | _NOT_TO_RENAME))


def _recase_column(_draw: st.DrawFn, _table: Tab, column: Col) -> Col:
    """Another case is no other name to SQLite, but a rename when somebody asks for it."""
    return column if column.name in _NOT_TO_RENAME else replace(column, name=_other_case(column.name))


def _other_case(name: str) -> str:
    return "".join(letter.swapcase() if letter.isascii() else letter for letter in name)


def _recase_table(draw: st.DrawFn, world: World) -> World:
    table = some_table(draw, world)
    return world.with_table(replace(table, name=_other_case(table.name))) if table else world


def _swap_columns(draw: st.DrawFn, world: World) -> World:
    table = some_table(draw, world)
    able = [column for column in table.columns if column.name not in _NOT_TO_RENAME] if table else []
    if table is None or len(able) < 2:
        return world
    one, other = draw(st.permutations(able))[:2]
    names = {one.uid: other.name, other.uid: one.name}
    columns = tuple(replace(column, name=names.get(column.uid, column.name)) for column in table.columns)
    return world.with_table(replace(table, columns=columns))


def _regenerate(draw: st.DrawFn, world: World) -> World:
    """A generated column changed, made plain, or a plain one made generated."""
    found = _some_column(draw, world, generated=often(draw))
    if found is None:
        return world
    table, column = found
    others = replace(table, columns=tuple(one for one in table.columns if one.uid != column.uid and not one.generated))
    if not others.columns or (column.generated and seldom(draw, 3)):
        after = replace(column, generated=None, default=None)
    else:
        expression, stored, declared = generated(draw, others)
        after = Col(column.uid, column.name, declared, generated=expression, stored=stored)
    columns = tuple(after if one.uid == column.uid else one for one in table.columns)
    return world.with_table(replace(table, columns=columns))


def _add_column(draw: st.DrawFn, world: World) -> World:
    table = some_table(draw, world)
    return add_column_to(draw, world, table.uid) if table else world


def _drop_column(draw: st.DrawFn, world: World) -> World:
    table = some_table(draw, world)
    if table is None or len([column for column in table.columns if not column.generated]) < 2:
        return world
    gone = draw(st.sampled_from(table.columns))
    left = tuple(column for column in table.columns if column.uid != gone.uid)
    return world.with_table(replace(table, columns=left)) if any(not one.generated for one in left) else world


def _reorder_columns(draw: st.DrawFn, world: World) -> World:
    table = some_table(draw, world)
    return world.with_table(replace(table, columns=tuple(draw(st.permutations(table.columns))))) if table else world


def _add_check(draw: st.DrawFn, world: World) -> World:
    table = some_table(draw, world)
    if table is None:
        return world
    return world.with_table(with_check(draw, table, draw(st.sampled_from(table.columns)).uid, broken=seldom(draw)))


def _add_unique(draw: st.DrawFn, world: World) -> World:
    table = some_table(draw, world)
    return world.with_table(with_unique(draw, table)) if table else world


def _drop_constraint(draw: st.DrawFn, world: World) -> World:
    able = [table for table in world.tables if table.checks or table.uniques or table.references]
    if not able:
        return world
    table = draw(st.sampled_from(able))
    gone = draw(st.sampled_from([*table.checks, *table.uniques, *table.references]))
    return world.with_table(
        replace(
            table,
            checks=tuple(one for one in table.checks if one != gone),
            uniques=tuple(one for one in table.uniques if one != gone),
            references=tuple(one for one in table.references if one != gone),
        )
    )


def _change_actions(draw: st.DrawFn, world: World) -> World:
    able = [table for table in world.tables if table.references]
    if not able:
        return world
    table = draw(st.sampled_from(able))
    one = draw(st.sampled_from(table.references))
    other = replace(
        one,
        on_delete=draw(st.sampled_from(ACTIONS)),
        on_update=draw(st.sampled_from(ACTIONS)),
        deferred=draw(st.booleans()),
    )
    references = tuple(other if reference == one else reference for reference in table.references)
    return world.with_table(replace(table, references=references))


def _refer(draw: st.DrawFn, world: World) -> World:
    return add_reference(draw, world, own_column=draw(st.booleans()))


def _rename_table(draw: st.DrawFn, world: World) -> World:
    table = some_table(draw, world)
    return world.with_table(replace(table, name=free_name(draw, TABLES, world.names()))) if table else world


def _swap_tables(draw: st.DrawFn, world: World) -> World:
    if len(world.tables) < 2:
        return world
    one, other = draw(st.permutations(world.tables))[:2]
    return world.with_table(replace(one, name=other.name)).with_table(replace(other, name=one.name))


def _rename_both(draw: st.DrawFn, world: World) -> World:
    return _on_column(_rename_column)(draw, _rename_table(draw, world))


def _rename_and_retype(draw: st.DrawFn, world: World) -> World:
    return _on_column(lambda draw, table, column: _retype(draw, table, _rename_column(draw, table, column)))(
        draw, world
    )


def _drop_table(draw: st.DrawFn, world: World) -> World:
    table = some_table(draw, world)
    return replace(world, tables=tuple(one for one in world.tables if one != table))


def _replace_table(draw: st.DrawFn, world: World) -> World:
    return add_table(draw, _drop_table(draw, world).mended())


def _toggle_strict(draw: st.DrawFn, world: World) -> World:
    table = some_table(draw, world)
    if table is None:
        return world
    kinds = {"NUMERIC": "ANY"}
    columns = table.columns
    if not table.strict:
        columns = tuple(
            replace(one, type=kinds.get(affinity(one.type), affinity(one.type)) if one.type.upper() not in STRICT_TYPES else one.type)
            for one in columns
        )  # fmt: skip
    return world.with_table(replace(table, columns=columns, strict=not table.strict))


def _toggle_without_rowid(draw: st.DrawFn, world: World) -> World:
    table = some_table(draw, world)
    return world.with_table(replace(table, without_rowid=not table.without_rowid)) if table else world


def _toggle_autoincrement(draw: st.DrawFn, world: World) -> World:
    able = [table for table in world.tables if table.key and table.key.inline and table.alias() is not None]
    if not able:
        return world
    table = draw(st.sampled_from(able))
    assert table.key is not None
    return world.with_table(replace(table, key=replace(table.key, autoincrement=not table.key.autoincrement)))


def _change_key(draw: st.DrawFn, world: World) -> World:
    table = some_table(draw, world)
    if table is None or table.columns[0].generated:
        return world
    first = table.columns[0].type.upper()
    kinds = ["text", "composite", "none"] + (["integer", "descending"] if first == "INTEGER" else [])
    return world.with_table(with_key(draw, table, draw(st.sampled_from(kinds))))


def _change_index(draw: st.DrawFn, world: World) -> World:
    """An index that goes, or comes back changed under its name."""
    if not world.indexes:
        return add_index(draw, world)
    gone = draw(st.sampled_from(world.indexes))
    left = replace(world, indexes=tuple(one for one in world.indexes if one != gone))
    if draw(st.booleans()):
        return left
    with_new = add_index(draw, left)
    return replace(with_new, indexes=(*with_new.indexes[:-1], replace(with_new.indexes[-1], name=gone.name)))


def _unique_by_index(draw: st.DrawFn, world: World) -> World:
    """A UNIQUE constraint becomes a unique index, which is the same."""
    able = [table for table in world.tables if table.uniques]
    if not able:
        return world
    table = draw(st.sampled_from(able))
    gone = table.uniques[0]
    index = Idx(free_name(draw, ("by index", "unique 2"), world.names()), table.uid, gone.terms, unique=True)
    world = world.with_table(replace(table, uniques=table.uniques[1:]))
    return replace(world, indexes=(*world.indexes, index))


def _drop_view(draw: st.DrawFn, world: World) -> World:
    gone = draw(st.sampled_from(world.views)) if world.views else None
    return replace(world, views=tuple(one for one in world.views if one != gone))


def _drop_trigger(draw: st.DrawFn, world: World) -> World:
    gone = draw(st.sampled_from(world.triggers)) if world.triggers else None
    return replace(world, triggers=tuple(one for one in world.triggers if one != gone))


def _drop_fts(draw: st.DrawFn, world: World) -> World:
    gone = draw(st.sampled_from(world.texts)) if world.texts else None
    return replace(world, texts=tuple(one for one in world.texts if one != gone))


CHANGES: tuple[Callable[[st.DrawFn, World], World], ...] = (
    *map(_on_column, (_retype, _retype, _toggle_not_null, _toggle_not_null, _redefault, _recollate, _rename_column, _recase_column)),
    _swap_columns, _regenerate, _add_column, _add_column, _drop_column, _drop_column, _reorder_columns, _add_check,
    _add_unique, _drop_constraint, _change_actions, _change_actions, _refer, _rename_table, _swap_tables, _rename_both,
    _rename_and_retype, _drop_table, add_table, _replace_table, _toggle_strict, _toggle_without_rowid,
    _toggle_autoincrement, _change_key, add_index, _change_index, add_view, _drop_view, add_trigger, _drop_trigger,
    add_fts, _drop_fts, _recase_table, _unique_by_index,
)  # fmt: skip


@st.composite
def changed(draw: st.DrawFn) -> tuple[World, World]:
    """A schema, and what one to four changes make of it; or the other way round."""
    old = draw(schemas())
    new = replace(old, last=next_number(old))
    for _ in range(draw(st.integers(1, 4))):
        new = draw(st.sampled_from(CHANGES))(draw, new).mended()
    return (new, old) if draw(st.integers(0, 3)) == 3 else (old, new)


def pairs() -> st.SearchStrategy[tuple[World, World]]:
    """Schemas before and after, mostly with much in common."""
    return st.one_of(*[changed()] * 4, st.tuples(schemas(), schemas(1000)))
