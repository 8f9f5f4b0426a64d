"""The views, triggers and virtual tables that modules of the models declare, in the order in which they can be made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from progy.errors import ModelError
from progy.schema import canonical
from progy.schema.models import ModelObject
from progy.schema.objects import fold
from progy.schema.taken import Made

if TYPE_CHECKING:
    from collections.abc import Iterable

    from progy import declare
    from progy.schema.comments import Comments
    from progy.schema.source import Sources
    from progy.schema.taken import Names

# A trigger may name anything; a view, virtual tables and views.
_ORDER = ("virtual table", "view", "trigger")


def objects(
    made: Iterable[declare.Made], sources: Sources, comments: Comments, names: Names
) -> tuple[ModelObject, ...]:
    """What declarations make: virtual tables by name, views after those they name, triggers by name.

    Args:
        made: The declarations.
        sources: The project's files.
        comments: What their comments say.
        names: The names that are taken; those of the objects are added.

    Raises:
        ModelError: A name is taken.
    """
    found = sorted(
        (_object(one, part, sources, comments) for one in made for part in one.declaration.parts),
        key=lambda one: (_ORDER.index(one.kind), fold(one.name), one.file, one.line),
    )
    for one in found:
        where = f"{one.file}:{one.line}"
        taken = names.take(Made(one.kind, one.name, where=where))
        if taken:
            raise ModelError(taken, where=where)
    views = {fold(one.name): one for one in found if one.kind == "view"}
    return (
        *(one for one in found if one.kind == "virtual table"),
        *_in_order(views),
        *(one for one in found if one.kind == "trigger"),
    )


def _object(made: declare.Made, part: declare.Part, sources: Sources, comments: Comments) -> ModelObject:
    itself = part.name == made.declaration.name
    return ModelObject(
        kind=part.kind,
        name=part.name,
        sql=part.sql,
        file=sources.relative(made.file),
        line=made.line,
        table=part.table,
        columns=part.columns,
        event=part.event,
        description=made.declaration.description or comments.at(made.file, made.line)
        if itself
        else f"Keeps {made.declaration.name} current.",
    )


def _in_order(views: dict[str, ModelObject]) -> list[ModelObject]:
    """Views by name, each after those it names. Of views that name each other SQLite says so when they are read."""
    placed: dict[str, ModelObject] = {}
    begun: set[str] = set()

    def place(name: str) -> None:
        if name in begun:
            return
        begun.add(name)
        for other in sorted(canonical.names(views[name].sql) & views.keys()):
            place(other)
        placed[name] = views[name]

    for name in views:
        place(name)
    return list(placed.values())
