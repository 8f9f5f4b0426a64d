"""The command as a user runs it: a process of its own, in a project's folder, without a terminal."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from progy import __version__
from tests.conftest import clean_environment

if TYPE_CHECKING:
    from tests.conftest import Project

INITIAL = """\
CREATE TABLE customers (
  id INTEGER PRIMARY KEY,
  email TEXT NOT NULL
);
CREATE UNIQUE INDEX customers_email_unique ON customers (email);

CREATE TABLE orders (
  id INTEGER PRIMARY KEY,
  customer_id INTEGER NOT NULL REFERENCES customers (id) ON DELETE CASCADE,
  note TEXT
);
CREATE INDEX ix_orders_customer_id ON orders (customer_id);
"""
NOTHING = "everything is up to date\n"


def add_to_models(project: Project, text: str) -> None:
    project.write("models.py", project.read("models.py") + text)


def test_the_first_migration_and_the_second_run(project: Project) -> None:
    done = project.progy("gen", "migration")
    assert done.stdout == "wrote migrations/0001_initial.sql\n"
    assert done.stderr == "  create table customers\n  create table orders\n"
    assert project.read("migrations/0001_initial.sql") == INITIAL
    again = project.progy("gen", "migration")
    assert (again.stdout, again.stderr) == ("", NOTHING)


def test_a_later_migration_is_named_after_what_it_does(project: Project) -> None:
    project.progy("gen", "migration")
    add_to_models(project, "    paid: bool = Field(default=False, sa_column_kwargs={'server_default': '0'})\n")
    project.progy("gen", "migration")
    assert project.read("migrations/0002_add_paid_to_orders.sql") == (
        "ALTER TABLE orders ADD COLUMN paid INTEGER NOT NULL DEFAULT 0;\n"
    )


def test_a_migration_with_a_name_of_the_users(project: Project) -> None:
    assert (
        project.progy("gen", "migration", "The Shop's tables").stdout == "wrote migrations/0001_the_shop_s_tables.sql\n"
    )


def test_a_destructive_change_is_said(project: Project) -> None:
    project.progy("gen", "migration")
    project.write("models.py", project.read("models.py").replace("    note: str | None = None\n", ""))
    done = project.progy("gen", "migration")
    assert "warning: 0002_drop_note_from_orders.sql drops the column orders.note and its values" in done.stderr
    assert project.read("migrations/0002_drop_note_from_orders.sql") == (
        "-- data loss: drops the column orders.note and its values\nALTER TABLE orders DROP COLUMN note;\n"
    )


def test_a_change_that_is_undecided_exits_2_and_writes_nothing(project: Project) -> None:
    project.progy("gen", "all")
    before = project.files()
    project.write("models.py", project.read("models.py").replace("note: str | None = None", "remark: str"))
    done = project.progy("gen", "all", check=False)
    assert done.returncode == 2
    assert "    --rename orders.note:orders.remark   # orders.note is now called remark" in done.stderr
    after = project.files()
    assert {name for name in after if after[name] != before.get(name)} == {"models.py"}


def test_what_migrations_made_by_hand_and_models_dont_declare_goes_with_a_warning(project: Project) -> None:
    project.progy("gen", "migration")
    project.write(
        "migrations/0002_by_hand.sql",
        "CREATE VIEW emails AS SELECT email FROM customers;\n"
        "CREATE TRIGGER noted AFTER INSERT ON orders BEGIN UPDATE orders SET note = 'new' WHERE id = NEW.id; END;\n"
        "CREATE VIRTUAL TABLE search USING fts5(note, content='orders');\n",
    )
    said = project.progy("gen", "migration", "theirs").stderr
    for name in ("view emails", "trigger noted", "virtual table search"):
        assert f"warning: the {name} goes, since the models don't declare it" in said
    assert project.read("migrations/0003_theirs.sql") == (
        "DROP TRIGGER noted;\n\nDROP VIEW emails;\n\nDROP TABLE search;\n"
    )
    assert project.progy("gen", "migration").stderr == NOTHING


def test_gen_all_then_check_then_stale(project: Project) -> None:
    done = project.progy("gen", "all")
    written = [line.removeprefix("wrote ") for line in done.stdout.splitlines()]
    assert {
        "migrations/0001_initial.sql",
        "bindings/__init__.py",
        "worker-configuration.d.ts",
        "docs/schema/README.md",
    } <= {*written}
    assert sorted(name for name in project.files() if name in written) == sorted(written)
    assert project.progy("gen", "all", "--check").stdout == ""
    before = project.files()

    add_to_models(project, "    paid: int | None = None\n")
    checked = project.progy("gen", "all", "--check", check=False)
    assert checked.returncode == 1
    assert "stale migrations/0002_add_paid_to_orders.sql\n" in checked.stdout
    assert "stale docs/schema/orders.md\n" in checked.stdout
    assert "hint: progy gen all\n" in checked.stderr
    assert {name: text for name, text in project.files().items() if name != "models.py"} == {
        name: text for name, text in before.items() if name != "models.py"
    }


@pytest.mark.parametrize(
    "name",
    ["bindings/__init__.py", "worker-configuration.d.ts", "docs/schema/orders.md", "migrations/0001_initial.sql"],
)
def test_check_sees_a_generated_file_that_was_edited_or_lost_even_with_a_warm_cache(
    project: Project, name: str
) -> None:
    project.progy("gen", "all")
    for _ in range(2):
        assert project.progy("gen", "all", "--check").stderr == NOTHING
    text = project.read(name)
    if name.endswith(".sql"):
        project.write(name, text.replace("  note TEXT\n", "  note TEXT,\n  more TEXT\n"))
    else:
        project.write(name, text + " ")
    assert project.progy("gen", "all", "--check", check=False).returncode == 1
    (project.root / name).unlink()
    assert project.progy("gen", "all", "--check", check=False).returncode == 1
    project.write(name, text)
    assert project.progy("gen", "all", "--check").stderr == NOTHING


def test_a_page_of_a_table_that_is_gone_is_removed_and_a_file_of_the_users_is_not(project: Project) -> None:
    project.progy("gen", "all")
    project.write("docs/schema/notes.md", "# mine\n")
    text = project.read("models.py")
    project.write("models.py", text[: text.index("class Order")])
    assert "removed docs/schema/orders.md\n" in project.progy("gen", "all").stdout
    assert "docs/schema/orders.md" not in project.files()
    assert project.read("docs/schema/notes.md") == "# mine\n"


def test_output_is_the_same_for_any_hash_seed(project: Project) -> None:
    results = []
    for seed in ("0", "1", "42"):
        project.progy("gen", "all", environment={"PYTHONHASHSEED": seed})
        results.append(project.files())
        for name in ("migrations", "bindings", "docs", ".progy"):
            subprocess.run(["rm", "-r", name], cwd=project.root, check=True)
    assert results[0] == results[1] == results[2]


def test_apply_and_status(project: Project) -> None:
    project.progy("gen", "migration")
    pending = project.progy("status")
    assert pending.stdout == "pending                           0001_initial.sql\n"
    assert pending.stderr.startswith("DB (local): 1 pending; apply with: progy apply\n")
    assert not (project.root / ".wrangler").exists()
    named = project.progy("status", "--database", "DB", "--persist-to", "a b")
    assert named.stderr.startswith("DB (local): 1 pending; apply with: progy apply --database DB --persist-to 'a b'\n")

    done = project.progy("apply")
    assert done.stdout.startswith("applied 0001_initial.sql  4 statements, ")
    assert done.stderr == "1 migration applied to DB (local)\n"
    again = project.progy("apply")
    assert (again.stdout, again.stderr) == ("", "DB (local) is up to date\n")

    state = json.loads(project.progy("status", "--json").stdout)
    assert (state["applied"], state["pending"], state["missing"]) == (1, 0, 0)
    assert state["migrations"][0]["name"] == "0001_initial.sql"


def test_dry_run_prints_the_exact_sql_and_runs_nothing(project: Project) -> None:
    project.progy("gen", "migration")
    done = project.progy("apply", "--dry-run")
    assert done.stdout == (
        "-- 0001_initial.sql\nBEGIN IMMEDIATE;\n"
        'CREATE TABLE IF NOT EXISTS "d1_migrations"(\n'
        "\t\tid         INTEGER PRIMARY KEY AUTOINCREMENT,\n"
        "\t\tname       TEXT UNIQUE,\n"
        "\t\tapplied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL\n"
        ");\n"
        "INSERT INTO \"d1_migrations\" (name) VALUES ('0001_initial.sql');\n"
        'CREATE TABLE IF NOT EXISTS "progy_d1_migrations" (\n'
        "    name TEXT NOT NULL PRIMARY KEY,\n    checksum TEXT NOT NULL,\n    version TEXT NOT NULL,\n"
        "    run TEXT NOT NULL,\n    bookmark TEXT,\n    applied_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP\n);\n"
        'INSERT OR REPLACE INTO "progy_d1_migrations" (name, checksum, version, run, bookmark) '
        f"VALUES ('0001_initial.sql', '{hashlib.sha256(INITIAL.encode()).hexdigest()}', '{__version__}', 'dry run', NULL);\n"
        + INITIAL + "COMMIT;\n\n"
    )  # fmt: skip
    assert not (project.root / ".wrangler").exists()


def test_a_failing_migration_names_the_statement(project: Project) -> None:
    project.write("migrations/0001_a.sql", "CREATE TABLE a (b);\n")
    project.write("migrations/0002_b.sql", "CREATE TABLE c (d);\n\nINSERT INTO nowhere\n  VALUES (1);\n")
    done = project.progy("apply", check=False)
    assert done.returncode == 1
    assert done.stdout.startswith("applied 0001_a.sql")
    assert done.stderr == (
        "error: migrations/0002_b.sql:3: no such table: nowhere\n0002_b.sql was rolled back whole\n"
        "\n    INSERT INTO nowhere\n      VALUES (1)\n\n"
        "hint: nothing was changed; mend the rows or the file, and apply again; the migrations before it stay applied\n"
    )


def test_a_long_statement_is_shown_by_its_beginning_and_whole_as_json(project: Project) -> None:
    lines = ["INSERT INTO nowhere VALUES (", f"  '{'x' * 300}',", *(f"  {number}," for number in range(8)), "  9)"]
    statement = "\n".join(lines)
    project.write("migrations/0001_a.sql", f"{statement};\n")
    done = project.progy("apply", check=False)
    assert done.stderr == (
        "error: migrations/0001_a.sql:1: no such table: nowhere\n0001_a.sql was rolled back whole\n"
        f"\n    INSERT INTO nowhere VALUES (\n      '{'x' * 196}…\n      0,\n    … (11 lines; --json has all)\n\n"
        "hint: nothing was changed; mend the rows or the file, and apply again\n"
    )
    error = json.loads(project.progy("apply", "--json", check=False).stdout)["error"]
    assert (error["where"], error["statement"]) == ("migrations/0001_a.sql:1", statement)


def test_a_place_elsewhere_is_named_whole(project: Project) -> None:
    project.write("migrations/0001_a.sql", "INSERT INTO nowhere VALUES (1);\n")
    (project.root / "src").mkdir()
    code = [sys.executable, "-m", "progy", "apply"]
    done = subprocess.run(code, cwd=project.root / "src", capture_output=True, text=True, check=False)
    assert done.stderr.startswith(f"error: {project.root / 'migrations' / '0001_a.sql'}:1: no such table: nowhere\n")


def test_questions_as_json(project: Project) -> None:
    project.progy("gen", "migration")
    text = project.read("models.py").replace("note: str | None = None", "remark: str | None = None\n    paid: int")
    project.write("models.py", text)
    done = project.progy("gen", "migration", "--json", check=False)
    assert done.returncode == 2
    error = json.loads(done.stdout)["error"]
    assert error["kind"] == "UndecidedError"
    assert error["questions"][0] == {
        "kind": "column",
        "table": "orders",
        "name": "remark",
        "candidates": ["note"],
        "flags": [
            {"flag": "--rename orders.note:orders.remark", "meaning": "orders.note is now called remark"},
            {"flag": "--no-renames", "meaning": "orders.remark is new, and note is dropped"},
        ],
    }
    done = project.progy("gen", "migration", "--json", "--no-renames", check=False)
    assert json.loads(done.stdout)["error"]["questions"] == [
        {
            "kind": "value",
            "table": "orders",
            "name": "paid",
            "candidates": [],
            "flags": [
                {
                    "flag": "--backfill orders.paid=EXPRESSION",
                    "meaning": "a SQL expression, a constant or of other columns",
                }
            ],
        }
    ]
    project.write("models.py", project.read("models.py").replace('"orders"', '"purchases"'))
    asked = json.loads(project.progy("gen", "migration", "--json", check=False).stdout)["error"]["questions"][0]
    assert (asked["kind"], asked["table"], asked["name"], asked["candidates"]) == (
        "table", "purchases", "purchases", ["orders"],
    )  # fmt: skip


def test_check_as_json_is_one_value(project: Project) -> None:
    done = project.progy("gen", "migration", "--check", "--json", check=False)
    assert done.returncode == 1
    found = json.loads(done.stdout)
    assert found["stale"] == ["migrations/0001_initial.sql"]
    assert found["error"]["hint"] == "progy gen migration"


def test_files_of_the_users_are_neither_overwritten_nor_removed(project: Project) -> None:
    own = {
        "bindings/d1.py": "# mine\n",
        "docs/schema/README.md": "# Mine\n\nThe other pages are generated by progy.\n",
        "worker-configuration.d.ts": "export interface Mine {}\n",
    }
    for name, text in own.items():
        project.write(name, text)
        for check in ([], ["--check"]):
            refused = project.progy("gen", "all", *check, check=False)
            assert refused.returncode == 1
            assert f"{name}: this file isn't a generated one, so it isn't overwritten" in refused.stderr
            assert refused.stdout == ""
        assert project.read(name) == text
        (project.root / name).unlink()
    project.write("bindings/helper.py", '"""Uses the types generated by progy."""\n')
    project.progy("gen", "all")
    assert project.read("bindings/helper.py") == '"""Uses the types generated by progy."""\n'


def test_the_pages_tell_of_the_migrations_before_a_broken_one(project: Project) -> None:
    project.progy("gen", "all")
    project.write("migrations/0002_broken.sql", "DROP TABLE gone;\n")

    for _ in range(2):
        done = project.progy("gen", "docs")
        assert "warning: 0002_broken.sql fails, so migrations.md tells only of what comes before it" in done.stderr
    assert "`0002_broken.sql` fails" in project.read("docs/schema/migrations.md")


def test_wranglers_runtime_types_stay_in_the_file(project: Project) -> None:
    runtime = "// Begin runtime types\ninterface ExecutionContext {}\n"
    header = "// Generated by Wrangler by running `wrangler types` (hash: x)\n// Runtime types generated with workerd@1 2026-02-06"
    project.write("worker-configuration.d.ts", f"/* eslint-disable */\n{header}\ninterface Env {{}}\n{runtime}")
    assert "warning" not in project.progy("gen", "all").stderr
    written = project.read("worker-configuration.d.ts")
    assert written.splitlines()[2] == "// Runtime types generated with workerd@1 2026-02-06"
    assert written.endswith(f"\n{runtime}")
    assert "DB: D1Database;" in written
    assert project.progy("gen", "all", "--check").returncode == 0
    project.write("wrangler.jsonc", project.read("wrangler.jsonc").replace("2026-02-06", "2026-03-09"))
    said = "worker-configuration.d.ts: the runtime's types in it are for another compatibility date or other flags"
    for _ in range(2):  # the second from what was kept
        assert said in project.progy("gen", "all").stderr


def test_row_types_for_typescript_lie_beside_the_declarations(project: Project) -> None:
    assert "wrote rows.d.ts\n" in project.progy("gen", "all").stdout
    assert "export interface" in project.read("rows.d.ts")
    assert project.progy("typegen", "--check").returncode == 0
    project.write("rows.d.ts", project.read("rows.d.ts") + " ")
    assert project.progy("typegen", "--check", "--language", "typescript").returncode == 0
    assert project.progy("typegen", "--check", check=False).stdout == "stale rows.d.ts\n"


def test_several_environments_are_generated_together(project: Project) -> None:
    config = project.read("wrangler.jsonc").replace(
        '"name"', '"env": {"staging": {"vars": {"PLACE": "there"}}}, "vars": {"PLACE": "here"}, "name"', 1
    )
    project.write("wrangler.jsonc", config)
    assert project.progy("gen", "all").returncode == 0
    text = project.read("worker-configuration.d.ts")
    assert 'PLACE: "there" | "here";' in text
    assert "interface StagingEnv {" in text
    assert project.progy("gen", "all", "--check").returncode == 0


def test_what_is_generated_does_not_depend_on_the_shell(project: Project) -> None:
    config = project.read("wrangler.jsonc").replace('"name"', '"env": {"staging": {}}, "name"', 1)
    project.write("wrangler.jsonc", config)
    project.progy("gen", "all", environment={"CLOUDFLARE_ENV": "staging"})
    assert project.progy("gen", "all", "--check").returncode == 0
    project.progy("typegen", environment={"CLOUDFLARE_ENV": "staging"})
    assert project.progy("typegen", "--check").returncode == 0


def test_a_migration_is_never_written_over(project: Project) -> None:
    from progy.emit.outputs import write_new

    project.write("migrations/0001_a.sql", "mine\n")
    with pytest.raises(FileExistsError):
        write_new(project.root / "migrations/0001_a.sql", "other\n")
    assert sorted(path.name for path in (project.root / "migrations").iterdir()) == ["0001_a.sql"]
    assert project.read("migrations/0001_a.sql") == "mine\n"


def test_what_a_killed_run_left_behind_is_swept(project: Project) -> None:
    project.progy("gen", "all")
    for name, age in (("bindings/.d1.py.abc.tmp", 3600), ("bindings/.d1.py.new.tmp", 0)):
        project.write(name, "half")
        then = time.time() - age
        os.utime(project.root / name, (then, then))
    project.write("bindings/d1.py", project.read("bindings/d1.py") + " ")
    project.progy("gen", "bindings")
    assert [name for name in project.files() if name.endswith(".tmp")] == ["bindings/.d1.py.new.tmp"]


def test_what_was_written_before_a_failure_is_told(project: Project) -> None:
    project.write("docs/schema", "a file in the way\n")
    done = project.progy("gen", "all", "--json", check=False)
    assert done.returncode == 1
    found = json.loads(done.stdout)
    assert "can't be written" in found["error"]["message"]
    assert not (project.root / "migrations").exists()


def test_a_model_of_the_ledgers_name_is_refused(project: Project) -> None:
    project.write("models.py", project.read("models.py").replace('"orders"', '"D1_migrations"'))
    assert "keep their ledger" in project.progy("gen", "migration", check=False).stderr


def test_a_history_that_makes_the_ledger_itself_is_respected(project: Project) -> None:
    ledger = project.progy
    project.write(
        "migrations/0001_export.sql",
        'CREATE TABLE IF NOT EXISTS "d1_migrations" (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, '
        "applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL);\n" + INITIAL,
    )
    assert ledger("gen", "migration").stderr == NOTHING


def test_several_databases_and_gen_all(project: Project) -> None:
    project.write(
        "wrangler.jsonc",
        '{"d1_databases": [{"binding": "A", "database_id": "a"}, {"binding": "B", "database_name": "second", '
        '"database_id": "b", "migrations_dir": "b"}]}',
    )
    assert "wrote b/0001_initial.sql\n" in project.progy("gen", "all", "-d", "B").stdout
    assert project.read("docs/schema/README.md").splitlines()[2] == "# second"
    assert project.progy("gen", "docs", "-d", "B", "--check").stdout == ""


def test_doubts_about_the_history_are_said(project: Project) -> None:
    project.write("migrations/0001_a.sql", "CREATE TABLE a (b);\n")
    project.progy("apply")
    project.write("migrations/0000_b.sql", "CREATE TABLE c (d);\n")
    project.write("migrations/0000_c.sql", "CREATE TABLE e (f);\n")
    (project.root / "migrations/0001_a.sql").unlink()
    for command in (["status"], ["apply", "--dry-run"]):
        said = project.progy(*command).stderr
        assert "warning: 0001_a.sql is applied, but its file is gone\n" in said
        assert "warning: several migrations have the number 0\n" in said


def test_a_stream_that_is_closed_and_an_encoding_that_is_poor(project: Project) -> None:
    project.write("migrations/0001_größe.sql", "SELECT 1;\n")
    closed = f"{sys.executable} -m progy status >&-"
    assert subprocess.run(["bash", "-c", closed], cwd=project.root, capture_output=True, check=False).returncode == 0
    poor = project.progy("status", environment={"PYTHONIOENCODING": "ascii"})
    assert "0001_gr\\xf6\\xdfe.sql" in poor.stdout


@pytest.mark.parametrize("command", ["status --json", "--help", "gen migration --empty x --json"])
@pytest.mark.skipif(sys.platform == "win32", reason="pipes end otherwise there")
def test_a_reader_that_has_gone_is_no_error_to_speak_of(project: Project, command: str) -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "progy", *command.split()],
        cwd=project.root, env=clean_environment(), stdout=write, stderr=subprocess.PIPE, text=True, check=False,
    )  # fmt: skip
    os.close(write)
    assert done.returncode == 1
    assert "Broken pipe" not in done.stderr
    assert "Exception" not in done.stderr


def test_what_was_applied_before_an_error_is_in_the_json(project: Project) -> None:
    project.write("migrations/0001_a.sql", "CREATE TABLE a (b);\n")
    project.write("migrations/0002_b.sql", "INSERT INTO nowhere VALUES (1);\n")
    found = json.loads(project.progy("apply", "--json", check=False).stdout)
    assert [one["name"] for one in found["applied"]] == ["0001_a.sql"]
    assert found["error"]["kind"] == "ApplyError"


def test_a_doubtful_key_in_the_wrangler_config_is_said(project: Project) -> None:
    project.write("wrangler.jsonc", project.read("wrangler.jsonc").replace('"name"', '"kv_namespace": [], "name"', 1))
    for command in (["status"], ["apply"], ["gen", "migration"], ["gen", "bindings"], ["gen", "all"]):
        assert "kv_namespaces" in project.progy(*command).stderr


def test_an_error_as_json(project: Project) -> None:
    project.write("migrations/0001_a.sql", "INSERT INTO nowhere VALUES (1);\n")
    done = project.progy("apply", "--json", check=False)
    assert done.returncode == 1
    error = json.loads(done.stdout)["error"]
    assert (error["kind"], error["statement"]) == ("ApplyError", "INSERT INTO nowhere VALUES (1)")
    assert done.stderr == ""


def test_a_broken_model_gives_file_line_and_reason(project: Project) -> None:
    add_to_models(project, "    wrong: Missing\n")
    line = project.read("models.py").splitlines().index("    wrong: Missing") + 1
    done = project.progy("gen", "migration", check=False)
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: models.py:{line}: ")
    assert "NameError: name 'Missing' is not defined" in done.stderr
    assert "Traceback" not in done.stderr


def test_debug_shows_the_traceback(project: Project) -> None:
    add_to_models(project, "    wrong: Missing\n")
    assert "Traceback" in project.progy("--debug", "gen", "migration", check=False).stderr


def test_models_that_print_do_not_spoil_the_result(project: Project) -> None:
    project.write("models.py", "print('hello from the models')\n" + project.read("models.py"))
    done = project.progy("gen", "migration", "--json")
    assert json.loads(done.stdout)["written"] == ["migrations/0001_initial.sql"]


@pytest.mark.parametrize(
    ("file", "text", "message", "code"),
    [
        ("pyproject.toml", "[tool.progy]\nmodel = 'x'\n", "[tool.progy] has no key 'model'", 1),
        ("pyproject.toml", "[tool.progy]\nmodels = 1\n", "[tool.progy] models must be a string, not 1", 1),
        ("pyproject.toml", "[tool.progy\n", "not valid TOML", 1),
        (
            "pyproject.toml",
            '[tool.progy.docs]\nfolder = "a\\u0000"\n',
            "docs in pyproject.toml [tool.progy.docs] holds a null character",
            1,
        ),
        ("wrangler.jsonc", "{ nonsense", "wrangler.jsonc:1:3", 1),
        ("wrangler.jsonc", '{"d1_databases": []}', "the Worker binds no D1 database", 1),
        ("wrangler.jsonc", '{"d1_databases": "DB"}', "d1_databases", 1),
        (
            "wrangler.jsonc",
            '{"d1_databases": [{"binding": "A", "database_id": "a"}, {"binding": "B", "database_id": "b"}]}',
            "the Worker binds several D1 databases: A, B",
            2,
        ),
    ],
)
def test_a_config_that_cannot_be_used(project: Project, file: str, text: str, message: str, code: int) -> None:
    project.write(file, text)
    project.write("migrations/0001_a.sql", "SELECT 1;\n")
    for command in (["gen", "migration"], ["apply"]):
        done = project.progy(*command, check=False)
        assert done.returncode == code
        assert message in done.stderr
        assert "Traceback" not in done.stderr


def test_generated_files_that_git_has_given_crlf_are_current(project: Project) -> None:
    project.progy("gen", "all")
    generated = ["bindings/__init__.py", "docs/schema/README.md", "docs/schema/index.html", "docs/schema/schema.json"]
    for name in [*generated, "worker-configuration.d.ts", "rows.d.ts"]:
        path = project.root / name
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))

    assert project.progy("gen", "all", "--check").stdout == ""

    path.write_bytes(path.read_bytes().replace(b"Customer", b"Buyer"))
    shown = json.loads(project.progy("gen", "all", "--check", "--json", check=False).stdout)
    assert shown["stale"] == ["rows.d.ts"]


def test_settings_from_pyproject_and_from_the_environment(project: Project) -> None:
    (project.root / "models.py").rename(project.root / "tables.py")
    project.write(
        "pyproject.toml", '[tool.progy]\nmodels = "tables"\ndocs = "db"\ntypescript = ""\nbindings = "typed"\n'
    )
    written = project.progy("gen", "all", environment={"PROGY_DOCS": "elsewhere"}).stdout.split()
    assert {"typed/__init__.py", "elsewhere/orders.md"} <= {*written}
    assert "worker-configuration.d.ts" not in written


def test_bindings_of_a_worker_without_models(project: Project) -> None:
    (project.root / "models.py").unlink()
    project.write("wrangler.jsonc", '{"name": "w", "kv_namespaces": [{"binding": "CACHE", "id": "x"}]}')
    assert "wrote bindings/kv.py\n" in project.progy("typegen").stdout
    assert "CACHE: KVNamespace;" in project.read("worker-configuration.d.ts")
    named = project.progy("typegen", environment={"PROGY_MODELS": "tables"}, check=False)
    assert named.returncode == 1
    assert "tables" in named.stderr


def test_one_of_several_databases(project: Project) -> None:
    project.write(
        "wrangler.jsonc",
        """{"d1_databases": [
            {"binding": "A", "database_name": "first", "migrations_dir": "a", "migrations_table": "ledger"},
            {"binding": "B", "database_id": "b", "preview_database_id": "p"}]}""",
    )
    project.write("a/0001_a.sql", "CREATE TABLE a (b);\n")
    project.progy("apply", "--database", "first")
    assert json.loads(project.progy("status", "-d", "A", "--json").stdout)["applied"] == 1
    assert "b" in project.progy("status", "--database", "C", check=False).stderr


def test_no_project_here(project: Project) -> None:
    (project.root / "wrangler.jsonc").unlink()
    done = project.progy("status", check=False)
    assert done.returncode == 1
    assert "no wrangler config" in done.stderr or "no project here" in done.stderr


def test_from_a_folder_below(project: Project) -> None:
    project.progy("gen", "migration")
    (project.root / "deep/er").mkdir(parents=True)
    done = subprocess.run(
        [sys.executable, "-m", "progy", "status"],
        cwd=project.root / "deep/er",
        capture_output=True,
        text=True,
        check=True,
    )
    assert "0001_initial.sql" in done.stdout


def test_version_help_and_usage(project: Project) -> None:
    assert project.progy("--version").stdout == f"progy {__version__}\n"
    assert "Usage: progy" in project.progy("--help").stdout
    wrong = project.progy("aply", check=False)
    assert wrong.returncode == 2
    assert "apply" in wrong.stderr
    assert project.progy("apply", "--nonsense", check=False).returncode == 2


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shell_completion(project: Project, shell: str) -> None:
    script = project.progy(environment={"_PROGY_COMPLETE": f"source_{shell}"}).stdout
    assert "_PROGY_COMPLETE" in script
    words = {"COMP_WORDS": "progy ge", "COMP_CWORD": "1", "_TYPER_COMPLETE_ARGS": "progy ge"}
    words["_TYPER_COMPLETE_FISH_ACTION"] = "get-args"
    done = project.progy(environment={"_PROGY_COMPLETE": f"complete_{shell}", **words})
    assert "gen" in done.stdout


def test_colour_only_where_somebody_sees_it(project: Project) -> None:
    project.progy("gen", "migration")
    assert "\033[" not in project.progy("status").stdout
    assert "\033[33m" in project.progy("status", environment={"FORCE_COLOR": "1"}).stdout
    assert "\033[" not in project.progy("status", environment={"FORCE_COLOR": "1", "NO_COLOR": "1"}).stdout


def test_a_reader_that_leaves_early_is_no_traceback(project: Project) -> None:
    for number in range(2000):
        project.write(f"migrations/{number:04d}_x.sql", "SELECT 1;\n")
    command = f"{sys.executable} -m progy status | head -1"
    done = subprocess.run(command, shell=True, cwd=project.root, capture_output=True, text=True, check=True)  # noqa: S602
    assert done.stdout.count("\n") == 1
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


HEAVY = {"sqlmodel", "sqlalchemy", "pydantic", "httpx", "jinja2", "datamodel_code_generator", "rich"}


@pytest.mark.parametrize(
    ("arguments", "allowed"),
    [
        (["--help"], set()),
        (["gen", "--help"], set()),
        (["status"], set()),
        (["apply"], set()),
        (["gen", "all"], set()),
        (["gen", "migration"], set()),
        (["gen", "bindings", "--check"], set()),
        (["typegen", "--language", "typescript"], set()),
        (["docs", "lint"], set()),
        (["docs", "coverage"], set()),
        (["gen", "docs", "--check"], {"jinja2"}),
    ],
)
def test_no_command_imports_what_it_does_not_need(project: Project, arguments: list[str], allowed: set[str]) -> None:
    for _ in range(2):
        project.progy("gen", "all")
    project.progy("apply")
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "progy", *arguments],
        cwd=project.root,
        capture_output=True,
        text=True,
        check=True,
    )
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}
    assert "progy.cli.main" in imported
    assert imported & HEAVY == allowed


def test_an_interrupted_write_leaves_the_old_file(project: Project) -> None:
    """The disk is full at the moment of writing: a limit on the size of files stands for it."""
    project.progy("gen", "all")
    before = project.files()
    add_to_models(project, "    paid: int | None = None\n")
    if os.name == "nt":
        pytest.skip("no limits on Windows")
    limited = f"ulimit -f 0; exec {sys.executable} -m progy gen all"
    done = subprocess.run(["bash", "-c", limited], cwd=project.root, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    after = project.files()
    del before["models.py"], after["models.py"]
    assert after == before


def test_what_only_sqlite_can_judge_names_the_model(project: Project) -> None:
    add_to_models(project, '    __table_args__ = (CheckConstraint("prise > 0"),)\n')
    project.write(
        "models.py",
        project.read("models.py").replace("from sqlmodel", "from sqlalchemy import CheckConstraint\nfrom sqlmodel"),
    )
    line = project.read("models.py").splitlines().index("class Order(SQLModel, table=True):") + 1
    done = project.progy("gen", "migration", check=False)
    assert done.stderr.startswith(f"error: models.py:{line}: Order: D1 would refuse this: no such column: prise\n")
