"""D1's rules on an ordinary SQLite connection: what D1 would refuse is refused here.

Every fact below was measured on workerd 1.20261117.1, the engine of wrangler 4.164.0, unless its comment
names another source. `tests/real/test_rules.py` asks workerd again, statement by statement.

D1 refuses through SQLite's authorizer, whose error is a bare "not authorized"; so `Rules` remembers what it
refused and tells it in words.
"""

from __future__ import annotations

import re
from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import apsw

if TYPE_CHECKING:
    from collections.abc import Mapping

FUNCTIONS: Final = frozenset(
    """
    -> ->> abs acos acosh asin asinh atan atan2 atanh avg bm25 ceil changes char coalesce concat concat_ws
    cos cosh count cume_dist current_date current_time current_timestamp date datetime degrees dense_rank
    exp first_value floor format glob group_concat hex highlight ifnull iif instr json json_array
    json_array_length json_extract json_group_array json_group_object json_insert json_object json_patch
    json_quote json_remove json_replace json_set json_type json_valid jsonb jsonb_array jsonb_extract
    jsonb_group_array jsonb_group_object jsonb_insert jsonb_object jsonb_patch jsonb_remove jsonb_replace
    jsonb_set julianday lag last_insert_rowid last_value lead length like likelihood likely ln log log2
    lower ltrim match max min mod nth_value ntile nullif octet_length percent_rank pi pow printf quote
    radians random randomblob rank replace round row_number rtreecheck rtrim sign sin sinh snippet sqrt
    strftime string_agg substr substring sum tan tanh time timediff total total_changes trim trunc typeof
    unhex unicode unixepoch unlikely upper zeroblob
    """.split()  # noqa: SIM905 - a word a line would take two pages
)
"""The functions that D1 allows; all that SQLite 3.54 has were tried.

`ceiling`, `power` and `log10` are refused, though `ceil`, `pow` and `log2` are not.
"""

ALTER_FUNCTIONS: Final = frozenset(
    {
        "sqlite_drop_column",
        "sqlite_rename_column",
        "sqlite_rename_quotefix",
        "sqlite_rename_table",
        "sqlite_rename_test",
    }
)
"""What SQLite calls by itself to rename and to drop columns; no statement can.

D1 refuses the functions that add and drop constraints, and with them `ALTER COLUMN` and `ADD CONSTRAINT`.
"""

MODULES: Final = frozenset({"fts5", "fts5vocab", "rtree", "rtree_i32"})
"""The modules that CREATE VIRTUAL TABLE may name."""

_TABLE_FUNCTIONS: Final = ("json_each", "json_tree", "jsonb_each", "jsonb_tree")


class Argument(Enum):
    """What a PRAGMA takes."""

    NOTHING = "nothing"
    ANYTHING = "anything, or nothing"
    NAME = "the name of a table or index"
    OPTIONAL_NAME = "the name of a table, or nothing"
    NUMBER = "a number, or nothing"
    SWITCH = "on or off, or nothing"


PRAGMAS: Final[Mapping[str, Argument]] = MappingProxyType(
    {
        "case_sensitive_like": Argument.SWITCH,
        "data_version": Argument.NOTHING,
        "defer_foreign_keys": Argument.SWITCH,
        "foreign_key_check": Argument.OPTIONAL_NAME,
        "foreign_key_list": Argument.NAME,
        "foreign_keys": Argument.SWITCH,
        "ignore_check_constraints": Argument.SWITCH,
        "index_info": Argument.NAME,
        "index_list": Argument.NAME,
        "index_xinfo": Argument.NAME,
        "legacy_alter_table": Argument.SWITCH,
        "optimize": Argument.NUMBER,
        "page_size": Argument.NOTHING,
        "quick_check": Argument.OPTIONAL_NAME,
        "recursive_triggers": Argument.SWITCH,
        "reverse_unordered_selects": Argument.SWITCH,
        "table_info": Argument.NAME,
        "table_list": Argument.ANYTHING,
        "table_xinfo": Argument.NAME,
    }
)
"""The PRAGMAs that D1 allows, as statements and as `pragma_…` tables."""

LIMITS: Final[Mapping[int, int]] = MappingProxyType(
    {
        apsw.SQLITE_LIMIT_COLUMN: 100,
        apsw.SQLITE_LIMIT_COMPOUND_SELECT: 5,
        apsw.SQLITE_LIMIT_EXPR_DEPTH: 100,
        # Cloudflare's documentation, "D1 limits"; workerd takes 127.
        apsw.SQLITE_LIMIT_FUNCTION_ARG: 32,
        # Cloudflare's documentation, "D1 limits", in bytes; workerd takes 8 MiB.
        apsw.SQLITE_LIMIT_LENGTH: 2_000_000,
        apsw.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 50,
        apsw.SQLITE_LIMIT_SQL_LENGTH: 100_000,
        apsw.SQLITE_LIMIT_TRIGGER_DEPTH: 10,
        apsw.SQLITE_LIMIT_VARIABLE_NUMBER: 100,
    }
)
"""SQLite's run-time limits and D1's values of them; lengths are in bytes."""

SETTINGS: Final[Mapping[int, int]] = MappingProxyType(
    {
        # Set this way because PRAGMA foreign_keys does nothing inside a transaction.
        apsw.SQLITE_DBCONFIG_ENABLE_FKEY: 1,
        apsw.SQLITE_DBCONFIG_ENABLE_TRIGGER: 1,
        apsw.SQLITE_DBCONFIG_ENABLE_VIEW: 1,
        # "x" is the string 'x' where no column has that name, in statements and in schemas.
        apsw.SQLITE_DBCONFIG_DQS_DML: 1,
        apsw.SQLITE_DBCONFIG_DQS_DDL: 1,
        apsw.SQLITE_DBCONFIG_TRUSTED_SCHEMA: 1,
        apsw.SQLITE_DBCONFIG_DEFENSIVE: 1,
        apsw.SQLITE_DBCONFIG_WRITABLE_SCHEMA: 0,
    }
)
"""SQLite's settings of a connection as D1 has them."""

_SWITCHES_OFF: Final = "".join(
    f"PRAGMA {name} = OFF;"
    for name in (
        # Not defer_foreign_keys, which ends with the transaction: to switch it off before that would forget
        # the violations that were found.
        "case_sensitive_like",
        "ignore_check_constraints",
        "legacy_alter_table",
        "recursive_triggers",
        "reverse_unordered_selects",
    )
)

_REFUSED: Final = ("not authorized", "authorization denied", "exec tracer")
"""How SQLite, VACUUM, and apsw speak of a refusal."""

_GAP: Final = r"(?:\s|--[^\n]*\n|/\*.*?\*/)"
_INTERNAL: Final = r"""(?P<quote>["'`])(_cf_[^"'`]*)(?P=quote)|\[(_cf_[^\]]*)\]|(_cf_\w*)"""
_RENAMED_INTERNAL: Final = re.compile(
    rf"RENAME{_GAP}+TO{_GAP}*(?:{_INTERNAL})(?:{_GAP}|;)*\Z", re.IGNORECASE | re.DOTALL
)


def enforce(connection: apsw.Connection) -> Rules:
    """Put D1's rules on a connection, inside a transaction or outside.

    PRAGMAs that a statement may switch on hold for one request on D1, so they are switched off here.

    Args:
        connection: Any connection. Modules that D1 doesn't have are gone from it for good.

    Returns:
        The rules, which say why a statement was refused.
    """
    return Rules(connection)


def release(connection: apsw.Connection) -> None:
    """Take the rules off: the connection may do BEGIN and COMMIT again, and has SQLite's own limits.

    What a migration deferred with `PRAGMA defer_foreign_keys` is still checked at COMMIT.
    """
    connection.authorizer = None
    connection.exec_trace = None
    for limit in LIMITS:
        # SQLite lowers it to the highest value it was built for.
        connection.limit(limit, 2**31 - 1)
    connection.execute(_SWITCHES_OFF)


class Rules:
    """D1's rules on a connection, and what they refused last."""

    def __init__(self, connection: apsw.Connection) -> None:
        """Put the rules on. Use `enforce`."""
        self.refusal: str | None = None
        """What was refused last, in words."""
        connection.execute(_SWITCHES_OFF)
        for setting, value in SETTINGS.items():
            connection.config(setting, value)
        for limit, value in LIMITS.items():
            connection.limit(limit, value)
        connection.drop_modules([*MODULES, *_TABLE_FUNCTIONS])
        connection.authorizer = self._authorize
        connection.exec_trace = self.trace

    def explain(self, message: str) -> str:
        """Say why a statement failed.

        Args:
            message: SQLite's own, as the connection raised it for the last statement.

        Returns:
            What D1 refuses, where the rules refused; else the message as it is.
        """
        refusal, self.refusal = self.refusal, None
        return refusal if refusal and any(sign in message for sign in _REFUSED) else message

    def _authorize(
        self, action: int, first: str | None, second: str | None, database: str | None, _source: str | None
    ) -> int:
        refusal = _refusal(action, first or "", second, database)
        if refusal is not None:
            self.refusal = refusal
            return apsw.SQLITE_DENY
        if action == apsw.SQLITE_PRAGMA and (first or "").lower() == "foreign_keys" and second is not None:
            # D1 takes it and does nothing. Outside a transaction SQLite would do it.
            return apsw.SQLITE_IGNORE
        return apsw.SQLITE_OK

    def trace(self, _cursor: apsw.Cursor, sql: str, _bindings: apsw.Bindings | None) -> bool:
        """Refuse a new name that SQLite, unlike D1's build of it, doesn't show to the authorizer."""
        renamed = _RENAMED_INTERNAL.search(sql)
        if renamed:
            self.refusal = _refused_name(next(filter(None, renamed.groups()[1:])))
        return renamed is None


def _refusal(action: int, first: str, second: str | None, database: str | None) -> str | None:
    """What the authorizer's question is refused with, or None when D1 allows it."""
    refusal: str | None
    if action == apsw.SQLITE_FUNCTION:
        refusal = _refused_function((second or "").lower())
    elif action == apsw.SQLITE_PRAGMA:
        refusal = _refused_pragma(first.lower(), second, database)
    elif action in {apsw.SQLITE_TRANSACTION, apsw.SQLITE_SAVEPOINT}:
        refusal = "D1 refuses BEGIN, COMMIT, ROLLBACK and SAVEPOINT: a migration is one transaction already"
    elif action in {apsw.SQLITE_ATTACH, apsw.SQLITE_DETACH}:
        # SQLite attaches a database of its own to carry out VACUUM.
        refusal = "D1 refuses ATTACH, DETACH and VACUUM"
    elif action == apsw.SQLITE_INSERT and database == "temp":
        # Whatever is created is first of all a row in `sqlite_temp_schema`.
        refusal = "D1 refuses TEMP tables, indexes, views and triggers"
    elif action == apsw.SQLITE_CREATE_VTABLE and (second or "").lower() not in MODULES:
        refusal = f"D1 refuses virtual tables of the module {second}"
    elif action in {apsw.SQLITE_ALTER_TABLE, apsw.SQLITE_CREATE_TRIGGER}:
        refusal = _refused_name(first) or _refused_name(second or "")
    elif action == apsw.SQLITE_ANALYZE:
        # ANALYZE looks at every table, D1's own among them.
        refusal = None
    else:
        refusal = _refused_name(first)
    return refusal


def _refused_function(name: str) -> str | None:
    return None if name in FUNCTIONS or name in ALTER_FUNCTIONS else f"D1 refuses the function {name}()"


def _refused_name(name: str) -> str | None:
    return f"D1 keeps names that start with _cf_ for itself: {name}" if _is_internal(name) else None


def _is_internal(name: str) -> bool:
    return name[:4].lower() == "_cf_"


def _refused_pragma(name: str, value: str | None, database: str | None) -> str | None:
    argument = PRAGMAS.get(name)
    if argument is None:
        return f"D1 refuses PRAGMA {name}"
    if (database or "").lower() == "temp":
        return f"D1 refuses PRAGMA temp.{name}"
    if not _takes(argument, value):
        given = "without a value" if value is None else f"with {value!r}"
        return f"D1 refuses PRAGMA {name} {given}: it takes {argument.value}"
    return None


def _takes(argument: Argument, value: str | None) -> bool:
    match argument:
        case Argument.NOTHING:
            return value is None
        case Argument.ANYTHING:
            return True
        case Argument.NAME:
            return value is not None and not _is_internal(value)
        case Argument.OPTIONAL_NAME:
            return value is None or not _is_internal(value)
        case Argument.NUMBER:
            return value is None or _is_small_integer(value)
        case Argument.SWITCH:
            return value is None or _is_switch(value)


def _is_switch(value: str) -> bool:
    """D1 looks at the beginning only, so that `10` and `once` pass, and `2` doesn't."""
    return re.match(r"[01]|on|off|yes|no|true|false", value, re.IGNORECASE) is not None


def _is_small_integer(value: str) -> bool:
    """Whether it is an integer of 32 bits, decimal or hexadecimal."""
    if not re.fullmatch(r"[+-]?(0x[0-9a-f]+|[0-9]+)", value, re.IGNORECASE):
        return False
    return -(2**31) <= int(value, 16 if "x" in value.lower() else 10) < 2**31
