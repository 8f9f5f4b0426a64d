"""PD3: what a new migration costs. D1 bills rows written, and is busy meanwhile: one database is one thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from progy.check.findings import Finding
from progy.check.losing import line_of, replacing
from progy.migrations.operations import CreateIndex, CreateTable, RenameTable, Update
from progy.schema.objects import fold

if TYPE_CHECKING:
    from collections.abc import Iterator

    from progy.check.replaying import Walked


def cost_findings(walked: Walked) -> Iterator[Finding]:
    """What the rules of this module find in a new migration."""
    copied = [table.name for name, table in walked.before.tables.items() if replacing(walked, name)]
    for name in copied:
        yield Finding(
            "PD301",
            f"copies every row of {name} into a new table",
            walked.source.file,
            line_of(walked, name),
            hint="on a large table, apply it when little else happens",
        )
    made = made_tables(walked) | {fold(name) for name in copied}
    for one in walked.steps:
        if isinstance(one.did, CreateIndex) and fold(one.did.table) not in made and _stays(walked, one.did):
            yield Finding(
                "PD302",
                f"{one.did.name} reads every row of {one.did.table} and writes an entry for each",
                walked.source.file,
                one.line,
                hint="on a large table, apply it when little else happens",
                statement=one.sql,
            )
        if isinstance(one.did, Update) and not one.did.some and fold(one.did.table) not in made:
            yield Finding(
                "PD303",
                f"writes every row of {one.did.table}",
                walked.source.file,
                one.line,
                hint="if it is meant for some rows only, say WHERE",
                statement=one.sql,
            )


def _stays(walked: Walked, did: CreateIndex) -> bool:
    """Whether the index is there afterwards, and wasn't before; one that only helps a rebuild is part of its cost."""
    return fold(did.name) in walked.after.indexes and fold(did.name) not in walked.before.indexes


def made_tables(walked: Walked) -> set[str]:
    """The folded names of tables that the file makes, which nobody waits for."""
    names: set[str] = set()
    for one in walked.steps:
        if isinstance(one.did, CreateTable):
            names.add(fold(one.did.table))
        elif isinstance(one.did, RenameTable) and fold(one.did.table) in names:
            names.add(fold(one.did.new))
    return names
