"""Random schemas, with all that SQLite on D1 can say."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from tests.facts import affinity, lower
from tests.worlds import Check, Col, Fts, Idx, Key, Reference, Tab, Term, Trg, Unique, Viw, World

if TYPE_CHECKING:
    from collections.abc import Sequence

# Names that have to be quoted, that fold, and that a careless tool would split at.
TABLES = ("users", "Order", "a;b", 'it"s', "plan", "größe", "it's", "two words")
COLUMNS = ("name", "select", "e-mail", "Age", "x;y", "[z]", "rowid", "größe", "check", 'q"q')
TYPES = (
    "TEXT", "INTEGER", "REAL", "BLOB", "NUMERIC", "varchar(9)", "", "INT", "UNSIGNED BIG INT", "DOUBLE PRECISION",
    "FLOATING POINT", "DATETIME", "BOOLEAN", "decimal(10, 2)", "odd type", '"we;ird"',
)  # fmt: skip
STRICT_TYPES = ("TEXT", "INTEGER", "INT", "REAL", "BLOB", "ANY")
ACTIONS = ("NO ACTION", "RESTRICT", "CASCADE", "SET NULL", "SET DEFAULT")
COLLATIONS = (None, None, "NOCASE", "RTRIM", "BINARY")
CONFLICTS = (None, None, None, "IGNORE", "REPLACE", "FAIL", "ROLLBACK", "ABORT")
DEFAULTS = {
    "TEXT": ("'a''b;c'", "''", "NULL", "'7'", "(lower('A'))", "CURRENT_TIMESTAMP", "('x' || 'y')"),
    "INTEGER": ("-7", "0", "NULL", "+3", "0x1F", "(1 + 1)", "TRUE"),
    "REAL": ("1.5", "-2", "1e3", "(1.0 / 4)"),
    "BLOB": ("x'00ff'", "NULL", "(zeroblob(3))"),
    "NUMERIC": ("0", "7", "(abs(-4))"),
}


def schemas(last: int = 0) -> st.SearchStrategy[World]:
    """Schemas of up to four tables that may refer to each other and to themselves, with all that SQLite can say.

    Args:
        last: Numbers up to this belong to another schema, of which this one has nothing.
    """
    return _worlds(last)


def often(draw: st.DrawFn, of: int = 4) -> bool:
    """True in all but one of so many cases."""
    return draw(st.integers(1, of)) != of


def seldom(draw: st.DrawFn, of: int = 4) -> bool:
    """True in one of so many cases."""
    return draw(st.integers(1, of)) == of


def next_number(world: World) -> int:
    uids = [column.uid for table in world.tables for column in table.columns]
    uids += [one.uid for one in world.sources()]
    return max([*uids, world.last]) + 1


def free_name(draw: st.DrawFn, names: Sequence[str], taken: set[str]) -> str:
    free = [name for name in names if lower(name) not in taken]
    if free:
        return draw(st.sampled_from(free))
    return next(name for number in range(99) if lower(name := f"{names[0]} {number}") not in taken)


@st.composite
def _worlds(draw: st.DrawFn, last: int) -> World:
    world = World(last=last)
    for _ in range(draw(st.integers(1, 4))):
        world = add_table(draw, world)
    for _ in range(draw(st.integers(0, 3))):
        world = add_index(draw, world)
    for _ in range(draw(st.integers(0, 5))):
        world = add_reference(draw, world, own_column=True)
    if seldom(draw, 3):
        world = add_view(draw, world)
    if seldom(draw, 3):
        world = add_view(draw, world)
    for _ in range(draw(st.sampled_from([0, 0, 1, 2]))):
        world = add_trigger(draw, world)
    if seldom(draw, 5):
        world = add_fts(draw, world)
    return world.mended()


def add_table(draw: st.DrawFn, world: World) -> World:
    uid = next_number(world)
    name = free_name(draw, TABLES, world.names())
    strict = seldom(draw, 5)
    kind = draw(st.sampled_from(["integer", "integer", "text", "descending", "composite", "none"]))
    types = {"integer": "INTEGER", "text": "TEXT", "descending": "INTEGER"}
    first = Col(uid + 1, "id", types.get(kind) or draw(st.sampled_from(["INTEGER", "TEXT", "INT"])))
    table = Tab(uid, name, (first,), strict=strict)
    world = replace(world, tables=(*world.tables, table))
    for _ in range(draw(st.integers(0, 4))):
        world = add_column_to(draw, world, uid)
    found = world.table(uid)
    assert found is not None
    return world.with_table(with_key(draw, found, kind)).mended()


def with_key(draw: st.DrawFn, table: Tab, kind: str) -> Tab:
    own = table.columns[0].uid
    plain = [column.uid for column in table.columns[1:] if not column.generated]
    autoincrement = kind == "integer" and seldom(draw, 3)
    without_rowid = kind != "none" and not autoincrement and seldom(draw, 5)
    if kind in {"integer", "text"}:
        key = Key((Term(own),), inline=kind == "integer" or draw(st.booleans()), autoincrement=autoincrement)
    elif kind == "descending":
        key = Key((Term(own, descending=True),), inline=True)
    elif kind == "composite" and plain:
        other = Term(draw(st.sampled_from(plain)), draw(st.sampled_from([None, None, "NOCASE"])), draw(st.booleans()))
        key = Key((Term(own), other) if draw(st.booleans()) else (other, Term(own)))
    else:
        return replace(table, key=None, without_rowid=False)
    return replace(table, key=key, without_rowid=without_rowid)


def add_column_to(draw: st.DrawFn, world: World, uid: int) -> World:
    table = world.table(uid)
    assert table is not None
    taken = {lower(column.name) for column in table.columns}
    column = _column(draw, table, next_number(world), free_name(draw, COLUMNS, taken))
    table = replace(table, columns=(*table.columns, column))
    if seldom(draw, 5):
        table = with_check(draw, table, column.uid)
    if seldom(draw, 7):
        table = with_unique(draw, table)
    return world.with_table(table)


def _column(draw: st.DrawFn, table: Tab, uid: int, name: str) -> Col:
    if seldom(draw, 7):
        expression, stored, strict_type = generated(draw, table)
        declared = strict_type if table.strict else draw(st.sampled_from([strict_type, ""]))
        return Col(uid, name, declared, generated=expression, stored=stored)
    declared = draw(st.sampled_from(STRICT_TYPES if table.strict else TYPES))
    default = draw(st.sampled_from(defaults_of(declared))) if seldom(draw, 3) else None
    collation = draw(st.sampled_from(COLLATIONS))
    not_null = seldom(draw, 3) and default != "NULL"
    return Col(
        uid, name, declared, not_null, default, collation, text=affinity(declared) == "TEXT" and draw(st.booleans())
    )


def defaults_of(declared: str) -> tuple[str, ...]:
    return DEFAULTS["INTEGER" if declared == "BOOLEAN" else affinity(declared)]


def generated(draw: st.DrawFn, table: Tab) -> tuple[str, bool, str]:
    """An expression over other columns, whether it is stored, and its type."""
    uid = draw(st.sampled_from([column.uid for column in table.columns]))
    expression, declared = draw(
        st.sampled_from(
            [
                (f"length(<{uid}>) + 1", "INTEGER"),
                (f"coalesce(<{uid}>, 'none') || ';'", "TEXT"),
                (f"CASE WHEN <{uid}> IS NULL THEN 'none' ELSE 'some' END", "TEXT"),
            ]
        )
    )
    return expression, draw(st.booleans()), declared


def with_check(draw: st.DrawFn, table: Tab, uid: int, *, broken: bool = False) -> Tab:
    """A table with one more CHECK; `broken` by the rows that `worlds.rows` gives, unless their column holds texts."""
    other = draw(st.sampled_from([column.uid for column in table.columns]))
    expression = draw(
        st.sampled_from(
            [
                f"length(<{uid}>) < 99",
                f"<{uid}> IS NULL OR <t.{uid}> <> 'never;'",
                f"coalesce(<{uid}>, 1) <> -1 AND <{other}> IS NOT 'no'",
            ]
        )
    )
    if broken:
        expression = f"<{uid}> IS NOT 3"
    name = draw(st.sampled_from([None, "positive", "a check"]))
    beside = uid if draw(st.booleans()) else None
    return replace(table, checks=(*table.checks, Check(expression, name, beside)))


def with_unique(draw: st.DrawFn, table: Tab) -> Tab:
    plain = [column.uid for column in table.columns if not column.generated]
    columns = draw(st.lists(st.sampled_from(plain), min_size=1, max_size=2, unique=True))
    if any({term.of for term in one.terms} == set(columns) for one in table.uniques):
        # SQLite takes two of them for one, and refuses two answers to a conflict.
        return table
    terms = tuple(Term(uid, draw(st.sampled_from([None, None, "NOCASE"]))) for uid in columns)
    return replace(table, uniques=(*table.uniques, Unique(terms, draw(st.sampled_from(CONFLICTS)))))


def some_table(draw: st.DrawFn, world: World) -> Tab | None:
    return draw(st.sampled_from(world.tables)) if world.tables else None


def add_index(draw: st.DrawFn, world: World) -> World:
    table = some_table(draw, world)
    if table is None:
        return world
    name = free_name(draw, ("an index", "users_idx", "idx;1", "IDX 2"), world.names())
    uids = [column.uid for column in table.columns]
    first = draw(st.sampled_from(uids))
    term = draw(
        st.sampled_from(
            [
                Term(first),
                Term(first, descending=True),
                Term(first, "NOCASE"),
                Term(f"lower(<{first}>)"),
                Term(first, "RTRIM", descending=True),
            ]
        )
    )
    more = (Term(draw(st.sampled_from(uids))),) if draw(st.booleans()) else ()
    where = draw(st.sampled_from([None, None, f"<{first}> IS NOT NULL", f"<{uids[0]}> > 0"]))
    stored = table.column(first)
    unique = isinstance(term.of, int) and stored is not None and not stored.generated and seldom(draw, 3)
    return replace(world, indexes=(*world.indexes, Idx(name, table.uid, (term, *more), unique, where)))


def add_reference(draw: st.DrawFn, world: World, *, own_column: bool) -> World:
    child, parent = some_table(draw, world), some_table(draw, world)
    targets = world.targets(parent) if parent else []
    if child is None or parent is None or not targets:
        return world
    target = draw(st.sampled_from(targets))
    if not own_column:
        free = [one.uid for one in child.columns if not one.generated and one.uid not in child.referring()]
        if len(free) < len(target):
            return world
        columns = tuple(draw(st.permutations(free))[: len(target)])
    else:
        columns = ()
        for uid in target:
            like = parent.column(uid)
            assert like is not None
            declared = like.type if like.type.upper() in STRICT_TYPES or not child.strict else "ANY"
            name = free_name(draw, COLUMNS, {lower(column.name) for column in child.columns})
            default = "0" if seldom(draw, 5) else None
            new = Col(next_number(world), name, declared, seldom(draw, 5), default, like.collation)
            child = replace(child, columns=(*child.columns, new))
            world = world.with_table(child)
            columns = (*columns, new.uid)
    terms = parent.key.terms if parent.key else ()
    reference = Reference(
        columns,
        parent.uid,
        target,
        implicit=tuple(term.of for term in terms) == target and draw(st.booleans()),
        on_delete=draw(st.sampled_from(ACTIONS)),
        on_update=draw(st.sampled_from(ACTIONS)),
        deferred=draw(st.booleans()),
        inline=len(columns) == 1 and draw(st.booleans()),
    )
    return world.with_table(replace(child, references=(*child.references, reference)))


def add_view(draw: st.DrawFn, world: World) -> World:
    if not world.tables:
        return world
    source = draw(st.sampled_from(world.sources()))
    name = free_name(draw, ("a view", "Active", "v;1"), world.names())
    uids = [column.uid for column in source.columns] if isinstance(source, Tab) else []
    columns: tuple[int, ...] = tuple(draw(st.lists(st.sampled_from(uids), max_size=3, unique=True))) if uids else ()
    named = draw(st.sampled_from([None, *columns]))
    where = f"<{named}> IS NOT NULL" if named else None
    joined = draw(st.sampled_from(world.tables)).uid if seldom(draw) else None
    view = Viw(next_number(world), name, source.uid, columns, draw(st.integers(0, 2)), where, joined)
    return replace(world, views=(*world.views, view))


def add_trigger(draw: st.DrawFn, world: World) -> World:
    if not world.tables:
        return world
    name = free_name(draw, ("a trigger", "tr;2", "Touch"), world.names())
    if world.views and seldom(draw, 3):
        view = draw(st.sampled_from(world.views))
        return replace(world, triggers=(*world.triggers, Trg(name, view.uid, "INSTEAD OF", "INSERT", log=_log(world))))
    table = draw(st.sampled_from(world.tables))
    event = draw(st.sampled_from(["INSERT", "UPDATE", "DELETE"]))
    timing = draw(st.sampled_from(["BEFORE", "AFTER", ""]))
    uids = [column.uid for column in table.columns]
    of = draw(st.sampled_from(uids)) if event == "UPDATE" and draw(st.booleans()) else None
    when = f"<n.{draw(st.sampled_from(uids))}> IS NOT NULL" if event != "DELETE" and draw(st.booleans()) else None
    log = None
    if event == "INSERT" or draw(st.booleans()):
        log = _log(world)
        if log is None:
            place = next_number(world)
            columns = (Col(place + 1, "id", "INTEGER"), Col(place + 2, "what", "TEXT"))
            name_of_log = free_name(draw, ("Log", "log;2"), world.names())
            world = replace(
                world, tables=(*world.tables, Tab(place, name_of_log, columns, Key((Term(place + 1),), inline=True)))
            )
            log = (place, place + 2)
    return replace(world, triggers=(*world.triggers, Trg(name, table.uid, timing, event, of, when, log)))


def _log(world: World) -> tuple[int, int] | None:
    return next((trigger.log for trigger in world.triggers if trigger.log), None)


def add_fts(draw: st.DrawFn, world: World) -> World:
    name = free_name(draw, ("search", "full text"), world.names())
    able = [table for table in world.tables if not table.without_rowid and _fts_columns(table)]
    if not able or draw(st.booleans()):
        return replace(world, texts=(*world.texts, Fts(name)))
    table = draw(st.sampled_from(able))
    columns = draw(st.lists(st.sampled_from(_fts_columns(table)), min_size=1, max_size=2, unique=True))
    return replace(world, texts=(*world.texts, Fts(name, table.uid, tuple(columns))))


def _fts_columns(table: Tab) -> list[int]:
    if "rowid" in {lower(column.name) for column in table.columns}:
        return []
    return [column.uid for column in table.columns if not column.generated and affinity(column.type) == "TEXT"]
