"""`[tool.progy.docs]`, what it does to the pages, and what `gen docs` says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from progy import config
from progy.docs.catalogue import Viewpoint
from progy.docs.patterns import matches, without
from progy.docs.settings import Settings
from progy.emit import outputs
from progy.errors import ConfigError, ProgyError
from progy.generate import Generated
from tests.unit.schemas import SCHEMA

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Project

SAID = """
[tool.progy.docs]
folder = "handbook/db"
title = "The shop"
exclude = ["cache_*"]
viewpoints = [
  { name = "Money", description = "Who paid.", tables = ["orders"] },
  { name = "All", tables = ["*"] },
]
"""


def test_what_is_said(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(SAID, encoding="utf-8")

    found = config.load(tmp_path)

    assert (found.docs, found.title) == ("handbook/db", "The shop")
    assert found.documentation == Settings(
        ("cache_*",), (Viewpoint("Money", ("orders",), "Who paid."), Viewpoint("All", ("*",)))
    )


def test_a_folder_alone_and_the_environment_before_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.progy]\ndocs = "db"\n', encoding="utf-8")
    assert (config.load(tmp_path).docs, config.load(tmp_path).documentation) == ("db", None)

    (tmp_path / "pyproject.toml").write_text(SAID, encoding="utf-8")
    monkeypatch.setenv("PROGY_DOCS", "elsewhere")
    monkeypatch.setenv("PROGY_TITLE", "Another")
    assert (config.load(tmp_path).docs, config.load(tmp_path).title) == ("elsewhere", "Another")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("docs = 1", "[tool.progy] docs must be a string, not 1"),
        ('title = "x"', "[tool.progy] has no key 'title'"),
        ("docs.folder = 1", "[tool.progy.docs] folder must be a string, not 1"),
        ("docs.title = []", "[tool.progy.docs] title must be a string, not []"),
        ("docs.hide = []", "[tool.progy.docs] has no key 'hide'"),
        ('docs.exclude = "a"', "[tool.progy.docs] exclude must be an array of strings, not 'a'"),
        ("docs.exclude = [1]", "[tool.progy.docs] exclude must be an array of strings, not [1]"),
        ("docs.viewpoints = {}", "[tool.progy.docs] viewpoints must be an array of tables"),
        ("docs.viewpoints = [1]", "[tool.progy.docs] a viewpoint has a name, tables, and perhaps a description"),
        (
            'docs.viewpoints = [{name = "a", groups = []}]',
            "[tool.progy.docs] a viewpoint has a name, tables, and perhaps a description",
        ),
        ('docs.viewpoints = [{tables = ["a"]}]', "[tool.progy.docs] a viewpoint has no name"),
        ("docs.viewpoints = [{name = 1}]", "[tool.progy.docs] name must be a string, not 1"),
        (
            'docs.viewpoints = [{name = "a", tables = "b"}]',
            "[tool.progy.docs] viewpoint 'a': tables must be an array of strings, not 'b'",
        ),
        (
            'docs.viewpoints = [{name = "a"}, {name = "a"}]',
            "[tool.progy.docs] two viewpoints are called 'a'",
        ),
    ],
)
def test_what_is_wrong_is_told(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "pyproject.toml").write_text(f"[tool.progy]\n{text}\n", encoding="utf-8")

    with pytest.raises(ConfigError) as caught:
        config.load(tmp_path)

    assert caught.value.message == message


@pytest.mark.parametrize(
    ("name", "pattern", "meant"),
    [
        ("Users", "users", True),
        ("user_sessions", "USER_*", True),
        ("users", "user", False),
        ("a[b]", "a[b]", True),
        ("ab", "a[b]", True),
        ("a\nb", "a?b", True),
    ],
)
def test_patterns(name: str, pattern: str, meant: bool) -> None:  # noqa: FBT001 - a case
    assert matches(name, [pattern]) is meant


def test_what_is_excluded_takes_along_what_belongs_to_it() -> None:
    found = without(SCHEMA, ["USERS", "t*s"])

    assert [*found.tables] == ["sessions"]
    assert (found.virtual_tables, found.indexes, found.triggers) == ({}, {}, {})
    assert [*found.views] == ["admins"]


def test_what_names_nothing_is_said() -> None:
    settings = Settings(("users", "usrs"), (Viewpoint("Money", ("bill*", "tags")),))

    assert [*settings.unmatched(["users", "tags"])] == [
        "[tool.progy.docs] exclude: nothing is called 'usrs'",
        "[tool.progy.docs] viewpoint 'Money': nothing is called 'bill*'",
    ]


def test_a_viewpoint_that_no_table_is_in_is_said() -> None:
    settings = Settings(viewpoints=(Viewpoint("Money", ()), Viewpoint("People", ())))
    assert [*settings.unmatched(["users"], [Viewpoint("People", ("users",))])] == [
        "[tool.progy.docs] viewpoint 'Money': no table is in it"
    ]
    # Without models nobody knows which tables would join it.
    assert [*settings.unmatched(["users"])] == []


def test_gen_docs_follows_the_settings(project: Project) -> None:
    project.write(
        "pyproject.toml",
        '[tool.progy.docs]\ntitle = "Shop"\nexclude = ["orders"]\n'
        'viewpoints = [{name = "People", tables = ["customers", "clients"]}]\n',
    )

    done = project.progy("gen", "docs")

    warning = "warning: [tool.progy.docs] viewpoint 'People': nothing is called 'clients'\n"
    assert done.stderr == warning
    names = ("README.md", "bindings.md", "customers.md", "index.html", "schema.json", "schema.svg")
    assert sorted(done.stdout.split()[1::2]) == [f"docs/schema/{name}" for name in (*names, "viewpoint-People.md")]
    assert "# Shop\n" in project.read("docs/schema/README.md")


def test_what_means_nothing_is_warned_about_without_models_too(project: Project) -> None:
    project.write("schema.sql", "CREATE TABLE a (id INTEGER PRIMARY KEY, b TEXT);")
    project.write("pyproject.toml", '[tool.progy.docs]\nexclude = ["b"]\nviewpoints = [{ name = "Nobody" }]\n')
    warning = "warning: [tool.progy.docs] exclude: nothing is called 'b'\n"
    assert project.progy("gen", "docs", "--from", "schema.sql").stderr == warning
    done = project.progy("gen", "docs")
    assert done.stderr == f"{warning}warning: [tool.progy.docs] viewpoint 'Nobody': no table is in it\n"
    done = project.progy("docs", "lint", check=False)
    assert "error PD741 [tool.progy.docs] viewpoint 'Nobody': no table is in it\n" in done.stdout


def test_models_say_their_viewpoints(project: Project) -> None:
    models = project.read("models.py").replace(
        '__tablename__ = "orders"', '__tablename__ = "orders"\n    __table_args__ = {"info": {"viewpoints": ["Money"]}}'
    )
    project.write("models.py", models)
    project.progy("gen", "docs")
    assert "[`orders`](orders.md)" in project.read("docs/schema/viewpoint-Money.md")

    project.write("models.py", models.replace('["Money"]', '"Money"'))
    done = project.progy("gen", "docs", check=False)
    assert done.returncode == 1
    assert "models.py:15: Order: viewpoints in info is a list of names, not 'Money'\n" in done.stderr


CHECKED = """\
stale docs/schema/README.md
  @@ -15,3 +15,3 @@
   | --- | --- | --- | --- | --- |
  -| [`customers`](customers.md) | Someone who buys. | 2 |  | [`orders`](orders.md) |
  +| [`customers`](customers.md) | Someone who pays. | 2 |  | [`orders`](orders.md) |
   | [`orders`](orders.md) | What someone bought. | 3 | [`customers`](customers.md) |  |
stale docs/schema/customers.md
  @@ -4,3 +4,3 @@

  -Someone who buys.
  +Someone who pays.

stale docs/schema/index.html
stale docs/schema/old.md
  nothing gives it any more
stale docs/schema/schema.json
stale docs/schema/schema.svg
"""


def test_check_names_the_stale_file_the_difference_and_the_command(project: Project) -> None:
    project.progy("gen", "all")
    project.write("models.py", project.read("models.py").replace("who buys", "who pays"))
    project.write("docs/schema/old.md", "<!-- Generated by progy. -->\n")

    done = project.progy("gen", "docs", "--check", check=False)

    assert (done.returncode, done.stdout) == (1, CHECKED)
    assert done.stderr == "error: 6 files not up to date\nhint: progy gen docs\n"
    value = json.loads(project.progy("gen", "docs", "--check", "--json", check=False).stdout)
    names = ("README.md", "customers.md", "index.html", "old.md", "schema.json", "schema.svg")
    assert value["stale"] == [f"docs/schema/{name}" for name in names]
    assert value["differences"]["docs/schema/old.md"] == []
    assert value["differences"]["docs/schema/customers.md"][2] == "-Someone who buys."


def test_a_file_that_cant_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, text: str) -> None:
        raise OSError(28, f"No room for {text} in {path.name}")

    monkeypatch.setattr(outputs, "write_atomically", full)
    generated = Generated((outputs.Output(tmp_path / "a.md", "x", ()),))
    with pytest.raises(ProgyError, match=r"can't be written: No room for x in a\.md") as caught:
        list(generated.write())
    assert caught.value.where == str(tmp_path / "a.md")


def test_a_long_difference_is_cut(project: Project) -> None:
    project.progy("gen", "all")
    page = project.read("docs/schema/orders.md")
    project.write("docs/schema/orders.md", page.replace("\n", "\x1b[31m" + "x" * 300 + "\n").replace("<!--", "<!--"))

    done = project.progy("gen", "docs", "--check", check=False)

    lines = done.stdout.splitlines()
    assert len(lines) == 14
    assert lines[-1].endswith(" more lines; --json has all")
    assert max(map(len, lines)) == 202
    assert "\x1b" not in done.stdout


def test_the_history_is_of_the_migration_that_is_written_with_it(project: Project) -> None:
    project.progy("gen", "all")
    assert "- create table customers\n" in project.read("docs/schema/migrations.md")
    assert project.progy("gen", "all", "--check").returncode == 0

    project.write("migrations/0002_data.sql", "-- The first one.\nINSERT INTO customers (email) VALUES ('a@b');\n")
    assert project.progy("gen", "docs").stdout == "wrote docs/schema/migrations.md\n"
    assert "\nThe first one.\n\n- Data: adds rows to customers\n" in project.read("docs/schema/migrations.md")
