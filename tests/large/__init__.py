"""Two large databases of our own making, for documentation: a clinic of 50 tables and a market of 100.

They are SQL with comments, which say what models would: a table's stands above it, a column's beside it, and
`-- ## name: description` begins a viewpoint. Both have circles of references, tables that refer to themselves, and
tables that nothing joins to others.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from progy.d1.connection import Connection
from progy.docs.catalogue import Catalogue, Viewpoint, build
from progy.schema.models import Model, ModelColumn, Models

FOLDER = Path(__file__).parent
GROUP = re.compile(r"-- ## ?(\w*)(?:: (.*))?")
TABLE = re.compile(r"CREATE TABLE (\w+)")
COLUMN = re.compile(r"  (\w+) (INTEGER|TEXT|REAL|BLOB).*?(?:-- (.*))?")


@cache
def large(name: str) -> Catalogue:
    """The catalogue of one of the databases: `clinic` or `market`."""
    sql = (FOLDER / f"{name}.sql").read_text(encoding="utf-8")
    with Connection() as shadow, shadow.transaction():
        shadow.run(sql, where=name)
        schema = shadow.schema()
    models, viewpoints = _said(sql)
    return build(schema, models, title=name, viewpoints=viewpoints)


def _said(sql: str) -> tuple[Models, list[Viewpoint]]:
    models: list[Model] = []
    viewpoints: list[Viewpoint] = []
    group, comment = "", None
    for line in sql.splitlines():
        if found := GROUP.fullmatch(line):
            group = found[1]
            if group:
                viewpoints.append(Viewpoint(group, (), found[2]))
        elif line.startswith("-- "):
            comment = line[3:]
        elif found := TABLE.match(line):
            models.append(_model(found[1], group, comment, len(models)))
            if group:
                last = viewpoints.pop()
                viewpoints.append(Viewpoint(last.name, (*last.tables, found[1]), last.description))
        elif (found := COLUMN.fullmatch(line)) and models:
            last_model = models.pop()
            column = ModelColumn(*(found[1], found[1], "str", "str"), False, False, description=found[3])  # noqa: FBT003
            models.append(
                _model(last_model.table, group, last_model.description, len(models), (*last_model.columns, column))
            )
    return Models(tuple(models), ddl=()), viewpoints


def _model(table: str, group: str, comment: str | None, line: int, columns: tuple[ModelColumn, ...] = ()) -> Model:
    name = table.title().replace("_", "")
    file = f"models/{group or 'base'}.py"
    return Model(table, name, f"models.{group or 'base'}", file, line + 1, columns, comment)
