"""What a database's schema is and what its rows hold, as SQLite's PRAGMAs tell it.

Tests hold progy's own reading and comparing of schemas against this, so nothing here uses them: a text from
`sqlite_schema` is only looked at for what no PRAGMA tells (CHECKs, generated expressions, DEFERRABLE, ON CONFLICT,
views, triggers), and then by tokens.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import apsw

if TYPE_CHECKING:
    from collections.abc import Iterable

Facts = dict[tuple[str, ...], Any]
"""What is true of a schema, each fact by what it is about: `("column", "users", "id")`."""

_TOKEN = re.compile(r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`[^`]*`|\[[^\]]*\]|[\w$]+|[^\s]", re.DOTALL)
_SPELLINGS = {"==": "=", "!=": "<>"}


def lower(name: str) -> str:
    """The name as SQLite compares names: without regard to the case of ASCII letters."""
    return "".join(letter.lower() if letter.isascii() else letter for letter in name)


def words(sql: str) -> list[str]:
    """A text's tokens without regard to case, quotes around names, and comments. Strings keep their quotes."""
    joined: list[str] = []
    for token in _TOKEN.findall(sql):
        if token.startswith(("--", "/*")):
            continue
        if joined and joined[-1] + token in {"==", "!=", "<>", "<=", ">=", "||", "<<", ">>", "->", "->>"}:
            joined[-1] += token
        else:
            joined.append(token)
    return [_word(token) for token in joined]


def _word(token: str) -> str:
    if token[0] in '"`' and len(token) > 1:
        return lower(token[1:-1].replace(token[0] * 2, token[0]))
    if token[0] == "[":
        return lower(token[1:-1])
    return token if token[0] == "'" else lower(_SPELLINGS.get(token, token))


def _group(found: list[str], at: int) -> list[str]:
    """The words inside the parenthesis that opens at a place, without a second pair around all of them."""
    depth = 0
    for end in range(at, len(found)):
        depth += (found[end] == "(") - (found[end] == ")")
        if depth == 0:
            inside = found[at + 1 : end]
            return _group(inside, 0) if inside and inside[0] == "(" and _closes(inside) else inside
    raise ValueError(found)


def _closes(found: list[str]) -> bool:
    depth = 0
    for place, word in enumerate(found):
        depth += (word == "(") - (word == ")")
        if depth == 0:
            return place == len(found) - 1
    return False


def _parts(found: list[str]) -> list[list[str]]:
    """The words between the commas that stand in no parenthesis."""
    parts: list[list[str]] = [[]]
    depth = 0
    for word in found:
        depth += (word == "(") - (word == ")")
        if word == "," and depth == 0:
            parts.append([])
        else:
            parts[-1].append(word)
    return parts


def user_objects(master: Iterable[tuple[str, str, str | None]]) -> list[tuple[str, str, str]]:
    """The rows of `sqlite_schema`, `type, name, sql`, that aren't SQLite's own, D1's or wrangler's."""
    return [(kind, name, sql) for kind, name, sql in master if sql and not _NOT_THE_USERS.match(lower(name))]


_NOT_THE_USERS = re.compile(r"_cf_|sqlite_|d1_migrations$")


def database(master: Iterable[tuple[str, str, str]]) -> apsw.Connection:
    """A database in memory with that schema, without D1's rules and without references enforced."""
    connection = apsw.Connection(":memory:")
    # As on D1, a text in double quotes that is no name is a string.
    connection.config(apsw.SQLITE_DBCONFIG_DQS_DDL, 1)
    connection.config(apsw.SQLITE_DBCONFIG_DQS_DML, 1)
    for _, name, sql in master:
        # The tables behind a virtual table come with it.
        if not list(connection.execute("SELECT 1 FROM sqlite_schema WHERE name = ? COLLATE NOCASE", (name,))):
            connection.execute(sql)
    return connection


def of(master: Iterable[tuple[str, str, str | None]]) -> Facts:
    """The facts of a database.

    Args:
        master: `type, name, sql` of its `sqlite_schema`, in order of rowid.
    """
    connection = database(user_objects(master))
    facts: Facts = {}
    kinds = {name: (kind, wr, strict) for _, name, kind, _, wr, strict in connection.execute("PRAGMA table_list")}
    for kind, name, sql in connection.execute("SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL"):
        if kind == "table" and name.startswith("sqlite_"):
            continue
        if kind == "table" and kinds[name][0] == "table":
            facts |= _table(connection, name, sql, bool(kinds[name][1]), bool(kinds[name][2]))
        elif kind in {"view", "trigger"} or (kind == "table" and kinds[name][0] == "virtual"):
            facts[kind, lower(name)] = words(sql)
        elif kind == "index":
            facts |= _index(connection, name, sql)
    connection.close()
    return facts


def affinity(declared: str) -> str:
    text = declared.upper()
    for name, parts in (
        ("INTEGER", ("INT",)), ("TEXT", ("CHAR", "CLOB", "TEXT")), ("BLOB", ("BLOB",)), ("REAL", ("REAL", "FLOA", "DOUB")),
    ):  # fmt: skip
        if any(part in text for part in parts):
            return name
    return "NUMERIC" if text else "BLOB"


def _table(connection: apsw.Connection, name: str, sql: str, without_rowid: bool, strict: bool) -> Facts:  # noqa: FBT001 - as PRAGMA table_list gives them
    table = lower(name)
    all_words = words(sql)
    parts = _parts(_group(all_words, all_words.index("(")))
    facts: Facts = {("table", table): {"without rowid": without_rowid, "strict": strict}}
    columns = list(
        connection.execute('SELECT name, type, "notnull", dflt_value, pk, hidden FROM pragma_table_xinfo(?)', (name,))
    )
    indexes = list(connection.execute('SELECT name, "unique", origin, partial FROM pragma_index_list(?)', (name,)))
    key = [column for _, column in sorted((row[4], row[0]) for row in columns if row[4])]
    alias = len(key) == 1 and not without_rowid and not any(origin == "pk" for _, _, origin, _ in indexes)
    expressions = {part[0]: _generated(part) for part in parts}
    for column, declared, not_null, default, position, hidden in columns:
        collation = connection.column_metadata("main", name, column)[1]
        required = bool(not_null) or bool(position and (without_rowid or strict))
        facts["column", table, lower(column)] = {
            "type": "rowid" if alias and position else declared.upper() if strict else affinity(declared),
            "not null": None if alias and position else required,
            "default": _default(declared, default, strict=strict),
            "collation": None if alias and position else collation.upper(),
            "generated": (hidden, expressions[lower(column)]) if hidden else None,
        }
    facts["key", table] = [lower(column) for column in key]
    facts["autoincrement", table] = "autoincrement" in all_words and alias
    for index, _, origin, _ in indexes:
        if origin == "pk":
            facts["key", table] = _terms(connection, index)
        if origin == "u":
            facts.setdefault(("uniques", table), []).append(_terms(connection, index))
    facts["checks", table] = sorted(
        " ".join(_group(part, at + 1))
        for part in parts
        for at, word in enumerate(part)
        if word == "check" and part[at + 1 : at + 2] == ["("]
    )
    facts["references", table] = _references(connection, name)
    text = " ".join(all_words)
    facts["deferred", table] = len(re.findall(r"(?<!not )deferrable initially deferred", text))
    facts["on conflict", table] = Counter(re.findall(r"on conflict (?!abort)(\w+)", text))
    return facts


def _generated(part: list[str]) -> str:
    for at, word in enumerate(part[:-1]):
        if word == "as" and part[at + 1] == "(":
            return " ".join(_group(part, at + 1))
    return ""


def _default(declared: str, default: str | None, *, strict: bool) -> str | None:
    """What a column stores by default; the words of what isn't the same each time."""
    if default is None:
        return None
    if "(" in default or "current_" in default.lower():
        return " ".join(words(default)).replace("( ", "").replace(" )", "")
    connection = apsw.Connection(":memory:")
    for text in (default, f"({default})"):
        try:
            connection.execute(f"CREATE TABLE t (c {declared} DEFAULT {text}){' STRICT' if strict else ''}")
            connection.execute("INSERT INTO t DEFAULT VALUES")
            [(kind, value)] = connection.execute("SELECT typeof(c), quote(c) FROM t")
        except apsw.Error:
            connection.execute("DROP TABLE IF EXISTS t")
            continue
        return None if kind == "null" else f"{kind} {value}"
    return " ".join(words(default))


def _terms(connection: apsw.Connection, index: str) -> list[tuple[str | None, str, bool]]:
    query = 'SELECT name, coll, "desc" FROM pragma_index_xinfo(?) WHERE key ORDER BY seqno'
    return [
        (None if name is None else lower(name), collation.upper(), bool(down))
        for name, collation, down in connection.execute(query, (index,))
    ]


def _references(connection: apsw.Connection, name: str) -> list[tuple[object, ...]]:
    query = 'SELECT id, "table", "from", "to", on_update, on_delete FROM pragma_foreign_key_list(?) ORDER BY id, seq'
    found: dict[int, list[tuple[Any, ...]]] = {}
    for number, *rest in connection.execute(query, (name,)):
        found.setdefault(number, []).append(tuple(rest))
    result = []
    for rows in found.values():
        parent = rows[0][0]
        keys = connection.execute("SELECT name FROM pragma_table_xinfo(?) WHERE pk ORDER BY pk", (parent,))
        own = tuple(lower(str(row[0])) for row in keys)
        to = own if rows[0][2] is None else tuple(lower(row[2]) for row in rows)
        result.append((lower(parent), tuple(lower(row[1]) for row in rows), to, rows[0][3], rows[0][4]))
    return sorted(result)


def _index(connection: apsw.Connection, name: str, sql: str) -> Facts:
    [(table,)] = connection.execute("SELECT tbl_name FROM sqlite_schema WHERE type = 'index' AND name = ?", (name,))
    found = words(sql)
    at = found.index("(")
    written = _parts(_group_as_is(found, at))
    terms = [
        (" ".join(_bare(text)) if column is None else column, collation, down)
        for text, (column, collation, down) in zip(written, _terms(connection, name), strict=True)
    ]
    where = " ".join(found[found.index("where") + 1 :]) if "where" in found else ""
    return {
        ("index", lower(name)): {
            "table": lower(str(table)),
            "unique": "unique" in found[:2],
            "terms": terms,
            "where": where,
        }
    }


def _group_as_is(found: list[str], at: int) -> list[str]:
    depth = 0
    for end in range(at, len(found)):
        depth += (found[end] == "(") - (found[end] == ")")
        if depth == 0:
            return found[at + 1 : end]
    raise ValueError(found)


def _bare(term: list[str]) -> list[str]:
    """An expression without its order and collation, which a PRAGMA tells."""
    if term[-1] in {"asc", "desc"}:
        term = term[:-1]
    return term[:-2] if term[-2:-1] == ["collate"] else term


def differences(found: Facts, wanted: Facts) -> list[str]:
    """What isn't as it should be. A UNIQUE constraint and a unique index on the same columns are the same."""
    listed = [
        f"{' '.join(key)}: {found.get(key)!r}, not {wanted.get(key)!r}"
        for key in sorted(found.keys() | wanted.keys())
        if key[0] not in {"uniques", "index"} and found.get(key) != wanted.get(key)
    ]
    for one, other, what in ((wanted, found, "lacks"), (found, wanted, "has, and shouldn't,")):
        for key, value in sorted(one.items()):
            if key[0] == "uniques":
                listed += [
                    f"it {what} unique {key[1]} {terms}" for terms in value if terms not in _unique(other, key[1])
                ]
            elif key[0] == "index" and other.get(key) != value:
                stands_for = value["unique"] and not value["where"]
                if not (stands_for and value["terms"] in _by_constraint(other, value["table"])):
                    listed.append(f"it {what} index {key[1]} {value}")
    return listed


def _by_constraint(facts: Facts, table: str) -> list[Any]:
    """What is unique in a table by itself, without CREATE INDEX."""
    return _unique({key: value for key, value in facts.items() if key[0] != "index"}, table)


def _unique(facts: Facts, table: str) -> list[Any]:
    """What is unique in a table: by its constraints, by indexes, and by its key, beside which they say nothing."""
    key = facts.get(("key", table), [])
    if key and isinstance(key[0], str):
        # The rowid, or no key that PRAGMAs show as an index.
        key = [(column, facts["column", table, column]["collation"] or "BINARY", False) for column in key]
    indexes = [value for fact, value in facts.items() if fact[0] == "index" and value["table"] == table]
    return [
        *([key] if key else []),
        *facts.get(("uniques", table), []),
        *(index["terms"] for index in indexes if index["unique"] and not index["where"]),
    ]
