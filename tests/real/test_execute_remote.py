"""`progy execute` on a database of Cloudflare's, over HTTP, where every statement runs in workerd."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING

import pytest

from tests.real.cloudflare import faults
from tests.real.test_rollback_remote import interrupted
from tests.unit.test_execute import LARGE

if TYPE_CHECKING:
    from subprocess import CompletedProcess

    from tests.conftest import Project
    from tests.real.cloudflare import Cloud


@pytest.fixture
def remote(project: Project, cloud: Cloud) -> str:
    """A database on Cloudflare that the project binds: its id."""
    uuid = cloud.create("shop")
    project.write("wrangler.jsonc", project.read("wrangler.jsonc").replace("shop-id", uuid))
    cloud.query(uuid, f"CREATE TABLE a (i INTEGER PRIMARY KEY, v); INSERT INTO a VALUES (1, {LARGE}), (2, x'00ff')")
    cloud.forget()
    return uuid


def execute(project: Project, cloud: Cloud, *arguments: str, check: bool = True) -> CompletedProcess[str]:
    done = project.progy("execute", "--remote", *arguments, environment=cloud.environment(), check=check)
    assert cloud.token not in done.stdout + done.stderr
    return done


def asked(cloud: Cloud) -> list[str]:
    """The requests so far, by method and the end of the path."""
    return [f"{call.method} {call.path.split('?')[0].rpartition('/')[2]}" for call in cloud.requests]


def count(cloud: Cloud, uuid: str) -> int:
    return int(cloud.query(uuid, "SELECT count(*) AS n FROM a")[0]["n"])


@pytest.mark.usefixtures("remote")
def test_a_read(project: Project, cloud: Cloud) -> None:
    done = execute(project, cloud, "SELECT i, v, i FROM a ORDER BY i", "--csv")
    assert done.stdout == f"i,v,i\n1,{LARGE},1\n2,x'00ff',2\n"
    assert asked(cloud) == ["POST raw", "POST raw"]
    assert execute(project, cloud, "SELECT * FROM a WHERE 0").stdout == "i  v\n-  -\n"
    found = json.loads(execute(project, cloud, "SELECT i, i FROM a; PRAGMA table_info(a)", "--json").stdout)
    assert found[0] == {"columns": ["i", "i_2"], "rows": [{"i": 1, "i_2": 1}, {"i": 2, "i_2": 2}], "changes": 0}
    assert [row["name"] for row in found[1]["rows"]] == ["i", "v"]


@pytest.mark.usefixtures("remote")
def test_a_read_is_sent_again(project: Project, cloud: Cloud) -> None:
    cloud.fault(faults.status(502), method="POST", times=2)
    assert execute(project, cloud, "SELECT count(*) AS n FROM a").stdout == "n\n-\n2\n"
    assert asked(cloud) == ["POST raw"] * 3


def test_a_write_and_the_way_back(project: Project, cloud: Cloud, remote: str) -> None:
    project.write(
        "seed.sql", "-- rows; two\r\nINSERT INTO a (v) VALUES ('a\r\n;b');\r\nDELETE FROM a WHERE i = 1; -- end\r\n"
    )
    done = execute(project, cloud, "--file", "seed.sql")
    assert cloud.query(remote, "SELECT i, v FROM a ORDER BY i") == [{"i": 2, "v": [0, 255]}, {"i": 3, "v": "a\r\n;b"}]
    back, summary = done.stderr.splitlines()
    assert summary == "DB (remote): 2 statements, 2 rows changed"
    assert [request for request in asked(cloud) if "POST" in request] == ["POST raw", "POST raw"]
    project.progy(*back.removeprefix("go back with: progy ").split(), "--yes", environment=cloud.environment())
    assert count(cloud, remote) == 2
    assert cloud.query(remote, "SELECT i FROM a") == [{"i": 1}, {"i": 2}]


@pytest.mark.usefixtures("remote")
def test_columns_of_one_name_in_what_a_write_gives(project: Project, cloud: Cloud) -> None:
    done = execute(project, cloud, "INSERT INTO a (v) VALUES ('x') RETURNING i, v, i * 2 AS i", "--csv")
    assert done.stdout == "i,v,i\n3,x,6\n"
    assert execute(project, cloud, "DELETE FROM a WHERE 0 RETURNING i, i").stdout == "i  i\n-  -\n"


def test_all_or_nothing(project: Project, cloud: Cloud, remote: str) -> None:
    done = execute(project, cloud, "DELETE FROM a;\nINSERT INTO a VALUES (1, 1), (1, 2)", check=False)
    assert done.returncode == 1
    assert "error: SQL: UNIQUE constraint failed: a.i" in done.stderr
    assert count(cloud, remote) == 2
    one = execute(project, cloud, "\n\nINSERT INTO a VALUES (1, 1)", check=False)
    assert "error: SQL:3: UNIQUE constraint failed: a.i" in one.stderr


@pytest.mark.parametrize(
    ("fault", "rows"), [(faults.dropped, 2), (faults.dropped_afterwards, 3), (faults.status(504), 2)]
)
def test_a_write_is_never_sent_twice(
    project: Project, cloud: Cloud, remote: str, fault: faults.Fault, rows: int
) -> None:
    cloud.fault(fault, method="POST", body="INSERT")
    done = execute(project, cloud, "INSERT INTO a (v) VALUES (7)", check=False)
    assert done.returncode == 1
    assert "the statements are one transaction: all of them were carried out, or none\n" in done.stderr
    assert "hint: look which, before you run them again: progy execute 'SELECT …' --remote\n" in done.stderr
    assert asked(cloud).count("POST raw") == 2  # one that reads the ledger
    assert count(cloud, remote) == rows


def test_ctrl_c_while_the_request_is_under_way(project: Project, cloud: Cloud, remote: str) -> None:
    cloud.fault(faults.slow(3, after=True), method="POST", body="INSERT")
    sql = "INSERT INTO a (v) VALUES (7)"
    code, _, err = interrupted(project, cloud, "INSERT", "execute", "--remote", sql)
    assert code == 130
    assert "error: interrupted; the statements may have been sent; the statements are one transaction" in err
    back = err.splitlines()[-1].partition("go back with: ")[2]
    assert count(cloud, remote) == 3
    project.progy(*back.split()[1:], "--yes", environment=cloud.environment())
    assert count(cloud, remote) == 2


def test_advice_names_the_environment(project: Project, cloud: Cloud) -> None:
    staging = json.dumps({"staging": {"d1_databases": [{"binding": "DB", "database_id": str(uuid.uuid4())}]}})
    config = project.read("wrangler.jsonc").replace('"d1_databases"', f'"env": {staging}, "d1_databases"')
    project.write("wrangler.jsonc", config)
    done = execute(project, cloud, "--env", "staging", "SELECT 1", check=False)
    assert "see the account's databases with: progy db list --env staging;" in done.stderr
    wrong = {**cloud.environment(), "CLOUDFLARE_ACCOUNT_ID": "0" * 32}
    refused = project.progy("execute", "--remote", "SELECT 1", environment=wrong, check=False)
    assert refused.returncode == 4
    assert f"hint: look whether {'0' * 32} is the token's account (account_id in the wrangler" in refused.stderr


def test_what_a_lost_answer_advises_is_of_the_same_database(project: Project, cloud: Cloud) -> None:
    staging = cloud.create("shop-staging")
    entry = json.dumps({"staging": {"d1_databases": [{"binding": "DB", "database_id": staging}]}})
    config = project.read("wrangler.jsonc").replace('"d1_databases"', f'"env": {entry}, "d1_databases"')
    project.write("wrangler.jsonc", config)
    project.write("migrations/0001_a.sql", "CREATE TABLE a (x);\n")
    cloud.query(staging, "CREATE TABLE a (x)")
    cloud.fault(faults.status(504), method="POST", path="/query")
    options = ["--remote", "--yes", "--env", "staging", "--database", "DB"]
    done = project.progy("baseline", "1", *options, environment=cloud.environment(), check=False)
    where = "--remote --env staging --database DB"
    assert done.stderr.splitlines()[-1] == (
        f"hint: look before you do it again: progy status {where} shows the migrations, "
        f"progy execute 'SELECT …' {where} the rows"
    )


def test_what_d1_would_refuse_is_never_sent(project: Project, cloud: Cloud, remote: str) -> None:
    project.write("seed.sql", "INSERT INTO a (v) VALUES (7);\n" * 101)
    done = execute(project, cloud, "--file", "seed.sql", check=False)
    assert (done.returncode, cloud.requests) == (2, [])
    assert count(cloud, remote) == 2


def test_an_import(project: Project, cloud: Cloud, remote: str) -> None:
    project.write("seed.sql", "INSERT INTO a (v) VALUES ('é;'); -- so\n" * 250)
    done = execute(project, cloud, "--file", "seed.sql", "--import", "--yes")
    assert count(cloud, remote) == 252
    assert "go back with: progy rollback " in done.stderr
    assert done.stderr.endswith("imported into DB (remote)\n")
    assert asked(cloud).index("GET bookmark") < asked(cloud).index("POST import")


def test_an_import_that_fails(project: Project, cloud: Cloud, remote: str) -> None:
    project.write("seed.sql", "INSERT INTO a (v) VALUES (7);\nINSERT INTO a VALUES (1, 1);\n")
    done = execute(project, cloud, "--file", "seed.sql", "--import", "--yes", check=False)
    assert done.returncode == 1
    assert "the import failed: UNIQUE constraint failed: a.i" in done.stderr
    assert count(cloud, remote) == 2
