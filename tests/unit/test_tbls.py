"""`schema.json` is what tbls reads: its published shape, and the meaning of what stands in it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from progy.docs import tbls
from progy.docs.catalogue import Catalogue, Column, Entity, Viewpoint, build
from tests.conftest import CHECKOUT, clean_environment
from tests.unit.ddl import schema_of

# The required and the other keys of each object, as spec/tbls.schema.json_schema.json in k1LoW/tbls has them; no object
# may have others. An entry is the type, or the name of an object or of a list of them.
TEXT, TEXTS, FLAG = str, [str], bool
SPEC: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "Schema": (
        {"tables": ["Table"]},
        {"name": TEXT, "desc": TEXT, "relations": ["Relation"], "functions": ["Function"], "enums": ["Enum"], "driver": "Driver", "labels": ["Label"], "viewpoints": ["Viewpoint"]},
    ),
    "Table": (
        {"name": TEXT, "type": TEXT, "columns": ["Column"]},
        {"comment": TEXT, "indexes": ["Index"], "constraints": ["Constraint"], "triggers": ["Trigger"], "def": TEXT, "labels": ["Label"], "referenced_tables": TEXTS},
    ),
    "Column": ({"name": TEXT, "type": TEXT, "nullable": FLAG}, {"default": TEXT, "extra_def": TEXT, "labels": ["Label"], "comment": TEXT}),
    "Constraint": (
        {"name": TEXT, "type": TEXT, "def": TEXT, "table": TEXT, "columns": TEXTS},
        {"referenced_table": TEXT, "referenced_columns": TEXTS, "comment": TEXT},
    ),
    "Index": ({"name": TEXT, "def": TEXT, "table": TEXT, "columns": TEXTS}, {"comment": TEXT}),
    "Trigger": ({"name": TEXT, "def": TEXT}, {"comment": TEXT}),
    "Relation": (
        {"table": TEXT, "columns": TEXTS, "parent_table": TEXT, "parent_columns": TEXTS, "def": TEXT},
        {"cardinality": TEXT, "parent_cardinality": TEXT, "virtual": FLAG},
    ),
    "Enum": ({"name": TEXT, "values": TEXTS}, {}),
    "Driver": ({"name": TEXT}, {"database_version": TEXT}),
    "Label": ({"name": TEXT}, {"virtual": FLAG}),
    "Viewpoint": ({"name": TEXT, "desc": TEXT}, {"tables": TEXTS}),
}  # fmt: skip

DDL = """
CREATE TABLE users (
  id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE, "role" varchar(9) DEFAULT '', boss INTEGER REFERENCES users,
  loud TEXT AS (upper(email)) STORED, CHECK (length(email) > 3), CHECK (id > 0)
);
CREATE UNIQUE INDEX users_by_role ON users ("role", lower(email)) WHERE "role" <> '';
CREATE TABLE profiles (user_id INTEGER PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE, about TEXT REFERENCES gone (x));
CREATE VIEW loud_ones AS SELECT id, loud FROM users;
CREATE VIRTUAL TABLE words USING fts5(body);
CREATE TRIGGER quiet BEFORE DELETE ON users BEGIN SELECT raise(ABORT, 'no'); END;
"""


def fits(value: Any, wanted: Any, where: str = "Schema") -> list[str]:  # noqa: ANN401 - any JSON
    """Where a value isn't of the shape."""
    if isinstance(wanted, list):
        if not isinstance(value, list):
            return [f"{where}: no list"]
        return [wrong for at, one in enumerate(value) for wrong in fits(one, wanted[0], f"{where}[{at}]")]
    if isinstance(wanted, type):
        return [] if type(value) is wanted else [f"{where}: {value!r}"]
    required, others = SPEC[wanted]
    wrong = [f"{where}: no {key}" for key in required if key not in value]
    wrong += [f"{where}: {key} isn't known" for key in value if key not in required | others]
    for key, one in (required | others).items():
        wrong += fits(value[key], one, f"{where}.{key}") if key in value else []
    return wrong


def document(ddl: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - arguments of build
    text = tbls.document(build(schema_of(ddl), None, title="shop", **more))
    assert text.startswith(tbls.MARK)
    assert text.endswith("}\n")
    found: dict[str, Any] = json.loads(text)
    assert fits(found, "Schema") == []
    return found


def test_a_document() -> None:
    found = document(DDL, viewpoints=[Viewpoint("People", ("users",), "Who.")])
    assert list(found) == ["desc", "name", "tables", "relations", "driver", "viewpoints"]
    assert found["driver"] == {"name": "sqlite"}
    assert found["viewpoints"] == [{"name": "People", "desc": "Who.", "tables": ["users"]}]
    assert [(one["name"], one["type"]) for one in found["tables"]] == [
        ("loud_ones", "view"), ("profiles", "table"), ("users", "table"), ("words", "virtual table"),
    ]  # fmt: skip
    assert found["relations"] == [
        {
            "table": "profiles", "columns": ["user_id"], "cardinality": "zero_or_one",
            "parent_table": "users", "parent_columns": ["id"], "parent_cardinality": "exactly_one",
            "def": "FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE",
        },
        {
            "table": "users", "columns": ["boss"], "cardinality": "zero_or_more",
            "parent_table": "users", "parent_columns": ["id"], "parent_cardinality": "zero_or_one",
            "def": "FOREIGN KEY (boss) REFERENCES users (id)",
        },
    ]  # fmt: skip


def test_a_table() -> None:
    users = document(DDL)["tables"][2]
    assert users.pop("def").startswith("CREATE TABLE users (\n")
    assert users == {
        "name": "users",
        "type": "table",
        "columns": [
            {"name": "id", "type": "INTEGER", "nullable": False},
            {"name": "email", "type": "TEXT", "nullable": False},
            {"name": "role", "type": "varchar(9)", "nullable": True, "default": "''"},
            {"name": "boss", "type": "INTEGER", "nullable": True},
            {"name": "loud", "type": "TEXT", "nullable": True, "extra_def": "GENERATED ALWAYS AS (upper(email)) STORED"},
        ],
        "indexes": [
            {
                "name": "users_by_role",
                "def": "CREATE UNIQUE INDEX users_by_role ON users (role, lower(email)) WHERE \"role\" <> ''",
                "table": "users",
                "columns": ["role", "lower(email)"],
            }
        ],
        "constraints": [
            {"name": "id", "type": "PRIMARY KEY", "def": "PRIMARY KEY (id)", "table": "users", "columns": ["id"]},
            {"name": "- (UNIQUE email)", "type": "UNIQUE", "def": "UNIQUE (email)", "table": "users", "columns": ["email"]},
            {"name": "- (CHECK)", "type": "CHECK", "def": "CHECK (length(email) > 3)", "table": "users", "columns": []},
            {"name": "- (CHECK)_2", "type": "CHECK", "def": "CHECK (id > 0)", "table": "users", "columns": []},
            {
                "name": "- (FOREIGN KEY boss)", "type": "FOREIGN KEY", "def": "FOREIGN KEY (boss) REFERENCES users (id)",
                "table": "users", "referenced_table": "users", "columns": ["boss"], "referenced_columns": ["id"],
            },
        ],
        "triggers": [{"name": "quiet", "def": "CREATE TRIGGER quiet BEFORE DELETE ON users BEGIN SELECT raise(ABORT, 'no'); END"}],
    }  # fmt: skip


def test_views_and_virtual_tables_have_their_columns() -> None:
    view, _, _, words = document(DDL)["tables"]
    assert (view["referenced_tables"], "referenced_tables" in words) == (["users"], False)
    assert view["columns"] == [
        {"name": "id", "type": "INTEGER", "nullable": False},
        {"name": "loud", "type": "TEXT", "nullable": True},
    ]
    assert words["columns"] == [{"name": "body", "type": "", "nullable": True}]


def test_what_models_say() -> None:
    columns = (
        Column("state", "TEXT", nullable=False, annotation="State", values=("open", "paid"), comment="How far it is."),
        Column("size", "INTEGER", nullable=False, annotation="Literal[1, 2]", values=(1, 2)),
        Column("made_at", "INTEGER", nullable=False, storage="Unix seconds"),
        Column("address", "TEXT", nullable=False, storage="JSON text", shape="{town: str}"),
    )
    other = Column("state", "TEXT", nullable=False, annotation="State", values=("on", "off"))
    entities = (
        Entity("orders", "table", columns, ("CREATE TABLE orders (x)",), "What someone bought."),
        Entity("switches", "table", (other,), ()),
    )
    found = json.loads(tbls.document(Catalogue("shop", entities)))
    assert fits(found, "Schema") == []
    assert found["enums"] == [
        {"name": "State", "values": ["open", "paid"]},
        {"name": "orders_size", "values": ["1", "2"]},
        {"name": "switches_state", "values": ["on", "off"]},
    ]
    assert found["tables"][0]["comment"] == "What someone bought."
    assert found["tables"][0]["columns"] == [
        {"name": "state", "type": "TEXT", "nullable": False, "comment": "How far it is."},
        {"name": "size", "type": "INTEGER", "nullable": False},
        {"name": "made_at", "type": "INTEGER", "nullable": False, "labels": [{"name": "Unix seconds", "virtual": True}]},
        {
            "name": "address", "type": "TEXT", "nullable": False,
            "labels": [{"name": "JSON text", "virtual": True}, {"name": "{town: str}", "virtual": True}],
        },
    ]  # fmt: skip


@pytest.mark.parametrize("name", ['a"b', "a|b\nc", "</script>", "`", "naïve ☃", "x" * 500, "select", "a.b"])
def test_hostile_names_are_names(name: str) -> None:
    quoted = '"' + name.replace('"', '""') + '"'
    found = document(f"CREATE TABLE {quoted} ({quoted} TEXT PRIMARY KEY, up TEXT REFERENCES {quoted});")
    assert [one["name"] for one in found["tables"][0]["columns"]] == [name, "up"]
    assert found["relations"][0]["parent_table"] == name


def test_names_are_written_as_they_are_declared() -> None:
    found = document("""
        CREATE TABLE Pairs (x INTEGER NOT NULL, Y INTEGER NOT NULL, z TEXT, PRIMARY KEY (X, y));
        CREATE TABLE uses (id INTEGER PRIMARY KEY, a INTEGER, b INTEGER, FOREIGN KEY (A, B) REFERENCES pairs (X, y));
        CREATE INDEX by_a ON USES (A, lower(B));
    """)
    assert found["relations"] == [
        {
            "table": "uses", "columns": ["a", "b"], "cardinality": "zero_or_more",
            "parent_table": "Pairs", "parent_columns": ["x", "Y"], "parent_cardinality": "zero_or_one",
            "def": "FOREIGN KEY (A, B) REFERENCES pairs (X, y)",
        },
    ]  # fmt: skip
    pairs, uses = found["tables"]
    assert pairs["constraints"][0]["columns"] == ["x", "Y"]
    assert uses["constraints"][1] == {
        "name": "- (FOREIGN KEY a, b)", "type": "FOREIGN KEY", "def": "FOREIGN KEY (A, B) REFERENCES pairs (X, y)",
        "table": "uses", "referenced_table": "Pairs", "columns": ["a", "b"], "referenced_columns": ["x", "Y"],
    }  # fmt: skip
    assert uses["indexes"][0]["columns"] == ["a", "lower(B)"]


def test_an_empty_database() -> None:
    assert json.loads(tbls.document(Catalogue("shop", ()))) == {
        "desc": "Generated by progy. To renew it: progy gen docs",
        "name": "shop", "tables": [], "driver": {"name": "sqlite"},
    }  # fmt: skip


def test_the_same_bytes_for_any_hash_seed() -> None:
    program = (
        "import sys; from progy.docs import tbls; from progy.docs.catalogue import build; "
        "from tests.unit.ddl import schema_of; "
        "sys.stdout.write(tbls.document(build(schema_of(sys.stdin.read()), None, title='x')))"
    )
    texts = {
        subprocess.run(
            [sys.executable, "-c", program],
            input=DDL,
            env={**clean_environment(), "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            cwd=CHECKOUT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "2")
    }
    assert len(texts) == 1
