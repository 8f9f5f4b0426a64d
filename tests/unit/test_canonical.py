"""When two spellings are equal, judged by SQLite itself: by what is stored, and by what is true of rows."""

from __future__ import annotations

import itertools

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from progy.schema import canonical

LITERALS = ["0", "1", "-1", "+1", "1.0", "1e0", "1e3", "1000", "1_000", "0x10", "16", "'16'", "'0x10'", "'1_000'", "'max'", "'x'", "'0x'", "'٣'", "'1'", "'1.0'", "1.5", "'1.5'", "true", "false", "TRUE", "'true'", '"true"', "NULL", "'NULL'", "''", "x'00'", "X'00'", "(1)", "((1))", "(-1)", "-0", "0.0", "-0.0", "1e20", "100000000000000000000", "'1e+20'", "'1.0e+20'", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "0xFFFFFFFFFFFFFFFF", "1e999", "'1e3'", "'+1'", "'.5'", ".5", "5.", "1e-5", "9007199254740993", "9007199254740993.0", "0.1", "'0.1'", "'A'", "'a'", '"a"', '"A"', "current_status", "Current_Status", "'it''s'", "\"it's\"", "0.30000000000000004", "0.3", "'00'", "'-0'"]  # fmt: skip
TYPES = ["INTEGER", "TEXT", "REAL", "NUMERIC", "BLOB", "", "DATETIME", "STATUS", "VARCHAR(3)"]
STRICT = ["ANY", "INT", "INTEGER", "TEXT", "REAL", "BLOB"]


def stored(default: str, declared: str, *, strict: bool) -> tuple[str, str] | None:
    """What a row holds that took the default; None when the table refuses the row."""
    connection = apsw.Connection(":memory:")
    connection.execute(f"CREATE TABLE t (z ANY, c {declared} DEFAULT {default}) {'STRICT' if strict else ''}")
    try:
        connection.execute("INSERT INTO t (z) VALUES (1)")
    except apsw.ConstraintError:
        return None
    [(kind, value)] = connection.execute("SELECT typeof(c), quote(c) FROM t")
    return str(kind), str(value)


@pytest.mark.parametrize(
    ("declared", "strict"), [(one, False) for one in TYPES] + [(one, True) for one in STRICT], ids=str
)
def test_defaults_are_equal_exactly_when_they_store_the_same(declared: str, *, strict: bool) -> None:
    found = {
        default: (stored(default, declared, strict=strict), canonical.default(default, declared, strict=strict))
        for default in LITERALS
    }
    for (one, (a, x)), (other, (b, y)) in itertools.combinations(found.items(), 2):
        if a is not None and b is not None:
            assert (a == b) == (x == y), (one, other)


EXPRESSIONS = [
    ("state IN ('Active')", 'STATE in ("Active")', True),
    ("state IN ('Active')", 'state IN ("active")', False),
    ('"state" = 1', "[STATE] == 1", True),
    ("`state` <> 1", "state != 1", True),
    ('state > "1"', "state > 1", False),
    ('state = "true"', "state = true", False),
    ("state = '" + "a1'", 'state = "a1"', True),
    ("state = ''", 'state = ""', True),
    ('json_extract(state, "$.X")', 'json_extract(state, "$.x")', False),
    ('"t"."state" > 0', "t.state > 0", True),
    ('"lower"(state)', "LOWER( state )", True),
    ('state COLLATE "nocase"', "state collate NOCASE", True),
    ("state > 1_000", "state > 1000", True),
    ("state > 0x0A", "state > 10", True),
    ("((state)) > 1", "(state) > 1", False),
    ("(state > 1)", "state > 1", True),
    ("(state) > (1)", "state > 1", False),
    ("state > 1 -- more\n", "state>1", True),
    ("x'ab' = state", "X'AB' = state", True),
    ("rowid > 0", '"rowid" > 0', True),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other", "equal"), EXPRESSIONS)
def test_expressions(one: str, other: str, *, equal: bool) -> None:
    columns = frozenset({"state"})
    assert (canonical.expression(one, columns) == canonical.expression(other, columns)) is equal


_ATOMS = ["a", '"a"', "[a]", '"A"', "'A'", "'a'", '"x"', '"X"', "1", "'1'", '"1"', "NULL", "1.0", "0x1"]
_ROWS = "VALUES ('a', 1), ('A', 2), ('x', 3), ('X', 4), (1, 5), ('1', 6), (NULL, 7), (1.0, 8)"


@given(st.sampled_from(_ATOMS), st.sampled_from(["=", "==", "<>", "IS", "<"]), st.sampled_from(_ATOMS), st.data())
def test_equal_expressions_are_true_of_the_same_rows(left: str, operator: str, right: str, data: st.DataObject) -> None:
    other = data.draw(
        st.tuples(st.sampled_from(_ATOMS), st.sampled_from(["=", "==", "!=", "<>"]), st.sampled_from(_ATOMS))
    )
    one, two = f"{left} {operator} {right}", " ".join(other)
    columns = frozenset({"a"})
    if canonical.expression(one, columns) == canonical.expression(two, columns):
        connection = apsw.Connection(":memory:")
        for setting in (apsw.SQLITE_DBCONFIG_DQS_DDL, apsw.SQLITE_DBCONFIG_DQS_DML):
            connection.config(setting, 1)
        connection.execute(f"CREATE TABLE t (a, n); INSERT INTO t {_ROWS}")
        both = [list(connection.execute(f"SELECT n FROM t WHERE {sql} ORDER BY n")) for sql in (one, two)]
        assert both[0] == both[1]
