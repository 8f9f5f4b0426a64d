"""Progy's own models give the schema that production has."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import apsw
import pytest
from sqlalchemy.orm import configure_mappers

import models
from progy.schema.load import load

if TYPE_CHECKING:
    from progy.schema.models import Models

CHECKOUT = Path(__file__).parents[2]
PRODUCTION = CHECKOUT.parent / "shared" / "progy" / "production.sql"

_AFFINITIES = {"text": "TEXT", "integer": "INTEGER"}


@pytest.fixture(scope="module")
def own() -> Models:
    return load(CHECKOUT)


def described(*statements: str) -> dict[str, Any]:
    """What SQLite's PRAGMAs say of a database made by these statements: its tables' columns, keys and indexes."""
    connection = apsw.Connection(":memory:")
    for statement in statements:
        connection.execute(statement)
    names = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    return {name: _table(connection, name) for name in names}


def _table(connection: apsw.Connection, table: str) -> dict[str, Any]:
    indexes = {}
    for _, name, unique, origin, partial in _rows(connection, "index_list", table):
        # An index that a PRIMARY KEY makes has a name by its place in a list.
        terms = connection.execute("SELECT name, desc, coll FROM pragma_index_xinfo(?) WHERE key", (name,)).fetchall()
        indexes[name if origin == "c" else origin] = (unique, partial, terms)
    return {
        "columns": [
            (name, _AFFINITIES[type_.lower()], not_null, _default(connection, default), key, hidden)
            for _, name, type_, not_null, default, key, hidden in _rows(connection, "table_xinfo", table)
        ],
        "references": {row[2:] for row in _rows(connection, "foreign_key_list", table)},
        "indexes": indexes,
    }


def _rows(connection: apsw.Connection, pragma: str, table: str) -> list[tuple[Any, ...]]:
    return connection.execute(f"SELECT * FROM pragma_{pragma}(?)", (table,)).fetchall()


def _default(connection: apsw.Connection, default: str | None) -> object:
    """The constant that a default evaluates to: `false` is 0."""
    return None if default is None else connection.execute(f"SELECT {default}").get


@pytest.mark.skipif(not PRODUCTION.exists(), reason="the facts aren't at hand")
def test_the_schema_is_productions(own: Models) -> None:
    production = described(PRODUCTION.read_text())
    assert len(production) == 12
    assert described(*own.ddl) == production


def test_the_classes_work_together() -> None:
    configure_mappers()
    package = models.Package(user_id="u", name="@a/rust", slug="rust")
    package.versions.append(
        models.PackageVersion(package_id=package.id, version="1.0.0", storage_key="k", size_bytes=1, checksum="c")
    )
    assert package.status is models.PackageStatus.DRAFT
    assert package.versions[0].package is package
    assert package.created_at.microsecond == 0


def test_everything_is_described(own: Models) -> None:
    assert [model.table for model in own.models if not model.description] == []
    assert [
        f"{model.table}.{column.name}" for model in own.models for column in model.columns if not column.description
    ] == []


def test_every_table_has_a_class_that_the_package_exports(own: Models) -> None:
    assert {model.name for model in own.models} <= set(models.__all__)
    assert {model.domain for model in own.models} == {"auth", "billing", "courses", "registry"}


@pytest.mark.parametrize(
    ("table", "column", "row_type", "storage"),
    [
        ("users", "created_at", "int", "Unix seconds"),
        ("users", "email_verified", "int", "0 or 1"),
        ("users", "metadata", "str", "JSON text"),
        ("subscriptions", "period_end", "int", "Unix seconds"),
        ("registries_versions", "guard", "str", "JSON text"),
        ("registries_stats", "date", "str", "ISO 8601 text"),
    ],
)
def test_what_rows_hold(own: Models, table: str, column: str, row_type: str, storage: str) -> None:
    model = own.of(table)
    assert model is not None
    found = model.column(column)
    assert found is not None
    assert (found.row_type, found.storage) == (row_type, storage)


def test_statuses_are_stored_by_value(own: Models) -> None:
    model = own.of("registries_packages")
    assert model is not None
    status = model.column("status")
    assert status is not None
    assert status.values == (
        "draft",
        "published",
        "archived",
        "deleted",
        "in_review",
        "rejected",
        "banned",
        "in_development",
    )
