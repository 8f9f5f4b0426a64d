"""`progy execute` beside workerd and wrangler: the same JSON, the same database, and digits that workerd would lose."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from progy.d1.database import Result
from progy.data import execute
from tests.unit.test_execute import LARGE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.conftest import Project
    from tests.real.engine import D1, D1Database, Wrangler

VALUES = "SELECT 1 AS i, 1.5 AS r, 'Zoë''s' AS t, x'00ff' AS b, NULL AS n, 2.0 AS w, -7 AS m, '' AS e, 9e999 AS inf, x'' AS eb"


def test_json_is_what_d1_gives(project: Project, d1: D1) -> None:
    (ours,) = json.loads(project.progy("execute", "--json", VALUES).stdout)
    assert ours["rows"] == d1.fresh().query(VALUES)


def test_a_seed_file_of_any_length_is_what_wrangler_sees(project: Project, wrangler: Wrangler) -> None:
    project.write(
        "seed.sql", "CREATE TABLE a (b UNIQUE);\n" + "".join(f"INSERT INTO a VALUES ({at});\n" for at in range(300))
    )
    project.progy("execute", "--file", "seed.sql")
    done = wrangler.run("d1", "execute", "DB", "--local", "--json", "--command", "SELECT count(*) AS n FROM a", cwd=project.root, check=True)  # fmt: skip
    assert json.loads(done.stdout)[0]["results"] == [{"n": 300}]


class Workerd:
    """A D1 on workerd as a remote database: what it gives went through JSON."""

    label = "DB (remote)"
    remote = True
    size: int | None = None

    def __init__(self, database: D1Database) -> None:
        self._database = database

    def read(self, statements: Sequence[str]) -> list[Result]:
        return [self._result(rows) for rows in self._database.batch(statements)]

    def write(self, text: str, *, where: str) -> None:
        self.execute(text, where=where)

    def execute(self, text: str, *, where: str) -> list[Result]:
        del where
        return [self._result(rows) for rows in self._database.script(text)]

    def _result(self, rows: list[dict[str, Any]]) -> Result:
        columns = tuple(rows[0]) if rows else ()
        return Result(columns, tuple(tuple(row.values()) for row in rows))


def test_large_integers_come_back_from_workerd_with_all_their_digits_and_in_order(d1: D1) -> None:
    database = Workerd(d1.fresh())
    rows = ", ".join(f"({at}, {LARGE + at * 2})" for at in range(50))
    text = f"CREATE TABLE a (i, large); -- rows; many\r\nINSERT INTO a VALUES {rows};\nINSERT INTO a VALUES ('i5', 2.5), ('t\r\nx', x'74');"
    execute.run(execute.script(text, where="x"), database)
    plain = database.read(["SELECT large FROM a WHERE i = 0"])[0].rows
    assert plain == ((LARGE - 1,),)  # what workerd's JSON makes of it
    query = execute.script(
        "SELECT i, large FROM a WHERE typeof(i) = 'integer' ORDER BY large DESC LIMIT 40;\n"
        "SELECT * FROM a WHERE typeof(i) = 'text' ORDER BY i; VALUES (1), (2.0);\n"
        "WITH b AS (SELECT large AS x FROM a ORDER BY i LIMIT 2) SELECT max(x) AS x FROM b",
        where="x",
    )
    outcome = execute.run(query, database)
    assert outcome.exact
    first, texts, numbers, last = (result.rows for result in outcome.results)
    assert first == tuple((at, LARGE + at * 2) for at in range(49, 9, -1))
    assert texts == (("i5", 2.5), ("t\r\nx", [0x74]))
    assert numbers == ((1,), (2.0,))
    assert last == ((LARGE + 2,),)
