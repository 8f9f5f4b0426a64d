"""Cleaning databases on D1's own engine, in one batch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from progy.data.clean import plan, tables_of
from progy.data.tables import contents, count_rows
from progy.sql.tokens import statements
from tests.changes import script
from tests.real.test_export_on_workerd import NASTY, SHARED, Workerd
from tests.strategies import schemas
from tests.unit.test_clean import circles
from tests.world_rows import rows

if TYPE_CHECKING:
    from tests.real.engine import D1
    from tests.worlds import World

ACTIONS = ("CASCADE", "SET NULL", "SET DEFAULT", "RESTRICT", "NO ACTION")


def cleaned(database: Workerd) -> None:
    schema = (
        "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE substr(name, 1, 4) <> '_cf_' ORDER BY type, name"
    )
    before = database.database.query(schema)
    found = contents(database).schema
    tables = tables_of(found, (), database="D1")
    database.database.batch(plan(found, count_rows(database, tables)) or ["SELECT 1"])
    assert database.database.query(schema) == before
    assert set(count_rows(database, tables).values()) <= {0}


def test_nasty_rows(d1: D1) -> None:
    database = Workerd(d1.fresh())
    database.write(NASTY, where="setup")
    cleaned(database)
    assert database.database.query("SELECT rowid FROM fx('emoji')") == []
    database.database.query("INSERT INTO child (p) VALUES (NULL)")
    assert database.database.query("SELECT id FROM child") == [{"id": 1}]


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("other", ACTIONS)
def test_references_in_circles(d1: D1, action: str, other: str) -> None:
    database = Workerd(d1.fresh())
    database.write(circles(action, other), where="setup")
    cleaned(database)


@given(schemas(), st.integers(1, 3))
@settings(
    max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate], derandomize=True
)
def test_any_database_is_emptied_and_keeps_its_schema(d1: D1, world: World, count: int) -> None:
    database = Workerd(d1.fresh())
    setup = [one.sql for one in statements(script(world))] + [*rows(world, world, count, nulls="bold")]
    if setup:
        database.database.batch(setup)
    cleaned(database)
    database.database.close()


@pytest.mark.skipif(not SHARED.is_dir(), reason="Progy's own database isn't there")
def test_progys_own_database(d1: D1) -> None:
    database = Workerd(d1.fresh())
    database.write((SHARED / "production.sql").read_text(), where="schema")
    database.write(
        """
        INSERT INTO users (id, name, username, email, email_verified, created_at, updated_at)
          VALUES ('u', 'u', 'u', 'u@x', 0, 1, 1), ('v', '', 'v', 'v@x', 1, 1, 1);
        INSERT INTO sessions VALUES ('s', 1, 'token', 1, 1, NULL, NULL, 'v');
        """,
        where="rows",
    )
    cleaned(database)
