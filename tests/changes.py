"""A random change, planned and run on an engine with rows in place, and all that must hold afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from progy.diff.compare import compare
from progy.migrations.file import render_file
from progy.proof.prove import prove
from progy.schema.inspect import schema_from_rows
from progy.schema.query import SCHEMA_QUERY
from tests import oracle
from tests.facts import lower
from tests.judge import Result, Shadow, decided, judge
from tests.minimal import minimal
from tests.oracle import quoted
from tests.world_rows import decisions, renames, rows
from tests.world_sql import ddl

if TYPE_CHECKING:
    from collections.abc import Callable

    from progy.schema.objects import Schema
    from tests.judge import Engine
    from tests.worlds import World


def script(world: World) -> str:
    """The text that makes a world."""
    return "".join(f"{statement};\n" for statement in ddl(world))


def change(old: World, new: World, count: int, nulls: str, engine: Engine) -> Result:
    """Take an empty database from one world to another.

    Args:
        old: The world to begin with.
        new: The world to arrive at.
        count: How many rows each table has.
        nulls: `fit` or `bold`, see `worlds.rows`.
        engine: An empty database.
    """
    result = Result()
    with Shadow() as first, Shadow() as second:
        for shadow, world in ((first, old), (second, new)):
            refused = shadow.migrate(script(world)) if script(world) else None
            assert refused is None, f"{refused}\n{script(world)}"
        before, after, wanted = first.schema(), second.schema(), oracle.master(second)
    _fill(engine, old, new, count, nulls)
    said = decisions(old, new)
    try:
        planned, answered = decided(before, after, said)
    except Exception as error:  # noqa: BLE001 - a planner that breaks is a failure of this case
        return result.fail(f"no plan: {type(error).__name__}: {error}")
    result.strategies = tuple(strategy.kind for strategy in planned.strategies)
    result.text = render_file(planned) if planned.statements else ""
    texts = _texts_that_stay(old, new)
    found = {name: _contents(engine, name) for name in texts}
    result = judge(engine, wanted, renames(said), answered.backfills, result)
    if result.kind == "right":
        left = compare(_schema(engine), after)
        result.fail(*(f"progy would still: {one}" for one in left))
        result.fail(
            *(f"{name}: {was} -> {now}" for name, was in found.items() if (now := _contents(engine, name)) != was)
        )
    return result


def prove_change(old: World, new: World) -> Result:
    """Let progy prove the migration between two worlds, as it does before it writes one.

    A right migration that it refuses is as bad for a user as a wrong one.
    """
    result = Result()
    with Shadow() as first, Shadow() as second:
        for shadow, world in ((first, old), (second, new)):
            if script(world):
                shadow.migrate(script(world))
        before, after = first.schema(), second.schema()
        planned, _ = decided(before, after, decisions(old, new))
        result.text = render_file(planned) if planned.statements else ""
        result.strategies = tuple(strategy.kind for strategy in planned.strategies)
        if result.text:
            proof = prove(
                first.connection,
                result.text,
                before,
                after,
                renames=planned.renames,
                filled=planned.filled,
                computed=planned.computed,
            )
            result.rows = proof.rows
            result.kind = "proven in part" if proof.untested else "proven"
    return result


def attempt(old: World, new: World, count: int, nulls: str, engine: Engine | None) -> Result:
    """What becomes of a change, whatever happens; without an engine what progy's own proof says."""
    try:
        return change(old, new, count, nulls, engine) if engine else prove_change(old, new)
    except Exception as error:  # noqa: BLE001 - a long run goes on
        return Result(kind="wrong", failures=[f"{type(error).__name__}: {error}"])


def explained(old: World, new: World, count: int, nulls: str, engine: Callable[[], Engine] | None) -> str:
    """A failing change made small, with all that it takes to see it again."""

    def fails(before: World, after: World) -> list[str]:
        return attempt(before, after, count, nulls, engine() if engine else None).failures

    signs = [failure[:30] for failure in fails(old, new)]
    old, new = minimal(old, new, lambda a, b: any(one[:30] in signs for one in fails(a, b)))
    result = attempt(old, new, count, nulls, engine() if engine else None)
    filled = "".join(f"{row};\n" for row in rows(old, new, count, nulls=nulls))
    heading = "== " + "\n   ".join(result.failures)
    parts = [heading, "-- from", script(old), filled, "-- to", script(new), "-- migration", result.text]
    return "\n".join(parts) + "\n"


def _fill(engine: Engine, old: World, new: World, count: int, nulls: str) -> None:
    """Make the old world. Where a change of it made a world that rows don't fit, it stays without."""
    if old.tables or old.texts:
        refused = engine.migrate(script(old))
        assert refused is None, f"{refused}\n{script(old)}"
        engine.migrate("".join(f"{statement};\n" for statement in rows(old, new, count, nulls=nulls)))


def _schema(engine: Engine) -> Schema:
    query = f"SELECT type AS c0, name AS c1, tbl_name AS c2, sql AS c3 FROM ({SCHEMA_QUERY})"
    return schema_from_rows(
        [(str(kind), str(name), str(table), str(sql)) for kind, name, table, sql in engine.query(query)]
    )


def _texts_that_stay(old: World, new: World) -> list[str]:
    """The FTS5 tables that are the same in both, rows and all."""
    later = {lower(text.name): statement for text, statement in zip(new.texts, _texts(new), strict=True)}
    return [
        text.name
        for text, statement in zip(old.texts, _texts(old), strict=True)
        if later.get(lower(text.name)) == statement and _same_content(text.content, old, new)
    ]


def _same_content(content: int | None, old: World, new: World) -> bool:
    before, after = old.table(content or 0), new.table(content or 0)
    return content is None or bool(
        before and after and before.columns == after.columns and before.alias() == after.alias()
    )


def _texts(world: World) -> list[str]:
    return [statement for statement in ddl(world) if statement.startswith("CREATE VIRTUAL TABLE")]


def _contents(engine: Engine, name: str) -> list[str]:
    """What a full-text search finds, and what the table holds."""
    table = quoted(name)
    found = engine.query(
        f"SELECT rowid AS c0, 'found' AS c1 FROM {table} WHERE {table} MATCH 'hello OR größe OR 3 OR 6'"
    )
    return sorted(map(str, [*found, *engine.query(f"SELECT rowid AS c0, '' AS c1 FROM {table}")]))
