"""Names that nothing else has, for what lives only while a migration runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from progy.schema.objects import fresh

if TYPE_CHECKING:
    from collections.abc import Iterable

    from progy.schema.objects import Schema


class Names:
    """The names there are, and the next one that is free."""

    def __init__(self, schemas: Iterable[Schema]) -> None:
        """Take note of all names in the schemas."""
        self.taken: set[str] = set()
        for schema in schemas:
            for group in (schema.tables, schema.virtual_tables, schema.indexes, schema.views, schema.triggers):
                self.taken |= group.keys()

    def fresh(self, name: str) -> str:
        """The name, or the name with a number behind it, which is taken from then on."""
        return fresh(name, self.taken)
