"""The query for a database's schema. It stands alone: whoever only compares texts reads no SQL."""

SCHEMA_QUERY = (
    "SELECT type, name, tbl_name, sql FROM sqlite_schema "
    "WHERE sql IS NOT NULL AND lower(substr(name, 1, 4)) <> '_cf_' AND lower(substr(name, 1, 7)) <> 'sqlite_' "
    "ORDER BY rowid"
)
"""Reads a whole schema in one request. Without the filter on `_cf_` D1 refuses the query."""
