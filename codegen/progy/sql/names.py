"""Identifiers: quoting and unquoting."""

from __future__ import annotations

import re

# Every keyword of SQLite 3.54 (sqlite.org/lang_keywords.html); a test compares them with the engine's own list.
KEYWORDS = frozenset(
    """
    ABORT ACTION ADD AFTER ALL ALTER ALWAYS ANALYZE AND AS ASC ATTACH AUTOINCREMENT BEFORE BEGIN BETWEEN BY CASCADE
    CASE CAST CHECK COLLATE COLUMN COMMIT CONFLICT CONSTRAINT CREATE CROSS CURRENT CURRENT_DATE CURRENT_TIME
    CURRENT_TIMESTAMP DATABASE DEFAULT DEFERRABLE DEFERRED DELETE DESC DETACH DISTINCT DO DROP EACH ELSE END ESCAPE
    EXCEPT EXCLUDE EXCLUSIVE EXISTS EXPLAIN FAIL FILTER FIRST FOLLOWING FOR FOREIGN FROM FULL GENERATED GLOB GROUP
    GROUPS HAVING IF IGNORE IMMEDIATE IN INDEX INDEXED INITIALLY INNER INSERT INSTEAD INTERSECT INTO IS ISNULL JOIN
    KEY LAST LEFT LIKE LIMIT MATCH MATERIALIZED NATURAL NO NOT NOTHING NOTNULL NULL NULLS OF OFFSET ON OR ORDER OTHERS
    OUTER OVER PARTITION PLAN PRAGMA PRECEDING PRIMARY QUERY RAISE RANGE RECURSIVE REFERENCES REGEXP REINDEX RELEASE
    RENAME REPLACE RESTRICT RETURNING RIGHT ROLLBACK ROW ROWS SAVEPOINT SELECT SET TABLE TEMP TEMPORARY THEN TIES TO
    TRANSACTION TRIGGER UNBOUNDED UNION UNIQUE UPDATE USING VACUUM VALUES VIEW VIRTUAL WHEN WHERE WINDOW WITH WITHIN
    WITHOUT
    """.split()  # noqa: SIM905 - a list would be a line a word
)

# Not keywords, but SQLite reads them as constants where no column has the name.
_CONSTANTS = frozenset({"TRUE", "FALSE"})
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def quote(name: str) -> str:
    """The name as SQL: bare where that is safe, otherwise in double quotes."""
    if _PLAIN.fullmatch(name) and name.upper() not in KEYWORDS and name.upper() not in _CONSTANTS:
        return name
    return always_quote(name)


def always_quote(name: str) -> str:
    """The name in double quotes."""
    return '"' + name.replace('"', '""') + '"'


def unquote(text: str) -> str:
    """The name that an identifier or string token stands for: `"a""b"`, `[a]`, `` `a` ``, `'a'` or bare."""
    first = text[:1]
    if first == "[":
        return text[1:-1]
    if first in ('"', "`", "'"):
        return text[1:-1].replace(first * 2, first)
    return text


def literal(text: str) -> str:
    """The text as a SQL string literal."""
    return "'" + text.replace("'", "''") + "'"
