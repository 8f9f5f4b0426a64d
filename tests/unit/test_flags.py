"""What `--rename`, `--rename-table` and `--backfill` mean, held against two schemas; and what models declare."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from progy.d1.connection import Connection
from progy.diff.decisions import ColumnRename, Decisions, TableRename
from progy.diff.questions import MissingValue, RenamedColumn, RenamedTable
from progy.errors import ModelError, UsageError
from progy.migrations.flags import Flags, declared, expression_fault, resolve
from progy.schema.models import Model, ModelColumn, Models
from progy.schema.objects import Column, Schema, Table, fold
from progy.sql.names import always_quote

if TYPE_CHECKING:
    from collections.abc import Sequence


def schema(**tables: str) -> Schema:
    """Tables with columns, given as `users="id name"`."""
    return of([(name, columns.split()) for name, columns in tables.items()])


def of(tables: Sequence[tuple[str, Sequence[str]]]) -> Schema:
    return Schema({fold(name): Table(name, tuple(map(Column, columns))) for name, columns in tables})


OLD = schema(users="id name Bio", account="id name", posts="id title")
NEW = schema(users="id full_name Bio username", accounts="id login", posts="id title")
ODD_OLD = of([("my.users", ["a:b", "c d", 'say "hi"', "x=y"]), ("my", ["users.a:b"])])
ODD_NEW = of([("my.users", ["b:c", "cd", "hi", "x=y"]), ("my", ["users.b"])])


@pytest.mark.parametrize(
    ("old", "new", "flag", "table", "column", "becomes"),
    [
        (OLD, NEW, "users.name:users.full_name", "users", "name", "full_name"),
        (OLD, NEW, "USERS.Name:Users.FULL_NAME", "users", "name", "full_name"),
        (OLD, NEW, '"users".[name]:`users`."full_name"', "users", "name", "full_name"),
        (ODD_OLD, ODD_NEW, "my.users.a:b:my.users.b:c", "my.users", "a:b", "b:c"),
        (ODD_OLD, ODD_NEW, "my.users.c d:my.users.cd", "my.users", "c d", "cd"),
        (ODD_OLD, ODD_NEW, 'my.users.say "hi":my.users.hi', "my.users", 'say "hi"', "hi"),
        (ODD_OLD, ODD_NEW, '"my.users"."say ""hi""":"my.users".hi', "my.users", 'say "hi"', "hi"),
    ],
)
def test_a_rename_names_columns_as_sqlite_does(  # noqa: PLR0913, PLR0917 - a table of cases
    old: Schema, new: Schema, flag: str, table: str, column: str, becomes: str
) -> None:
    assert resolve(Flags(renames=(flag,)), old, new).columns == (ColumnRename(table, column, becomes),)


@pytest.mark.parametrize("left", ["account", "accounts", "ACCOUNT", '"account"'])
@pytest.mark.parametrize("table_flag", [(), ("account:accounts",)])
def test_a_column_of_a_table_that_is_renamed_too(left: str, table_flag: tuple[str, ...]) -> None:
    flags = Flags(renames=(f"{left}.name:accounts.login",), table_renames=table_flag)
    if left == "accounts" and not table_flag:
        with pytest.raises(UsageError, match=r"there is no column accounts\.name$"):
            resolve(flags, OLD, NEW)
        return
    assert resolve(flags, OLD, NEW) == Decisions(
        tables=(TableRename("account", "accounts"),), columns=(ColumnRename("accounts", "name", "login"),)
    )


def test_two_columns_may_take_each_others_name_and_so_may_two_tables() -> None:
    both = schema(a="x y", b="x y")
    found = resolve(Flags(renames=("a.x:a.y", "a.y:a.x")), both, both)
    assert found.columns == (ColumnRename("a", "x", "y"), ColumnRename("a", "y", "x"))
    found = resolve(Flags(renames=("a.x:b.y",), table_renames=("a:b", "b:a")), both, both)
    assert found.tables == (TableRename("a", "b"), TableRename("b", "a"))
    assert found.columns == (ColumnRename("b", "x", "y"),)


def test_a_names_case_alone_may_change() -> None:
    found = resolve(Flags(renames=("users.BIO:users.bio",)), OLD, schema(users="id name bio"))
    assert found.columns == (ColumnRename("users", "Bio", "bio"),)


@pytest.mark.parametrize(
    ("flags", "message", "hint"),
    [
        (
            Flags(renames=("users.nmae:users.full_name",)),
            "--rename users.nmae:users.full_name: there is no column users.nmae",
            "did you mean users.name?",
        ),
        (
            Flags(renames=("users.name:users.fullname",)),
            "--rename users.name:users.fullname: there will be no column users.fullname",
            "did you mean users.full_name?",
        ),
        (
            Flags(renames=("users.name",)),
            "--rename users.name: there is no colon in it",
            "a rename goes OLD:NEW",
        ),
        (
            Flags(renames=("users.gone:users.Bio",)),
            "--rename users.gone:users.Bio: users.Bio is there already: the rename seems to be done",
            "leave the flag out",
        ),
        (
            Flags(renames=("posts.title:users.full_name",)),
            "--rename posts.title:users.full_name: posts isn't what users was called",
            "a column can't move to another table; copy it with --backfill",
        ),
        (
            Flags(table_renames=("acount:accounts",)),
            "--rename-table acount:accounts: there is no table acount",
            "did you mean account?",
        ),
        (
            Flags(table_renames=("account:acounts",)),
            "--rename-table account:acounts: there will be no table acounts",
            "did you mean accounts?",
        ),
        (
            Flags(table_renames=("people:users",)),
            "--rename-table people:users: users is there already: the rename seems to be done",
            "leave the flag out",
        ),
        (
            Flags(renames=("users.name:users.full_name", "users.Bio:users.full_name")),
            "users.full_name is renamed both from name and from Bio",
            "leave one of the flags out",
        ),
        (
            Flags(renames=("users.name:users.full_name", "users.name:users.username")),
            "users.name is renamed both to full_name and to username",
            "leave one of the flags out",
        ),
        (
            Flags(backfills=("users.usrname=1",)),
            "--backfill users.usrname=1: there will be no column users.usrname",
            "did you mean users.username?",
        ),
        (
            Flags(backfills=("users.username",)),
            "--backfill users.username: there is no = in it",
            "--backfill TABLE.COLUMN=EXPRESSION",
        ),
        (Flags(backfills=("users.username=",)), "--backfill users.username=: it is empty", None),
        (
            Flags(backfills=("users.username=1; DROP TABLE users",)),
            "--backfill users.username=1; DROP TABLE users: ';' doesn't belong into an expression",
            None,
        ),
    ],
)
def test_a_flag_that_makes_no_sense_says_why(flags: Flags, message: str, hint: str | None) -> None:
    with pytest.raises(UsageError) as caught:
        resolve(flags, OLD, NEW)
    assert (caught.value.message, caught.value.hint, caught.value.exit_code) == (message, hint, 2)


def test_a_flag_with_two_readings_is_refused_and_quotes_decide() -> None:
    old = of([("a", ["b.c"]), ("a.b", ["c"])])
    new = of([("a", ["d"]), ("a.b", ["d"])])
    assert resolve(Flags(renames=("a.b.c:a.d",)), old, new).columns == (ColumnRename("a", "b.c", "d"),)
    old = of([("t", ["a", "a:t.b"])])
    new = of([("t", ["b:t.c", "c"])])
    with pytest.raises(UsageError, match="can be read in several ways"):
        resolve(Flags(renames=("t.a:t.b:t.c",)), old, new)
    assert resolve(Flags(renames=('t."a":t.b:t.c',)), old, new).columns == (ColumnRename("t", "a", "b:t.c"),)


@pytest.mark.parametrize(
    ("flag", "key", "expression"),
    [
        ("users.username=lower(name)", ("users", "username"), "lower(name)"),
        ("Users.UserName=id = name", ("users", "username"), "id = name"),
        ("my.users.x=y=1", ("my.users", "x=y"), "1"),
        ('"my.users"."x=y"=\'a=b\'', ("my.users", "x=y"), "'a=b'"),
        ("users.username=(SELECT max(title) FROM posts)", ("users", "username"), "(SELECT max(title) FROM posts)"),
    ],
)
def test_a_backfill_goes_up_to_the_equals_sign_behind_a_column(
    flag: str, key: tuple[str, str], expression: str
) -> None:
    new = of([("users", ["username"]), ("my.users", ["x=y"])])
    assert resolve(Flags(backfills=(flag,)), OLD, new).backfills == {key: expression}


@pytest.mark.parametrize(
    ("expression", "fault"),
    [
        ("0", None),
        ("'it''s; fine'", None),
        ("lower(email)", None),
        ("coalesce(a, (SELECT b FROM c))", None),
        ("", "it is empty"),
        ("1 +", 'near ")": syntax error'),
        ("'open", "a quote is never closed"),
        ("1) , (2", "')' doesn't belong into an expression"),
        ("lowr(1)", "no such function: lowr"),
        ("?", "'?' doesn't belong into an expression"),
    ],
)
def test_what_is_no_expression_is_said(expression: str, fault: str | None) -> None:
    assert expression_fault(expression) == fault


_NAMES = st.text(st.sampled_from("aB.:= \"'`[]"), min_size=1, max_size=5)


@given(st.lists(_NAMES, min_size=4, max_size=4, unique_by=fold))
def test_names_in_quotes_are_found_whatever_they_are_made_of(names: list[str]) -> None:
    table, renamed_table, column, renamed_column = names
    old, new = of([(table, [column])]), of([(renamed_table, [renamed_column])])
    before, after = (f"{always_quote(one)}.{always_quote(other)}" for one, other in (names[::2], names[1::2]))
    found = resolve(Flags(renames=(f"{before}:{after}",), backfills=(f"{after}=1",)), old, new)
    assert found.tables == (TableRename(table, renamed_table),)
    assert found.columns == (ColumnRename(renamed_table, column, renamed_column),)
    assert found.backfills == {(fold(renamed_table), fold(renamed_column)): "1"}


def column_of(name: str, *, renamed_from: str | None = None, backfill: str | None = None) -> ModelColumn:
    return ModelColumn(
        name, name, "str", "str", nullable=False, optional=False, renamed_from=renamed_from, backfill=backfill
    )


def model_of(table: str, *columns: ModelColumn, renamed_from: str | None = None) -> Models:
    return Models((Model(table, "Some", "models", "models.py", 1, columns, renamed_from=renamed_from),), ())


def test_what_models_declare_counts_until_the_history_has_it() -> None:
    models = model_of(
        "accounts",
        column_of("id"),
        column_of("login", renamed_from="name", backfill="lower(login)"),
        column_of("email", backfill="login || '@x'"),
        renamed_from="account",
    )
    assert declared(models, schema(account="id name")) == Decisions(
        tables=(TableRename("account", "accounts"),),
        columns=(ColumnRename("accounts", "name", "login"),),
        backfills={("accounts", "login"): "lower(login)", ("accounts", "email"): "login || '@x'"},
    )
    # The table is renamed already; the column isn't.
    assert declared(models, schema(accounts="id name")).tables == ()
    assert declared(models, schema(accounts="id name")).columns == (ColumnRename("accounts", "name", "login"),)
    done = Table("accounts", (Column("id"), Column("login", not_null=True), Column("email", not_null=True)))
    assert declared(models, Schema({"accounts": done})) == Decisions()
    # Neither name: a new database.
    assert declared(models, Schema()) == Decisions()
    assert declared(models, schema(accounts="id other email")).columns == ()


def test_a_declared_backfill_counts_where_a_column_becomes_required() -> None:
    models = model_of("t", column_of("a", backfill="0"))
    assert declared(models, schema(t="a")).backfills == {("t", "a"): "0"}
    assert declared(models, Schema({"t": Table("t", (Column("a", not_null=True),))})).backfills == {}


def test_a_declared_backfill_that_is_no_expression_is_said_with_its_place() -> None:
    with pytest.raises(ModelError) as caught:
        declared(model_of("t", column_of("a", backfill="lower(")), schema(t="id"))
    assert str(caught.value) == "models.py:1: Some.a: its backfill 'lower(': a parenthesis is never closed"


def test_flags_win_over_what_models_declare() -> None:
    base = Decisions(
        tables=(TableRename("account", "accounts"),),
        columns=(ColumnRename("users", "Bio", "full_name"), ColumnRename("accounts", "name", "login")),
        backfills={("users", "username"): "1", ("users", "full_name"): "2"},
    )
    flags = Flags(renames=("users.name:users.full_name",), backfills=("users.username=3",), no_renames=True)
    assert resolve(flags, OLD, NEW, base) == Decisions(
        tables=(TableRename("account", "accounts"),),
        columns=(ColumnRename("accounts", "name", "login"), ColumnRename("users", "name", "full_name")),
        backfills={("users", "username"): "3", ("users", "full_name"): "2"},
        no_renames=True,
    )


@pytest.mark.parametrize(
    ("expression", "fault", "hint"),
    [
        ("lower(full_name) || Bio || (SELECT max(name) FROM account) || rowid", None, None),
        ("name", "no such column: name", "did you mean full_name? If not, a text needs quotes: 'name'"),
        ("zzz", "no such column: zzz", "a text needs quotes: 'zzz'"),
        ("users.bi", "no such column: users.bi", "did you mean Bio?"),
        ("(SELECT 1 FROM acount)", "no such table: acount", "did you mean account?"),
        # It may be another's new name, which may not be decided yet.
        ("(SELECT max(login) FROM accounts)", None, None),
        (
            "lower(UserName)",
            "names users.username, which is new itself",
            "an expression sees the row as it is before the migration: write out what the other column is given",
        ),
    ],
)
def test_a_backfill_names_columns_as_they_were_under_their_new_names(
    expression: str, fault: str | None, hint: str | None
) -> None:
    flags = Flags(renames=("users.name:users.full_name",), backfills=(f"users.username={expression}",))
    if fault is None:
        assert resolve(flags, OLD, NEW).backfills == {("users", "username"): expression}
        return
    with pytest.raises(UsageError) as caught:
        resolve(flags, OLD, NEW)
    colon = "" if fault.startswith("names") else ":"
    assert (caught.value.message, caught.value.hint) == (f"the backfill of users.username{colon} {fault}", hint)


def test_a_backfill_may_name_what_may_be_a_columns_new_name() -> None:
    old, new = schema(t="a gone"), schema(t="a b c")
    flags = Flags(backfills=("t.c=b",))
    assert resolve(flags, old, new).backfills == {("t", "c"): "b"}
    assert resolve(replace(flags, renames=("t.gone:t.b",)), old, new).backfills == {("t", "c"): "b"}
    for settled in (replace(flags, no_renames=True), replace(flags, renames=("t.gone:t.c",))):
        with pytest.raises(UsageError, match=r"the backfill of t\.c names t\.b, which is new itself"):
            resolve(settled, old, new)


def test_a_backfill_sees_what_took_the_name_of_something_that_goes() -> None:
    old, new = schema(a="x y", b="z"), schema(b="y new")
    flags = Flags(renames=("a.x:b.y",), table_renames=("a:b",), backfills=("b.new=y",))
    assert resolve(flags, old, new).backfills == {("b", "new"): "y"}
    with pytest.raises(UsageError, match="no such column: z"):
        resolve(Flags(renames=("a.x:b.y",), table_renames=("a:b",), backfills=("b.new=z",)), old, new)


def test_an_answer_is_a_flag() -> None:
    flags = Flags().answered(RenamedTable("my.new", ("my old",)), "my old")
    flags = flags.answered(RenamedColumn("my.new", 'b"c', ("a:b",), "my old"), "a:b")
    flags = flags.answered(MissingValue("my.new", "d", "TEXT", ""), "'x=y'")
    found = resolve(flags, of([("my old", ["a:b"])]), of([("my.new", ['b"c', "d"])]))
    assert found == Decisions(
        tables=(TableRename("my old", "my.new"),),
        columns=(ColumnRename("my.new", "a:b", 'b"c'),),
        backfills={("my.new", "d"): "'x=y'"},
    )


def test_a_generated_column_takes_no_backfill() -> None:
    with Connection() as connection:
        connection.query("CREATE TABLE t (a, b AS (a + 1))")
        new = connection.schema()
    with pytest.raises(UsageError, match=r"t\.b is a generated column"):
        resolve(Flags(backfills=("t.b=1",)), OLD, new)
