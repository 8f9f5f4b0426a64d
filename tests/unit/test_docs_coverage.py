"""`progy docs coverage`: the figures, what is missing most, and the floor."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from progy.docs.catalogue import Catalogue, Column, Entity, Trigger
from progy.docs.coverage import Count, measure

if TYPE_CHECKING:
    from tests.conftest import Project


def entity(name: str, described: str, comment: str | None = None, **more: object) -> Entity:
    columns = tuple(
        Column(f"c{number}", "TEXT", nullable=True, comment="x" if one == "+" else None)
        for number, one in enumerate(described)
    )
    return Entity(name, more.pop("kind", "table"), columns, (), comment, **more)  # type: ignore[arg-type]


def test_what_counts() -> None:
    triggers = (Trigger("t", "", "why"), Trigger("u", ""))
    found = measure(
        Catalogue(
            "shop",
            (
                entity("a", "+-", comment="x", triggers=triggers),
                entity("v", "--", kind="view"),
                entity("z", "+", comment="x"),
            ),
        )
    )
    assert found.total == Count(5, 8)
    assert found.kinds() == {
        "tables": Count(2, 2),
        "columns": Count(2, 3),
        "views": Count(0, 1),
        "triggers": Count(1, 2),
    }
    assert [one.name for one in found.worst()] == ["a", "v"]
    assert (found.entities[0].lacking, found.entities[0].unexplained) == (("c1",), ("u",))


def test_a_percentage_is_never_rounded_up() -> None:
    assert [Count(*one).percent for one in ((0, 0), (0, 3), (1, 3), (2, 3), (1999, 2000), (7, 7))] == [
        100, 0, 33.3, 66.6, 99.9, 100,
    ]  # fmt: skip


def test_a_floor_is_held_against_the_exact_figure() -> None:
    assert [Count(1999, 2000).reaches(floor) for floor in (0, 99.9, 99.95, 99.951, 100)] == [
        True, True, True, False, False,
    ]  # fmt: skip
    assert Count(0, 0).reaches(100)
    assert Count(1, 3).reaches(33.3)
    assert not Count(1, 3).reaches(33.34)


def test_the_command(project: Project) -> None:
    done = project.progy("docs", "coverage")
    assert done.stdout == (
        "all       57.1 %  4 of 7\ntables     100 %  2 of 2\ncolumns     40 %  2 of 5\norders      25 %  1 of 4\n"
    )
    assert done.stderr == ""
    assert project.progy("docs", "coverage", "--min", "57.1").returncode == 0


def test_a_floor(project: Project) -> None:
    done = project.progy("docs", "coverage", "--min", "80", check=False)
    assert done.returncode == 1
    assert done.stderr == "57.1 % is less than 80 %\n  orders: id, customer_id, note\n"
    assert project.progy("docs", "coverage", "--min", "101", check=False).returncode == 2
    done = project.progy("docs", "coverage", "--min", "nan", check=False)
    assert (done.returncode, done.stderr) == (2, "error: --min must be a number\nhint: name a percentage: --min 80\n")
    found = json.loads(project.progy("docs", "coverage", "--min", "80", "--json", check=False).stdout)
    assert found == {
        "percent": 57.1, "described": 4, "all": 7,
        "kinds": {
            "tables": {"percent": 100.0, "described": 2, "all": 2},
            "columns": {"percent": 40.0, "described": 2, "all": 5},
        },
        "tables": [
            {"name": "customers", "kind": "table", "percent": 100.0, "described": 3, "all": 3, "columns_without": [], "triggers_without": []},
            {"name": "orders", "kind": "table", "percent": 25.0, "described": 1, "all": 4, "columns_without": ["id", "customer_id", "note"], "triggers_without": []},
        ],
        "min": 80.0, "reached": False,
    }  # fmt: skip


def test_a_trigger_that_alone_is_missing_is_named(project: Project) -> None:
    text = project.read("models.py").replace("from sqlmodel", "from progy import Trigger\nfrom sqlmodel", 1)
    body = "\"SELECT raise(ABORT, 'receipts are kept')\""
    project.write("models.py", f'{text}\n\nkept = Trigger("kept", "BEFORE DELETE", Customer, body={body})\n')
    done = project.progy("docs", "coverage", "--min", "90", check=False)
    assert done.stderr == "50 % is less than 90 %\n  orders: id, customer_id, note\n  customers: trigger kept\n"
    found = json.loads(project.progy("docs", "lint", "--json").stdout)["findings"]
    assert [(one["code"], one["line"]) for one in found] == [("PD702", 16), ("PD704", 26)]


def test_a_database_without_models_describes_nothing(project: Project) -> None:
    many = ", ".join(f"column_{number} TEXT" for number in range(9))
    project.write("schema.sql", f"CREATE TABLE a (id INTEGER PRIMARY KEY, {many}); CREATE VIEW v AS SELECT id FROM a;")
    done = project.progy("docs", "coverage", "--from", "schema.sql", "--min", "1", check=False)
    assert done.stdout.startswith("all          0 %  0 of 12\n")
    assert done.stderr == (
        "0 % is less than 1 %\n  a: itself, id, column_0, column_1, column_2, column_3 and 5 more\n  v: itself\n"
    )
