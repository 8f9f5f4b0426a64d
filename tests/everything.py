"""Instances of a model with a column of every type there is, with any values."""

# SQLModel reads the annotations of the models that this module names.

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from tests.unit.test_types import Colour, Everything, Level, Point, Settings

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
MOMENTS = st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
MONEY = st.decimals(min_value=Decimal(-(10**9)), max_value=Decimal(10**9), places=2)
# As a float to ten places, which is how SQLAlchemy reads it, a longer one has other digits.
SHORT_MONEY = st.decimals(min_value=-1000, max_value=1000, places=2)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "str_": TEXTS,
    "literal_": st.sampled_from(["a", "b"]),
    "int_": st.integers(-(2**63), 2**63 - 1) | st.integers(2**53 - 3, 2**53 + 3),
    "float_": st.floats(allow_nan=False, allow_infinity=False),
    "bool_": st.booleans(),
    "bytes_": st.binary(max_size=20),
    "datetime_": MOMENTS,
    "seconds": MOMENTS.map(lambda moment: moment.replace(microsecond=0)),
    "millis": MOMENTS.map(lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000)),
    "date_": st.dates(),
    "time_": st.times(),
    "timedelta_": st.timedeltas(timedelta(days=-100_000), timedelta(days=1_000_000)),
    "decimal_": SHORT_MONEY,
    "exact": MONEY,
    "uuid_": st.uuids(),
    "enum_": st.sampled_from(Colour),
    "value_enum": st.sampled_from(Colour),
    "int_enum": st.sampled_from(Level),
    "stock_json": st.dictionaries(TEXTS, JSON_VALUES, max_size=3),
    "json_": JSON_VALUES,
    "list_": st.lists(st.integers()),
    "model": st.builds(Settings, theme=TEXTS, since=st.none() | MOMENTS),
    "points": st.lists(st.builds(Point, st.integers(), st.integers()), max_size=3),
}
"""Values for every column but the key."""


def instances() -> st.SearchStrategy[Everything]:
    """Instances with any values, None among them, and no key."""
    fields = {name: st.none() | values for name, values in VALUES.items()}
    return st.fixed_dictionaries(fields).map(lambda given: Everything(**given))
