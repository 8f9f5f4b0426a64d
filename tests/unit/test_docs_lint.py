"""`progy docs lint`: exact remarks, what is silenced, and how it ends. The pages in docs/checks are more of the same."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from progy.check.documentation import lint
from progy.docs import lint_settings
from progy.docs.catalogue import build
from progy.docs.lint import remarks
from progy.docs.lint_settings import LintSettings
from progy.docs.remarks import listed
from progy.docs.settings import Settings
from progy.documented import Documented
from progy.errors import ConfigError
from tests.conftest import CHECKOUT, Project, clean_environment
from tests.unit.ddl import schema_of

if TYPE_CHECKING:
    from pathlib import Path

USERS = "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);"


def told(ddl: str, settings: LintSettings | None = None) -> list[str]:
    """What the rules see in tables without models."""
    found = remarks(build(schema_of(ddl), None, title="shop"), settings or LintSettings())
    return [f"{one.code} {one.table}.{one.column}" if one.column else f"{one.code} {one.table}" for one in found]


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        ("user_id INTEGER", ["PD711 orders.user_id"]),
        ("userId INTEGER", ["PD711 orders.userId"]),
        ("USER_ID INTEGER", ["PD711 orders.USER_ID"]),
        ("user_uuid INTEGER", ["PD711 orders.user_uuid"]),
        ("user_id BIGINT", ["PD711 orders.user_id"]),
        ("user_id TEXT", []),
        ("user_id INTEGER REFERENCES users (id)", []),
        ("user_id INTEGER, user_type TEXT", []),
        ("order_id INTEGER", []),
        ("id_user INTEGER, userid INTEGER, user INTEGER", []),
        ("_id INTEGER, Id2 INTEGER", []),
        ("person_id INTEGER, box_id INTEGER, city_id INTEGER", ["PD711 orders.box_id", "PD711 orders.city_id"]),
        ("version_id INTEGER", ["PD711 orders.version_id"]),
        ("page_id INTEGER", []),
    ],
)
def test_a_reference_that_the_name_implies(column: str, expected: list[str]) -> None:
    others = "".join(
        f"CREATE TABLE {name} (id INTEGER PRIMARY KEY, a, user_ref REFERENCES users (id));"
        for name in ("boxes", "cities", "registry_versions", "old_pages", "new_pages")
    )
    found = told(f"{USERS} {others} CREATE TABLE orders (id INTEGER PRIMARY KEY, {column});")
    assert [one for one in found if one.startswith("PD711")] == expected


def test_a_reference_by_the_name_of_the_key() -> None:
    users = "CREATE TABLE people (user_no_id TEXT PRIMARY KEY NOT NULL, a TEXT);"
    assert told(f"{users} CREATE TABLE orders (id INTEGER PRIMARY KEY, user_no_id TEXT);") == [
        "PD711 orders.user_no_id"
    ]
    # Two tables have such a key: nobody knows which is meant.
    two = users + users.replace("people", "robots")
    assert not [
        one for one in told(f"{two} CREATE TABLE orders (id INTEGER PRIMARY KEY, user_no_id TEXT);") if "orders" in one
    ]


@pytest.mark.parametrize(
    ("ddl", "expected"),
    [
        ("CREATE TABLE a (id INTEGER PRIMARY KEY, b TEXT);", []),
        ("CREATE TABLE a (id INTEGER PRIMARY KEY);", ["PD721 a"]),
        ("CREATE TABLE a (id INTEGER PRIMARY KEY, phone1 TEXT, phone2 TEXT, phone3 TEXT);", ["PD722 a.phone1"]),
        ("CREATE TABLE a (id INTEGER PRIMARY KEY, phone_1 TEXT, phone_2 TEXT);", ["PD722 a.phone_1"]),
        ("CREATE TABLE a (id INTEGER PRIMARY KEY, address TEXT, address2 TEXT);", ["PD722 a.address"]),
        ("CREATE TABLE a (id INTEGER PRIMARY KEY, sha1 TEXT, sha256 TEXT, x1 TEXT, y1 TEXT);", []),
        ("CREATE TABLE a (id INTEGER PRIMARY KEY, mp3 TEXT, mp4 TEXT);", []),
        ("CREATE TABLE a (id INTEGER PRIMARY KEY, phone0 TEXT, phone1 TEXT);", ["PD722 a.phone0"]),
        ("CREATE TABLE a (id INTEGER PRIMARY KEY, b EMAIL, c URL, d PHONE);", ["PD728 a.d"]),
        ("CREATE TABLE a (id INTEGER PRIMARY KEY, phone1 TEXT, phone2 INTEGER);", []),
        ("CREATE TABLE a (id INTEGER PRIMARY KEY, b TEXT DEFAULT 'NULL');", ["PD726 a.b"]),
        ('CREATE TABLE a (id INTEGER PRIMARY KEY, b TEXT DEFAULT "null", c TEXT DEFAULT (\'Null\'));', ["PD726 a.b", "PD726 a.c"]),
        ("CREATE TABLE a (id INTEGER PRIMARY KEY, b TEXT DEFAULT NULL, c TEXT DEFAULT 'NULLABLE', d DEFAULT 'x');", []),
        ("CREATE TABLE a (id TEXT PRIMARY KEY, b TEXT);", ["PD727 a.id"]),
        # Not the rowid, by an old error that SQLite keeps (sqlite.org/lang_createtable.html).
        ("CREATE TABLE a (id INTEGER PRIMARY KEY DESC, b TEXT);", ["PD727 a.id"]),
        ("CREATE TABLE a (id INTEGER, b TEXT, PRIMARY KEY (id DESC));", []),
        ("CREATE TABLE a (id TEXT PRIMARY KEY, b TEXT) WITHOUT ROWID;", []),
        ("CREATE TABLE a (id TEXT PRIMARY KEY, b TEXT) STRICT;", []),
        ("CREATE TABLE a (b INTEGER, c TEXT NOT NULL, PRIMARY KEY (b, c));", ["PD727 a.b"]),
        ("CREATE TABLE a (id INTEGER PRIMARY KEY, b STRING, c uuid(4), d VARCHAR, e DECIMAL, f DATETIME);", ["PD728 a.b", "PD728 a.c"]),
        ("CREATE TABLE a (id INTEGER PRIMARY KEY, b TEXT, UNIQUE (id, b));", ["PD731 a.b"]),
        ("CREATE TABLE a (id INTEGER PRIMARY KEY, b TEXT UNIQUE);", []),
        ("CREATE TABLE a (id INTEGER PRIMARY KEY, b TEXT); CREATE UNIQUE INDEX i ON a (id, b);", ["PD731 a.b"]),
        ("CREATE TABLE a (id INTEGER PRIMARY KEY, b TEXT); CREATE UNIQUE INDEX i ON a (id, b) WHERE b IS NOT NULL;", []),
    ],
)  # fmt: skip
def test_tables_and_columns(ddl: str, expected: list[str]) -> None:
    assert told(ddl) == expected


@pytest.mark.parametrize(
    ("indexes", "expected"),
    [
        ("CREATE INDEX i ON a (b);", []),
        ("CREATE INDEX i ON a (b); CREATE INDEX j ON a (b);", ["the index j on a is of no use beside i"]),
        ("CREATE INDEX i ON a (b); CREATE INDEX j ON a (b, c);", ["the index i on a is of no use beside j"]),
        ("CREATE INDEX i ON a (B); CREATE UNIQUE INDEX j ON a (b);", ["the index i on a is of no use beside j"]),
        ("CREATE UNIQUE INDEX i ON a (b); CREATE UNIQUE INDEX j ON a (b);", ["the index j on a is of no use beside i"]),
        ("CREATE UNIQUE INDEX i ON a (b); CREATE UNIQUE INDEX j ON a (b, c);", []),
        ("CREATE INDEX i ON a (c); CREATE INDEX j ON a (b, c);", []),
        ("CREATE INDEX i ON a (b DESC); CREATE INDEX j ON a (b, c);", []),
        ("CREATE INDEX i ON a (b COLLATE NOCASE); CREATE INDEX j ON a (b, c);", []),
        ("CREATE INDEX i ON a (lower(b)); CREATE INDEX j ON a (lower(b), c);", ["the index i on a is of no use beside j"]),
        ("CREATE INDEX i ON a (b) WHERE c > 0; CREATE INDEX j ON a (b, c);", []),
        ("CREATE INDEX i ON a (id);", ["the index i on a is of no use beside PRIMARY KEY (id)"]),
        ("CREATE INDEX i ON a (d);", ["the index i on a is of no use beside UNIQUE (d, b)"]),
        ("CREATE INDEX i ON a (e);", []),
    ],
)  # fmt: skip
def test_an_index_of_no_use(indexes: str, expected: list[str]) -> None:
    table = (
        "CREATE TABLE a (id INTEGER PRIMARY KEY, b NOT NULL, c NOT NULL, d NOT NULL, e NOT NULL, UNIQUE (d, b),"
        "  UNIQUE (e COLLATE NOCASE));"
    )
    found = remarks(build(schema_of(table + indexes), None, title="shop"), LintSettings())
    assert [one.message for one in found] == expected


def test_between_tables() -> None:
    ddl = f"""{USERS}
        CREATE TABLE a (id INTEGER PRIMARY KEY, whose TEXT REFERENCES users (id), status TEXT,
          FOREIGN KEY (whose) REFERENCES users (id) ON DELETE CASCADE);
        CREATE TABLE b (id INTEGER PRIMARY KEY, status INTEGER, name TEXT);
        CREATE TABLE c (id INTEGER PRIMARY KEY, status VARCHAR(9), above INTEGER REFERENCES c (id));
        CREATE VIEW v AS SELECT status FROM b;
    """
    found = remarks(build(schema_of(ddl), None, title="shop"), LintSettings())
    assert [f"{one.code} {one.message}" for one in found] == [
        "PD713 a.whose is TEXT and refers to users.id, which is INTEGER",
        "PD712 a (whose) refers to users twice over",
        "PD713 a.whose is TEXT and refers to users.id, which is INTEGER",
        "PD714 b is related to no other table",
        "PD714 c is related to no other table",
        "PD725 status is TEXT in a, c, INTEGER in b",
    ]


def test_of_two_tables_that_seem_to_be_related_only_that_is_said() -> None:
    ddl = f"""{USERS}
        CREATE TABLE orders (id INTEGER PRIMARY KEY, user_id INTEGER);
        CREATE TABLE lines (id INTEGER PRIMARY KEY, above INTEGER REFERENCES shelves (id));
        CREATE TABLE shelves (id INTEGER PRIMARY KEY, a TEXT);
    """
    assert told(ddl) == ["PD711 orders.user_id"]


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("BOOLEAN", "INTEGER", None),
        ("DATETIME", "TIMESTAMP", None),
        ("VARCHAR(9)", "TEXT", None),
        ("DECIMAL(10,2)", "INT", "x is INTEGER in b, DECIMAL(10,2) in a"),
        ("INTEGER", "DATETIME", "x is INTEGER in a, DATETIME in b"),
        ("TEXT", "", "x is TEXT in a, of no type in b"),
    ],
)
def test_one_name_with_several_types(first: str, second: str, expected: str | None) -> None:
    ddl = f"CREATE TABLE a (id INTEGER PRIMARY KEY, x {first}); CREATE TABLE b (id INTEGER PRIMARY KEY, x {second});"
    found = remarks(build(schema_of(ddl), None, title="shop"), LintSettings())
    assert [one.message for one in found] == ([expected] if expected else [])


def test_a_number_refers_to_a_number() -> None:
    # To SQLite NUMERIC and INTEGER are the same but in a CAST (sqlite.org/datatype3.html, section 3).
    assert told(f"{USERS} CREATE TABLE a (id INTEGER PRIMARY KEY, whose NUMBER REFERENCES users (id));") == []
    assert told(f"{USERS} CREATE TABLE a (id INTEGER PRIMARY KEY, user_id NUMBER);") == ["PD711 a.user_id"]


def test_a_project_sets_limits() -> None:
    table = "CREATE TABLE a (id INTEGER PRIMARY KEY, b TEXT, c TEXT);"
    assert told(table, LintSettings(max_columns=2)) == ["PD723 a"]
    assert told(table, LintSettings(require_columns=("B", "created_at"))) == ["PD724 a"]


def test_names_are_listed_shortly() -> None:
    assert listed(["a", "b", "c"]) == "a, b, c"
    assert listed(["a", "b", "c"], "or") == "a, b or c"
    assert listed(["a"], "or") == "a"
    assert listed([*"abcdefg"]) == "a, b, c, d and 3 more"


def linted(ddl: str, **said: object) -> tuple[list[str], list[str]]:
    """The codes that count, with file and message; and those that don't, with the reason."""
    schema = schema_of(ddl)
    settings = Settings(lint=lint_settings.read(said, "pyproject.toml"))
    # As of a project with models: only there is what silences nothing a finding.
    catalogue = build(schema, None, title="shop")
    result = lint(Documented(schema, catalogue, settings, CHECKOUT, "schema.sql"))
    return (
        [f"{one.file}: {one.code} {one.message}" for one in result.findings],
        [f"{one.finding.code} {one.finding.message}: {one.reason}" for one in result.silenced],
    )


DOUBTFUL = "CREATE TABLE old_a (id TEXT PRIMARY KEY, b TEXT); CREATE TABLE old_b (id TEXT PRIMARY KEY, b TEXT);"
A = "old_a.id belongs to the primary key and takes NULL, any number of times"
B = "old_b.id belongs to the primary key and takes NULL, any number of times"


@pytest.mark.parametrize(
    ("said", "counting", "silenced"),
    [
        ({}, [f"PD727 {A}", f"PD727 {B}"], []),
        ({"ignore": {"PD727": "old"}}, [], [f"PD727 {A}: old", f"PD727 {B}: old"]),
        ({"ignore": {"PD727 old_a": "old"}}, [f"PD727 {B}"], [f"PD727 {A}: old"]),
        ({"ignore": {"PD727 OLD_B.id": "old"}}, [f"PD727 {A}"], [f"PD727 {B}: old"]),
        ({"ignore": {"PD727 old_a.b": "old"}}, [f"PD727 {A}", f"PD727 {B}"], []),
        ({"exclude": {"old_*": "they go"}}, [], [f"PD727 {A}: they go", f"PD727 {B}: they go"]),
    ],
)
def test_what_is_silenced(said: dict[str, object], counting: list[str], silenced: list[str]) -> None:
    found, quiet = linted(DOUBTFUL, **said)
    assert (found, quiet) == ([f"schema.sql: {one}" for one in counting], silenced)


def test_what_a_key_lacks_is_silenced_by_its_column() -> None:
    ddl = f"{USERS} CREATE TABLE a (b INTEGER REFERENCES users (id), c INTEGER REFERENCES users (id));"
    found, quiet = linted(ddl, ignore={"PD501 a.b": "few", "PD502 a": "a log"})
    assert [one.partition(" refers")[0] for one in found] == ["schema.sql: PD501 a (c)"]
    assert [one.partition(" ")[0] for one in quiet] == ["PD501", "PD502"]


def test_a_silence_is_doubted() -> None:
    found, _ = linted(DOUBTFUL, ignore={"PD727": " ", "PD799": "why not"}, exclude={"old_a": ""})
    assert [one for one in found if one.startswith("pyproject")] == [
        "pyproject.toml: PD901 PD727 is silenced, and nothing says why",
        "pyproject.toml: PD901 old_a is silenced, and nothing says why",
        "pyproject.toml: PD903 there is no code PD799 to be silenced",
    ]


@pytest.mark.parametrize(
    "said",
    [
        {"ignored": {}},
        {"ignore": ["PD701"]},
        {"ignore": {"PD701": 1}},
        {"exclude": "a"},
        {"max_columns": "9"},
        {"max_columns": True},
        {"max_columns": 0},
        {"require_columns": "id"},
        {"require_columns": [""]},
    ],
)
def test_settings_that_cant_be_used(said: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match=r"\[tool.progy.docs.lint\]"):
        lint_settings.read(said, "pyproject.toml")
    assert lint_settings.read({}, "pyproject.toml") == LintSettings()


def test_a_column_that_is_required_twice_is_missed_once() -> None:
    found = lint_settings.read({"require_columns": ["a", "b", "a"]}, "pyproject.toml")
    assert found.require_columns == ("a", "b")


def test_hostile_names_are_words_in_every_format(tmp_path: Path) -> None:
    project = Project(tmp_path)
    name = 'a"b\n::error::`|</script>\u2028é\x1b[31m' + "x" * 500
    quoted = '"' + name.replace('"', '""') + '"'
    project.write("schema.sql", f"CREATE TABLE {quoted} ({quoted} TEXT DEFAULT 'NULL');")
    done = project.progy("docs", "lint", "--from", "schema.sql", "--format", "github", check=False)
    assert [line[:8] for line in done.stdout.splitlines() if line.startswith("::")] == [
        "::warnin",
        "::warnin",
        "::error ",
    ]
    assert done.stdout.count("\n") == 3
    shown = project.progy("docs", "lint", "--from", "schema.sql", check=False).stdout
    assert shown.count("\n") == 6
    shown += project.progy("docs", "coverage", "--from", "schema.sql").stdout
    assert "\x1b" not in shown + done.stdout
    assert r'a"b\n::error::`|</script>\u2028é\x1b[31mx' in shown
    found = json.loads(project.progy("docs", "lint", "--from", "schema.sql", "--json", check=False).stdout)
    assert [name in one["message"] for one in found["findings"]] == [True, True, True]
    done = project.progy("docs", "lint", "--from", "schema.sql", "--format", "sarif", check=False)
    assert len(json.loads(done.stdout)["runs"][0]["results"]) == 3


def test_the_command(project: Project) -> None:
    done = project.progy("docs", "lint")
    assert done.stdout == (
        "models.py:15: warning PD702 3 of the 3 columns of orders have no description: id, customer_id, note\n"
        '    Field(description="…")\n'
    )
    assert done.stderr == "1 warning; 2 tables\nwhat a code means: progy check --explain PD702\n"
    assert project.progy("docs", "lint", "--strict", check=False).returncode == 1
    found = json.loads(project.progy("docs", "lint", "--json").stdout)
    assert (found["warnings"], found["errors"], found["tables"]) == (1, 0, 2)
    assert found["findings"][0]["page"] == "PD702.md"
    sarif = json.loads(project.progy("docs", "lint", "--format", "sarif").stdout)
    assert sarif["runs"][0]["tool"]["driver"]["name"] == "progy docs lint"


@pytest.mark.parametrize("command", [("docs", "lint"), ("docs", "coverage")])
def test_what_writes_migrations_and_pages_isnt_loaded(project: Project, command: tuple[str, ...]) -> None:
    project.progy(*command)
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "progy", *command],
        cwd=project.root,
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}
    assert "progy.documented" in loaded
    assert not [name for name in loaded if name.startswith(("progy.plan", "progy.proof", "progy.migrations.generate"))]
    assert not loaded & {"progy.docs.html", "progy.docs.layout", "progy.docs.mermaid"}


def test_what_the_configuration_silences_counts_column_by_column(project: Project) -> None:
    project.write(
        "pyproject.toml",
        '[tool.progy.docs.lint.ignore]\n"PD702 orders.id" = "an id"\n"PD702 orders.*_id" = "says it all"\nPD714 = "no"\n',
    )
    done = project.progy("docs", "lint")
    assert done.stdout == (
        'models.py:22: warning PD702 orders.note has no description\n    Field(description="…")\n'
        "pyproject.toml: warning PD902 nothing here is PD714\n    take it out\n"
    )
    assert done.stderr.startswith("2 warnings, 2 silenced; 2 tables\n")


def test_a_finding_points_at_the_column(project: Project) -> None:
    text = project.read("models.py").replace(', ondelete="CASCADE", index=True', "")
    project.write("models.py", text + "\n\nclass Gift(Order):\n    pass\n")
    found = json.loads(project.progy("docs", "lint", "--json").stdout)["findings"]
    assert [(one["code"], one["line"]) for one in found] == [("PD702", 15), ("PD501", 21)]
    # What is read from a file that isn't a model's is found in that file.
    project.write("schema.sql", "CREATE TABLE a (b TEXT DEFAULT 'NULL', PRIMARY KEY (b));")
    found = json.loads(project.progy("docs", "lint", "--from", "schema.sql", "--json", check=False).stdout)["findings"]
    assert {(one["file"], one.get("line")) for one in found} == {("schema.sql", None)}


def test_a_sqlite_file_is_the_findings_place(project: Project) -> None:
    connection = sqlite3.connect(project.root / "app.sqlite")
    connection.execute("CREATE TABLE a (b TEXT PRIMARY KEY NOT NULL)")
    connection.close()
    done = project.progy("docs", "lint", "--from", "app.sqlite", "--format", "sarif")
    place = json.loads(done.stdout)["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "app.sqlite"


def test_an_error_exits_1_and_check_s_silences_hold(project: Project) -> None:
    project.write("schema.sql", "CREATE TABLE a (b TEXT DEFAULT 'NULL', c INTEGER REFERENCES nowhere (d));")
    project.write("pyproject.toml", '[tool.progy.check.ignore]\nPD502 = "a log"\n')
    done = project.progy("docs", "lint", "--from", "schema.sql", check=False)
    assert done.returncode == 1
    assert [line.split()[2] for line in done.stdout.splitlines() if line.startswith("schema.sql: ")] == [
        "PD501", "PD503", "PD726",
    ]  # fmt: skip


def test_progy_s_own_schema_is_as_it_is_meant_to_be() -> None:
    found = json.loads(Project(CHECKOUT).progy("docs", "lint", "--strict", "--json").stdout)
    assert found["findings"] == []
    told = [f"{one['code']} {one['message'].split()[0]}" for one in found["silenced"]]
    assert [one for one in told if not one.startswith("PD501")] == [
        "PD714 verifications",
        "PD711 courses_progress.course_id",
        "PD711 registries_downloads.package_id",
        "PD711 registries_downloads.version_id",
        "PD711 registries_downloads.user_id",
        "PD711 registries_stats.package_id",
    ]


@pytest.mark.parametrize("arguments", [("lint",), ("coverage", "--min", "80")])
def test_the_guides_examples_are_what_it_prints(project: Project, arguments: tuple[str, ...]) -> None:
    guide = (CHECKOUT / "docs" / "documentation.md").read_text(encoding="utf-8")
    command = " ".join(("progy docs", *arguments))
    shown = guide.partition(f"```console\n$ {command}\n")[2].partition("```")[0]
    done = project.progy("docs", *arguments, check=False)
    assert done.stdout + done.stderr == shown
