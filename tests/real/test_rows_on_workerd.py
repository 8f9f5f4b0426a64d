"""What `to_row` gives D1 is what a `Session` stores in SQLite, and `from_row` reads it back: on real workerd."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine
from sqlmodel import Session

from progy import from_row, to_row
from progy.schema.ddl import statements
from tests.everything import VALUES, instances
from tests.unit.test_types import CASES, Base, Everything

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine

    from tests.real.engine import D1, D1Database

Stored = list[tuple[str, Any]]
"""Every column's storage class and value; an integer by its digits."""

DDL = statements([Base.metadata])
COLUMNS = ["id", *VALUES]
# Its digits, since D1 rounds what is beyond 2**53.
AS_TEXT = [f"CASE typeof({name}) WHEN 'integer' THEN CAST({name} AS TEXT) ELSE {name} END" for name in COLUMNS]
STORED = f"SELECT {', '.join(f'typeof({name}) AS t{n}, {text} AS c{n}' for n, (name, text) in enumerate(zip(COLUMNS, AS_TEXT, strict=True)))} FROM everything ORDER BY id"
SELECT = "SELECT *, CAST(int_ AS TEXT) AS int_ FROM everything ORDER BY id"


@pytest.fixture(scope="module")
def database(d1: D1) -> D1Database:
    database = d1.fresh()
    database.batch(DDL)
    return database


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        for statement in DDL:
            connection.exec_driver_sql(statement)
    yield engine
    engine.dispose()


def by_session(engine: Engine, made: list[Everything]) -> tuple[list[Stored], list[Everything]]:
    """What a Session stores, and what it reads."""
    with Session(engine) as session:
        copies = [Everything(**{name: getattr(one, name) for name in COLUMNS}) for one in made]
        session.add_all(copies)
        session.flush()
        stored = [
            list(zip(row[::2], row[1::2], strict=True)) for row in session.connection().exec_driver_sql(STORED).all()
        ]
        session.expire_all()
        read = [Everything(**{name: getattr(one, name) for name in COLUMNS}) for one in copies]
        session.rollback()
    return stored, read


def by_d1(database: D1Database, made: list[Everything]) -> tuple[list[Stored], list[dict[str, Any]]]:
    """What D1 stores, and the rows it gives."""
    inserts = []
    for one in made:
        row = to_row(one)
        sql = f"INSERT INTO everything ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})"
        inserts.append((sql, tuple(row.values())))
    *_, stored, rows, _ = database.batch([*inserts, STORED, SELECT, "DELETE FROM everything"])
    return [[in_python(row[f"t{n}"], row[f"c{n}"]) for n in range(len(COLUMNS))] for row in stored], rows


def in_python(kind: str, value: Any) -> tuple[str, Any]:  # noqa: ANN401 - whatever SQLite stores
    """A value as JSON has it, as Python has it: JavaScript writes a whole REAL as an integer."""
    return kind, bytes(value) if kind == "blob" else float(value) if kind == "real" else value


def numbered(made: list[Everything]) -> list[Everything]:
    for number, one in enumerate(made, 1):
        one.id = number
    return made


CASES_AT_ONCE = [Everything(**{case.attribute: case.value}) for case in CASES]


@pytest.mark.filterwarnings("ignore:Dialect sqlite:sqlalchemy.exc.SAWarning")
@given(st.lists(instances(), min_size=1, max_size=8))
@example(CASES_AT_ONCE)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_d1_stores_what_a_session_stores_and_gives_it_back(
    database: D1Database, engine: Engine, made: list[Everything]
) -> None:
    stored_by_session, read_by_session = by_session(engine, numbered(made))
    stored, rows = by_d1(database, made)
    assert stored == stored_by_session
    read = [from_row(Everything, row) for row in rows]
    assert read == read_by_session == made
    for one, other in zip(read, read_by_session, strict=True):
        assert [type(getattr(one, name)) for name in COLUMNS] == [type(getattr(other, name)) for name in COLUMNS]


def test_the_integer_that_a_worker_can_bind_is_stored_exactly(database: D1Database, engine: Engine) -> None:
    edges = [2**53 - 3, 2**53 - 2, 2**53 - 1, 2**53, 2**53 + 1, 2**63 - 1, -(2**53) - 1, -(2**63)]
    made = numbered([Everything(int_=edge) for edge in edges])
    stored, rows = by_d1(database, made)
    assert stored == by_session(engine, made)[0]
    assert [from_row(Everything, row).int_ for row in rows] == edges
