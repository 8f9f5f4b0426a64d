"""A failing change made small: whatever isn't needed for the failure is taken out of both worlds."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.worlds import Col, Tab, World

    Cut = Callable[[World], World]
    Pair = tuple[World, World]


def minimal(old: World, new: World, still_fails: Callable[[World, World], bool]) -> Pair:
    """The smallest pair found that fails as well."""
    pair = (old, new)
    while True:
        smaller = next((one for one in _smaller(*pair) if one != pair and still_fails(*one)), None)
        if smaller is None:
            return pair
        pair = smaller


def _smaller(old: World, new: World) -> Iterator[Pair]:
    for cut in _cuts(old, new):
        yield cut(old).mended(), cut(new).mended()
    # Where the two differ, one difference less.
    for table in new.tables:
        before = old.table(table.uid)
        if before and before != table:
            yield old, new.with_table(before).mended()
            yield old, new.with_table(replace(table, name=before.name)).mended()


def _cuts(old: World, new: World) -> Iterator[Cut]:
    for kind in ("tables", "texts", "triggers", "views", "indexes"):
        for key in _keys(kind, old, new):
            yield partial(_without, kind, key)
    for uid in _keys("tables", old, new):
        both = [table for table in (old.table(uid), new.table(uid)) if table]
        for kind in ("references", "checks", "uniques", "columns"):
            for key in _keys(kind, *both):
                yield partial(_in_table, uid, partial(_without, kind, key))
        for plainer in ({"strict": False}, {"without_rowid": False}):
            yield partial(_in_table, uid, partial(_with, plainer))
        for column in _keys("columns", *both):
            for plainer_column in _PLAINER_COLUMNS:
                yield partial(_in_table, uid, partial(_in_column, column, plainer_column))


_PLAINER_COLUMNS: tuple[dict[str, Any], ...] = (
    {"default": None}, {"collation": None}, {"not_null": False}, {"text": False}, {"generated": None},
)  # fmt: skip


def _key(one: Any) -> Any:  # noqa: ANN401 - numbers where there are any, else names, else the thing itself
    return getattr(one, "uid", None) or getattr(one, "name", None) or one


def _keys(kind: str, *owners: World | Tab) -> list[Any]:
    return list(dict.fromkeys(_key(one) for owner in owners for one in getattr(owner, kind)))


def _without(kind: str, key: object, owner: Any) -> Any:  # noqa: ANN401 - a world or a table
    return _with({kind: tuple(one for one in getattr(owner, kind) if _key(one) != key)}, owner)


def _with(values: dict[str, Any], owner: Any) -> Any:  # noqa: ANN401 - any of the dataclasses
    return replace(owner, **values)


def _in_table(uid: int, cut: Callable[[Tab], Tab], world: World) -> World:
    table = world.table(uid)
    changed = cut(table) if table else None
    if changed is None or all(column.generated for column in changed.columns):
        return world
    return world.with_table(changed)


def _in_column(uid: int, values: dict[str, Any], table: Tab) -> Tab:
    def plainer(column: Col) -> Col:
        return replace(column, **values) if column.uid == uid else column

    return replace(table, columns=tuple(map(plainer, table.columns)))
