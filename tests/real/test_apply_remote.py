"""`progy apply --remote` on real D1 behind a stand-in of Cloudflare's API."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests.conftest import clean_environment
from tests.real.cloudflare import faults
from tests.unit.test_ask import terminal

if TYPE_CHECKING:
    from tests.conftest import Project
    from tests.real.cloudflare import Cloud
    from tests.real.cloudflare.faults import Fault
    from tests.real.engine import Wrangler

COUNT = 3


@pytest.fixture
def uuid(cloud: Cloud, project: Project) -> str:
    """The shop's database on Cloudflare, a Worker that binds it, and three migrations that count how often they run."""
    found = cloud.create("shop")
    project.write("wrangler.jsonc", project.read("wrangler.jsonc").replace("shop-id", found))
    project.write("migrations/0001_a.sql", "CREATE TABLE ran (n);\nINSERT INTO ran VALUES (1);\n")
    for number in range(2, COUNT + 1):
        text = f"-- a comment; of two parts\nCREATE TABLE t{number} (a);\nINSERT INTO ran VALUES ({number});\n"
        project.write(f"migrations/{number:04d}_t.sql", text)
    cloud.forget()
    return found


def calls(cloud: Cloud) -> list[str]:
    """The requests so far, in short."""
    return [f"{one.method} {one.path.partition('/d1/database/')[2].partition('/')[2]}" for one in cloud.requests]


def ran(cloud: Cloud, uuid: str) -> list[int]:
    """Which migrations have had an effect, once for each time."""
    return [row["n"] for row in cloud.query(uuid, "SELECT n FROM ran ORDER BY rowid")]


def ledger(cloud: Cloud, uuid: str) -> list[str]:
    return [row["name"] for row in cloud.query(uuid, "SELECT name FROM d1_migrations ORDER BY id")]


def whole(cloud: Cloud, uuid: str, count: int = COUNT) -> None:
    """Each migration has run once, and both ledgers say so."""
    assert ran(cloud, uuid) == list(range(1, count + 1))
    names = ledger(cloud, uuid)
    assert len(names) == count
    records = cloud.query(uuid, "SELECT name FROM progy_d1_migrations ORDER BY rowid")
    assert [row["name"] for row in records] == names


def apply(project: Project, cloud: Cloud, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    return project.progy("apply", "--remote", "--yes", *arguments, environment=cloud.environment(), check=check)


def test_what_is_shown_sent_and_recorded(cloud: Cloud, project: Project, uuid: str) -> None:
    done = apply(project, cloud)
    assert re.sub(r"\d+ ms", "N ms", done.stdout) == (
        "applied 0001_a.sql  2 statements, N ms\n"
        "applied 0002_t.sql  2 statements, N ms\n"
        "applied 0003_t.sql  2 statements, N ms\n"
    )
    bookmark = cloud.query(uuid, "SELECT DISTINCT bookmark FROM progy_d1_migrations")[0]["bookmark"]
    assert done.stderr == (
        f"3 migrations for DB (remote): shop, {uuid}, account {cloud.account}\n"
        "  0001_a.sql  2 statements, 46 bytes\n"
        "  0002_t.sql  2 statements, 45 bytes\n"
        "  0003_t.sql  2 statements, 45 bytes\n"
        f"Time Travel bookmark: {bookmark}\n"
        "3 migrations applied to DB (remote)\n"
        f"undo with: progy rollback {bookmark} --remote\n"
    )
    whole(cloud, uuid)
    sent = [call.body["sql"].split(";\n") for call in cloud.requests if call.path.endswith("/query")]
    # wrangler's row is the first thing that is written: what fails when another applier was faster.
    assert sent[1][1] == "INSERT INTO \"d1_migrations\" (name) VALUES ('0002_t.sql')"
    assert sent[1][4:6] == ["CREATE TABLE t2 (a)", "INSERT INTO ran VALUES (2)"]
    assert sent[1][6].startswith(
        "SELECT CASE WHEN EXISTS (SELECT 1 FROM \"d1_migrations\" WHERE name = '0002_t.sql') THEN 1"
    )
    # No second connection, and none but loopback.
    assert cloud.connections == 1


def test_requests_one_when_nothing_is_pending_else_two_and_one_a_migration(
    cloud: Cloud, project: Project, uuid: str
) -> None:
    apply(project, cloud, "--to", "1")
    # A database without any ledger is asked once more.
    assert calls(cloud) == ["POST raw", "POST raw", "GET time_travel/bookmark", "POST query"]
    cloud.forget()
    apply(project, cloud)
    assert calls(cloud) == ["POST raw", "GET time_travel/bookmark", "POST query", "POST query"]
    cloud.forget()
    assert apply(project, cloud).stderr == "DB (remote) is up to date\n"
    assert calls(cloud) == ["POST raw"]
    cloud.forget()
    state = json.loads(project.progy("status", "--remote", "--json", environment=cloud.environment()).stdout)
    assert calls(cloud) == ["POST raw"]
    assert (state["applied"], state["database"], state["account"], state["drift"]) == (3, uuid, cloud.account, [])
    whole(cloud, uuid)


def test_without_a_terminal_it_needs_a_word(cloud: Cloud, project: Project, uuid: str) -> None:
    environment = cloud.environment()
    done = project.progy("apply", "--remote", environment=environment, check=False)
    assert done.returncode == 2
    assert done.stderr.endswith(
        "error: nobody can be asked here whether to apply 3 migrations to DB (remote), shop\n"
        "hint: progy apply --remote --yes\n"
    )
    apply(project, cloud, "--to", "2")
    project.write("migrations/0003_t.sql", "DROP TABLE t2;\nINSERT INTO ran VALUES (3);\n")
    cloud.forget()
    for given in ([], ["--yes"]):
        done = project.progy("apply", "--remote", *given, environment=environment, check=False)
        assert done.returncode == 3
        assert done.stderr.endswith(
            "warning: migrations/0003_t.sql:1 drops the table t2 and its rows\n"
            "error: data may be lost or changed; nothing was done: apply 1 migration to DB (remote), shop\n"
            "hint: progy apply --remote --yes --allow-data-loss\n"
        )
    done = project.progy("apply", "--remote", "--allow-data-loss", environment=environment, check=False)
    assert done.returncode == 2
    assert set(calls(cloud)) == {"POST raw"}
    apply(project, cloud, "--allow-data-loss")
    whole(cloud, uuid)


def test_dry_run_shows_the_requests_and_makes_none(cloud: Cloud, project: Project, uuid: str) -> None:
    done = project.progy("apply", "--remote", "--dry-run", environment=cloud.environment())
    assert done.stdout.startswith('-- 0001_a.sql, one request\nCREATE TABLE IF NOT EXISTS "d1_migrations"(\n')
    assert "of two parts" not in done.stdout
    assert done.stderr.endswith("3 migrations would be applied to DB (remote)\n")
    assert cloud.query(uuid, "SELECT name FROM sqlite_schema WHERE name LIKE '%migrations'") == []
    found = json.loads(apply(project, cloud, "--dry-run", "--json").stdout)
    assert [one["name"] for one in found["would_apply"]] == ["0001_a.sql", "0002_t.sql", "0003_t.sql"]
    assert [(size["statements"], size["largest"]) for size in found["sizes"]] == [(2, 26), (2, 26), (2, 26)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            f"CREATE TABLE x (y);\n\nINSERT INTO x VALUES ('{'z' * 100_000}');\n",
            "error: migrations/0004_x.sql:3: a statement of 100,025 bytes, and D1 takes 100,000; nothing was sent\n",
        ),
        (
            "INSERT INTO ran VALUES (4);\n" * 96,
            "error: migrations/0004_x.sql: 96 statements, and D1 takes 100 at once, the ledgers' 5 included; nothing",
        ),
        (
            "CREATE TABLE fine (y);\nALTER TABLE t2 ADD COLUMN a;\n",
            "error: migrations/0004_x.sql:2: duplicate column name: a\n0004_x.sql would fail on DB (remote); nothing was sent\n\n    ALTER TABLE t2 ADD COLUMN a\n",
        ),
        (
            "CREATE TEMP TABLE no (y);\n",
            "0004_x.sql would fail on DB (remote); nothing was sent\n",
        ),
    ],
)
def test_what_cannot_work_is_said_before_anything_is_sent(
    cloud: Cloud, project: Project, uuid: str, text: str, said: str
) -> None:
    apply(project, cloud)
    project.write("migrations/0004_x.sql", text)
    cloud.forget()
    done = apply(project, cloud, check=False)
    assert done.returncode == 1
    assert said in done.stderr
    assert set(calls(cloud)) == {"POST raw"}
    whole(cloud, uuid)


def test_a_migration_of_as_many_statements_as_there_can_be(cloud: Cloud, project: Project, uuid: str) -> None:
    project.write(
        "migrations/0004_x.sql",
        "CREATE TABLE x (y);\n" + "INSERT INTO x VALUES (1);\n" * 93 + "INSERT INTO ran VALUES (4);\n",
    )
    apply(project, cloud)
    whole(cloud, uuid, 4)


def test_a_failure_that_only_rows_show_rolls_the_migration_back(cloud: Cloud, project: Project, uuid: str) -> None:
    project.write("migrations/0004_x.sql", "INSERT INTO ran VALUES (4);\nCREATE UNIQUE INDEX twice ON ran (n > 0);\n")
    project.write("migrations/0005_y.sql", "INSERT INTO ran VALUES (5);\n")
    done = apply(project, cloud, check=False)
    assert done.returncode == 1
    assert done.stdout.count("applied") == 3
    assert done.stderr.endswith(
        "error: migrations/0004_x.sql: UNIQUE constraint failed: index 'twice'\n0004_x.sql was rolled back whole\n"
        "hint: nothing was changed; mend the rows or the file, and apply again; the migrations before it stay applied\n"
    )
    whole(cloud, uuid)


AMBIGUOUS: list[Fault] = [
    faults.dropped, faults.dropped_afterwards, faults.truncated,
    faults.status(500), faults.status(502), faults.status(504), faults.status(504, run=True), faults.status(500, run=True),
    faults.error(400, 7500, "Network connection lost.", run=True), faults.error(400, 7500, "D1 DB reset because its code was updated."),
]  # fmt: skip
REFUSED: list[Fault] = [faults.limited(1), faults.limited()]


@pytest.mark.parametrize("number", range(1, COUNT + 1))
@pytest.mark.parametrize("fault", [*AMBIGUOUS, *REFUSED], ids=lambda fault: str(getattr(fault, "__name__", fault)))
def test_a_fault_in_a_migrations_request(cloud: Cloud, project: Project, uuid: str, fault: Fault, number: int) -> None:
    cloud.fault(fault, method="POST", path="/query", body=f"{number:04d}_")
    done = apply(project, cloud)
    assert done.stdout.count("applied") == COUNT
    assert cloud.waiting == 0
    whole(cloud, uuid)


@pytest.mark.parametrize(
    "fault", [*AMBIGUOUS, *REFUSED, faults.slow(0.5)], ids=lambda fault: str(getattr(fault, "__name__", fault))
)
def test_a_fault_in_what_only_reads(cloud: Cloud, project: Project, uuid: str, fault: Fault) -> None:
    cloud.fault(fault, method="POST", path="/raw")
    cloud.fault(fault, method="GET", path="/bookmark")
    apply(project, cloud)
    assert cloud.waiting == 0
    whole(cloud, uuid)


def test_faults_one_after_another(cloud: Cloud, project: Project, uuid: str) -> None:
    cloud.fault(faults.dropped_afterwards, method="POST", path="/query", body="0002_")
    cloud.fault(faults.status(504), method="POST", path="/raw", body="d1_migrations", times=1)
    cloud.fault(faults.dropped, method="POST", path="/query", body="0003_", times=2)
    apply(project, cloud)
    assert cloud.waiting == 0
    whole(cloud, uuid)


def test_nobody_knows_and_the_next_run_goes_on(cloud: Cloud, project: Project, uuid: str) -> None:
    apply(project, cloud, "--to", "1")
    seen = {"looked": False}

    def after_the_look(_: object) -> bool:
        first, seen["looked"] = not seen["looked"], True
        return not first

    cloud.fault(faults.dropped_afterwards, method="POST", path="/query", body="0002_")
    cloud.fault(faults.status(503), method="POST", path="/raw", body=after_the_look, times=50)
    done = apply(project, cloud, check=False)
    assert done.returncode == 1
    assert "error: POST " in done.stderr
    assert "0002_t.sql was sent, and nobody can say whether it was applied" in done.stderr
    assert "applying again goes on where it stopped, and does nothing twice" in done.stderr
    cloud.mend()
    assert apply(project, cloud).stdout.count("applied") == 1
    whole(cloud, uuid)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (faults.token_refused, (4, "or run: wrangler login")),
        (faults.over_quota, (1, "Cloudflare refuses")),
        (faults.error(404, 7404, "The database could not be found"), (1, "hint: see the account's databases with: progy db list")),
    ],
    ids=["token", "quota", "missing"],
)  # fmt: skip
def test_a_request_that_is_refused_for_good(
    cloud: Cloud, project: Project, uuid: str, fault: Fault, expected: tuple[int, str]
) -> None:
    for method, path in (("POST", "/raw"), ("GET", "/bookmark"), ("POST", "/query")):
        cloud.fault(fault, method=method, path=path)
        done = apply(project, cloud, check=False)
        assert (done.returncode, cloud.waiting) == (expected[0], 0), done.stderr
        assert expected[1] in done.stderr
        assert cloud.query(uuid, "SELECT name FROM sqlite_schema WHERE name = 'ran'") == []
    apply(project, cloud)
    whole(cloud, uuid)


def test_eight_appliers_at_once(cloud: Cloud, project: Project, uuid: str) -> None:
    for number in range(COUNT + 1, 11):
        project.write(f"migrations/{number:04d}_t.sql", f"INSERT INTO ran VALUES ({number});\n")
    # The first one waits until all have seen that everything is pending.
    everybody = threading.Barrier(8, timeout=100)
    cloud.fault(lambda run: (everybody.wait(), run())[1], method="POST", body="0001_a.sql", times=8)
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda _: apply(project, cloud, check=False), range(8)))
    assert [one.returncode for one in done] == [0] * 8, [one.stderr for one in done]
    assert sum(one.stdout.count("applied 00") for one in done) == 10
    assert any("has just been applied by another run" in one.stderr for one in done)
    whole(cloud, uuid, 10)


def test_another_file_of_the_same_name_was_faster(cloud: Cloud, project: Project, uuid: str) -> None:
    apply(project, cloud, "--to", "2")
    other = project.read("migrations/0003_t.sql")
    sent: list[bool] = []

    def meanwhile(body: object) -> bool:
        if not sent and "INSERT INTO" in str(body):
            sent.append(True)
            cloud.query(uuid, "INSERT INTO d1_migrations (name) VALUES ('0003_t.sql')")
            cloud.query(
                uuid,
                "INSERT INTO progy_d1_migrations (name, checksum, version, run) VALUES ('0003_t.sql', 'another', '1', 'r')",
            )
        return False

    cloud.fault(faults.dropped, method="POST", path="/query", body=meanwhile)
    done = apply(project, cloud, check=False)
    assert done.returncode == 1
    assert "another run has just applied a different 0003_t.sql" in done.stderr
    assert ran(cloud, uuid) == [1, 2]
    assert project.read("migrations/0003_t.sql") == other


def test_killed_at_any_moment(cloud: Cloud, project: Project, uuid: str) -> None:
    for number in range(COUNT + 1, 31):
        project.write(f"migrations/{number:04d}_t.sql", f"INSERT INTO ran VALUES ({number});\n")
    chance = random.Random(4)  # noqa: S311 - the same moments each time
    environment = {**clean_environment(), **cloud.environment()}
    kills = 0
    for _ in range(40):
        process = subprocess.Popen(
            [sys.executable, "-m", "progy", "apply", "--remote", "--yes"],
            cwd=project.root, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        time.sleep(chance.uniform(0.25, 0.7))
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
            kills += 1
        process.wait(30)
        done = len(ledger(cloud, uuid)) if cloud.query(uuid, "SELECT 1 FROM sqlite_schema WHERE name = 'ran'") else 0
        if done:
            whole(cloud, uuid, done)
        if done == 30:
            break
    apply(project, cloud)
    whole(cloud, uuid, 30)
    assert kills


def test_taking_turns_with_wrangler(cloud: Cloud, project: Project, uuid: str, wrangler: Wrangler) -> None:
    environment = cloud.environment()
    apply(project, cloud, "--to", "1")
    listed = wrangler.run("d1", "migrations", "list", "DB", "--remote", cwd=project.root, env=environment, check=True)
    assert "0001_a.sql" not in listed.stdout
    assert "0002_t.sql" in listed.stdout
    wrangler.run("d1", "migrations", "apply", "DB", "--remote", cwd=project.root, env=environment, check=True)
    assert ran(cloud, uuid) == [1, 2, 3]
    assert apply(project, cloud).stderr == "DB (remote) is up to date\n"
    project.write("migrations/0004_x.sql", "INSERT INTO ran VALUES (4);\n")
    apply(project, cloud)
    listed = wrangler.run("d1", "migrations", "list", "DB", "--remote", cwd=project.root, env=environment, check=True)
    assert "No migrations to apply!" in listed.stdout
    assert project.progy("status", "--remote", "--exit-code", environment=environment).returncode == 0
    assert ran(cloud, uuid) == [1, 2, 3, 4]


def test_drift_a_baseline_and_repair(cloud: Cloud, project: Project, uuid: str) -> None:
    environment = cloud.environment()
    cloud.query(uuid, "CREATE TABLE ran (n)")
    cloud.query(uuid, "CREATE TABLE t2 (a)")
    done = project.progy("status", "--remote", environment=environment)
    said = "warning: DB (remote) has tables that the migrations make (ran, t2), and its ledger has no migration\n"
    assert said in done.stderr
    assert "progy baseline NAME --remote" in done.stderr
    assert said in apply(project, cloud, check=False).stderr
    wrong = project.progy("baseline", "3", "--remote", "--yes", environment=environment, check=False)
    assert (wrong.returncode, wrong.stdout) == (1, "differs drop table t3\n")
    assert project.progy("baseline", "2", "--remote", environment=environment, check=False).returncode == 2
    project.progy("baseline", "2", "--remote", "--yes", environment=environment)
    assert ledger(cloud, uuid) == ["0001_a.sql", "0002_t.sql"]
    apply(project, cloud)
    assert ran(cloud, uuid) == [3]
    cloud.query(uuid, "CREATE INDEX mine ON t2 (a)")
    assert "create index mine on t2" in project.progy("status", "--remote", environment=environment).stderr
    assert (
        project.progy("diff", "migrations", "remote", environment=environment).stdout
        == "CREATE INDEX mine ON t2 (a);\n"
    )
    cloud.query(uuid, "DROP INDEX mine")
    (project.root / "migrations/0003_t.sql").rename(project.root / "migrations/0004_t.sql")
    apply(project, cloud, "--repair")
    assert ledger(cloud, uuid) == ["0001_a.sql", "0002_t.sql", "0004_t.sql"]


def test_the_preview_database_and_one_by_name(cloud: Cloud, project: Project, uuid: str) -> None:
    preview = cloud.create("preview")
    text = project.read("wrangler.jsonc")
    project.write("wrangler.jsonc", text.replace(f'"{uuid}"', f'"{uuid}", "preview_database_id": "{preview}"'))
    environment = cloud.environment()
    project.progy("apply", "--preview", "--yes", environment=environment)
    whole(cloud, preview)
    assert cloud.query(uuid, "SELECT name FROM sqlite_schema WHERE name = 'ran'") == []
    project.write("wrangler.jsonc", text.replace(f', "database_id": "{uuid}"', ""))
    apply(project, cloud)
    whole(cloud, uuid)
    missing = project.progy("apply", "--preview", "--yes", environment=environment, check=False)
    assert "DB has no preview_database_id, so there is no preview database" in missing.stderr
    both = project.progy("apply", "--preview", "--remote", environment=environment, check=False)
    assert (both.returncode, both.stderr.splitlines()[0]) == (2, "error: --remote and --preview exclude each other")


def test_a_terminal_is_asked(cloud: Cloud, project: Project, uuid: str) -> None:
    for answer, code in (("n", 3), ("y", 0)):
        with terminal(project, "apply", "--remote", **cloud.environment()) as asked:
            assert "apply 3 migrations to DB (remote), shop?" in asked.until("[y/N] ")
            asked.answer(answer)
            assert asked.done()[0] == code
    whole(cloud, uuid)


@pytest.mark.parametrize(
    "text",
    [
        "CREATE TABLE x (y);\nINSERT INTO d1_migrations (name) VALUES ('0001_a.sql');\n",
        "CREATE TABLE x (y);\nINSERT INTO d1_migrations (name) VALUES ('0004_x.sql');\n",
    ],
)
def test_a_migration_that_writes_what_the_ledger_has_is_not_another_runs(
    cloud: Cloud, project: Project, uuid: str, text: str
) -> None:
    project.write("migrations/0004_x.sql", text)
    done = apply(project, cloud, check=False)
    assert done.returncode == 1
    assert "UNIQUE constraint failed: d1_migrations.name\n0004_x.sql was rolled back whole" in done.stderr
    whole(cloud, uuid)


def test_a_migration_that_takes_its_row_away_is_undone(cloud: Cloud, project: Project, uuid: str) -> None:
    # A row that the rehearsal hasn't keeps it from seeing that.
    apply(project, cloud)
    project.write(
        "migrations/0004_x.sql",
        "CREATE TABLE gone (a);\nDELETE FROM d1_migrations WHERE (SELECT count(*) FROM ran) > 0;\n",
    )
    done = apply(project, cloud, "--allow-data-loss", check=False)
    assert done.returncode == 1
    assert "the migration takes its own row out of the ledger" in done.stderr
    whole(cloud, uuid)


def test_a_reference_that_dangles_at_the_end(cloud: Cloud, project: Project, uuid: str) -> None:
    apply(project, cloud)
    cloud.query(uuid, "CREATE TABLE p (id INTEGER PRIMARY KEY)")
    cloud.query(uuid, "CREATE TABLE c (p REFERENCES p (id))")
    project.write("migrations/0004_x.sql", "PRAGMA defer_foreign_keys = ON;\nINSERT INTO c VALUES (9);\n")
    cloud.forget()
    done = apply(project, cloud, check=False)
    assert done.returncode == 1
    assert "a reference that was deferred to the end leads nowhere\n0004_x.sql was rolled back whole" in done.stderr
    assert calls(cloud).count("POST query") == 1
    whole(cloud, uuid)


def test_what_the_rehearsal_cannot_know_is_left_to_the_database(cloud: Cloud, project: Project, uuid: str) -> None:
    apply(project, cloud)
    cloud.query(uuid, "CREATE TABLE settings (name)")
    cloud.query(uuid, "INSERT INTO settings VALUES ('tenant')")
    cloud.query(
        uuid,
        "CREATE TRIGGER guard BEFORE INSERT ON t2 WHEN NOT EXISTS (SELECT 1 FROM settings) "
        "BEGIN SELECT RAISE(ABORT, 'no tenant'); END",
    )
    cloud.query(uuid, "ANALYZE")
    project.write(
        "migrations/0004_x.sql", "INSERT INTO t2 VALUES (1);\nCREATE TABLE late (a);\nINSERT INTO ran VALUES (4);\n"
    )
    project.write("migrations/0005_y.sql", "DELETE FROM sqlite_stat1;\nANALYZE;\nINSERT INTO ran VALUES (5);\n")
    apply(project, cloud, "--allow-data-loss")
    whole(cloud, uuid, 5)
    # What stands behind such a one is still looked at, with what it makes.
    project.write("migrations/0006_z.sql", "INSERT INTO t2 VALUES (1);\nCREATE TABLE later (a);\n")
    project.write("migrations/0007_z.sql", "CREATE TABLE later (a);\n")
    cloud.forget()
    done = apply(project, cloud, check=False)
    assert "table later already exists\n0007_z.sql would fail on DB (remote); nothing was sent" in done.stderr
    assert set(calls(cloud)) == {"POST raw"}


def test_two_environments_are_told_apart(cloud: Cloud, project: Project, uuid: str) -> None:
    staging = cloud.create("shop-staging")
    text = project.read("wrangler.jsonc")
    entry = f'{{"binding": "DB", "database_name": "shop-staging", "database_id": "{staging}"}}'
    environments = f', "env": {{"staging": {{"d1_databases": [{entry}]}}}}}}'
    project.write("wrangler.jsonc", text.rstrip().removesuffix("}").rstrip(", \n") + environments)
    with terminal(project, "apply", "--remote", "--env", "staging", **cloud.environment()) as asked:
        assert "apply 3 migrations to DB (remote, staging), shop-staging?" in asked.until("[y/N] ")
        asked.answer("y")
        code, rest = asked.done()
    assert code == 0
    assert re.search(r"undo with: progy rollback [0-9a-f-]+ --remote --env staging\n", rest)
    whole(cloud, staging)
    assert cloud.query(uuid, "SELECT name FROM sqlite_schema WHERE name = 'ran'") == []


@pytest.mark.parametrize("json_too", [False, True])
def test_ctrl_c_during_a_request(cloud: Cloud, project: Project, uuid: str, *, json_too: bool) -> None:
    cloud.fault(faults.slow(3, after=True), method="POST", path="/query", body="0002_")
    with subprocess.Popen(
        [sys.executable, "-m", "progy", "apply", "--remote", "--yes", *(["--json"] if json_too else [])],
        cwd=project.root, env={**clean_environment(), **cloud.environment()}, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
    ) as process:  # fmt: skip
        deadline = time.monotonic() + 30
        while not any("0002_" in str(call.body) for call in cloud.requests):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        time.sleep(0.3)
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 130, out + err
    if json_too:
        result = json.loads(out)
        assert [one["name"] for one in result["applied"]] == ["0001_a.sql"]
        assert result["error"]["message"] == "interrupted; 0002_t.sql may have been sent"
    else:
        assert "undo with: progy rollback" in err
        assert err.endswith(
            "error: interrupted; 0002_t.sql may have been sent\n"
            "hint: see with: progy status --remote; applying again goes on, and does nothing twice\n"
        )
    apply(project, cloud)
    whole(cloud, uuid)
