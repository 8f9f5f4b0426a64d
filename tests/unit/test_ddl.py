"""Tables in, exact CREATE statements out; and SQLite takes every one of them."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any

import apsw
import pytest
from sqlalchemy import (
    ARRAY,
    BINARY,
    DECIMAL,
    JSON,
    TIMESTAMP,
    UUID,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    Date,
    DateTime,
    Double,
    Enum,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    Interval,
    LargeBinary,
    MetaData,
    Numeric,
    PickleType,
    PrimaryKeyConstraint,
    Sequence,
    SmallInteger,
    String,
    Table,
    Text,
    Time,
    Unicode,
    UniqueConstraint,
    Uuid,
    false,
    func,
    literal,
    select,
    text,
    true,
)
from sqlalchemy.dialects.sqlite import JSONB
from sqlalchemy.types import UserDefinedType

from progy import ExactDecimal, Json, UnixMillis, UnixSeconds, ValueEnum
from progy.schema.ddl import statements
from progy.schema.dialect import DeclarationError, is_rowid, storage_type

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.sql.schema import SchemaItem
    from sqlalchemy.types import TypeEngine


class Status(enum.StrEnum):
    DRAFT = "draft"
    OUT = "it's out"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 9


class Named(UserDefinedType[Any]):
    cache_ok = True

    def __init__(self, name: str) -> None:
        self.name = name

    def get_col_spec(self, **_: object) -> str:
        return self.name


def ddl(*items: SchemaItem, **options: Any) -> list[str]:  # noqa: ANN401 - Table's own
    """The statements of a table `t` with an INTEGER PRIMARY KEY `id` and these columns, their layout taken out."""
    metadata = MetaData()
    Table("t", metadata, Column("id", Integer, primary_key=True), *items, **options)
    return made(metadata)


def made(*metadatas: MetaData) -> list[str]:
    found = statements(metadatas)
    with apsw.Connection(":memory:") as connection:
        for statement in found:
            connection.execute(statement)
    return [" ".join(statement.split()).replace("( ", "(").replace(" )", ")").replace(" ,", ",") for statement in found]


def column(*args: Any, **options: Any) -> str:  # noqa: ANN401 - Column's own
    """What is written for a column `c` of the table."""
    create, *_ = ddl(Column("c", *args, **options))
    return create.removeprefix("CREATE TABLE t (id INTEGER PRIMARY KEY, c ").removesuffix(")")


@pytest.mark.parametrize(
    ("type_", "word"),
    [
        (String(30), "TEXT"),
        (Text(), "TEXT"),
        (Unicode(5), "TEXT"),
        (Enum(Status), "TEXT"),
        (Uuid(), "TEXT"),
        (UUID(), "TEXT"),
        (JSON(), "TEXT"),
        (Json(), "TEXT"),
        (DateTime(), "TEXT"),
        (TIMESTAMP(), "TEXT"),
        (Date(), "TEXT"),
        (Time(), "TEXT"),
        (Interval(), "TEXT"),
        (ExactDecimal(), "TEXT"),
        (ValueEnum(Status), "TEXT"),
        (String(3, collation="nocase"), "TEXT COLLATE NOCASE"),
        (Integer(), "INTEGER"),
        (BigInteger(), "INTEGER"),
        (SmallInteger(), "INTEGER"),
        (Boolean(), "INTEGER"),
        (UnixSeconds(), "INTEGER"),
        (UnixMillis(), "INTEGER"),
        (ValueEnum(Level), "INTEGER"),
        (Float(), "REAL"),
        (Float(asdecimal=True), "REAL"),
        (Double(), "REAL"),
        (Numeric(10, 2), "NUMERIC"),
        (DECIMAL(), "NUMERIC"),
        (LargeBinary(), "BLOB"),
        (BINARY(3), "BLOB"),
        (JSONB(), "BLOB"),
        (PickleType(), "BLOB"),
        (Named("my_points"), "INTEGER"),
        (Named("VARCHAR2"), "TEXT"),
        (Named("DOUBLE"), "REAL"),
        (Named("BLOB"), "BLOB"),
        (Named(""), "BLOB"),
        (Named("VECTOR"), "NUMERIC"),
        (Named("ANY"), "NUMERIC"),
        (String().with_variant(Integer(), "sqlite"), "INTEGER"),
    ],
    ids=repr,
)
def test_types(type_: TypeEngine[Any], word: str) -> None:
    assert column(type_) == word


@pytest.mark.parametrize(
    ("type_", "default", "sql"),
    [
        (Integer(), "0", "INTEGER DEFAULT 0"),
        (Integer(), "-1", "INTEGER DEFAULT -1"),
        (Float(), "1.5e3", "REAL DEFAULT 1.5e3"),
        (Numeric(), "0", "NUMERIC DEFAULT 0"),
        (Text(), "0", "TEXT DEFAULT '0'"),
        (Text(), "it's", "TEXT DEFAULT 'it''s'"),
        (Text(), "", "TEXT DEFAULT ''"),
        (JSON(), "{}", "TEXT DEFAULT '{}'"),
        (Boolean(), "1", "INTEGER DEFAULT 1"),
        (Boolean(), "false", "INTEGER DEFAULT 0"),
        (Boolean(), true(), "INTEGER DEFAULT 1"),
        (Boolean(), false(), "INTEGER DEFAULT 0"),
        (Integer(), text("false"), "INTEGER DEFAULT false"),
        (Enum(Status), "DRAFT", "TEXT DEFAULT 'DRAFT'"),
        (ValueEnum(Status), Status.OUT, "TEXT DEFAULT 'it''s out'"),
        (ValueEnum(Level), "9", "INTEGER DEFAULT 9"),
        (DateTime(), func.now(), "TEXT DEFAULT CURRENT_TIMESTAMP"),
        (DateTime(), text("CURRENT_TIMESTAMP"), "TEXT DEFAULT CURRENT_TIMESTAMP"),
        (UnixSeconds(), text("unixepoch()"), "INTEGER DEFAULT (unixepoch())"),
        (UnixSeconds(), text("(unixepoch())"), "INTEGER DEFAULT (unixepoch())"),
        (Integer(), text("(1) + (2)"), "INTEGER DEFAULT ((1) + (2))"),
        (Text(), text("(')')"), "TEXT DEFAULT (')')"),
        (LargeBinary(), text("x'00'"), "BLOB DEFAULT x'00'"),
        (Text(), text("NULL"), "TEXT DEFAULT NULL"),
    ],
    ids=str,
)
def test_defaults(type_: TypeEngine[Any], default: Any, sql: str) -> None:  # noqa: ANN401 - whatever SQLAlchemy takes
    assert column(type_, server_default=default) == sql


@pytest.mark.parametrize(
    ("items", "sql"),
    [
        ([Column("c", Text, nullable=False)], "c TEXT NOT NULL"),
        (
            [Column("c", Text, nullable=False, sqlite_on_conflict_not_null="IGNORE")],
            "c TEXT NOT NULL ON CONFLICT IGNORE",
        ),
        (
            [Column("c", Integer, Computed("id + 1")), Column("d", Integer, Computed("id", persisted=True))],
            "c INTEGER GENERATED ALWAYS AS (id + 1), d INTEGER GENERATED ALWAYS AS (id) STORED",
        ),
        (
            [Column("c", Text, Computed("upper(d)", persisted=False), nullable=False), Column("d", Text)],
            "c TEXT NOT NULL GENERATED ALWAYS AS (upper(d)) VIRTUAL, d TEXT",
        ),
        ([Column("c", Boolean(create_constraint=True))], "c INTEGER CHECK (c IN (0, 1))"),
        (
            [Column("c", Enum(Status, create_constraint=True, name="known"))],
            "c TEXT CONSTRAINT known CHECK (c IN ('DRAFT', 'OUT'))",
        ),
        ([Column("c", ValueEnum(Status, check=True))], "c TEXT CHECK (c IN ('draft', 'it''s out'))"),
        ([Column("c", ValueEnum(Level, check=True))], "c INTEGER CHECK (c IN (1, 9))"),
        ([Column("c", Integer, CheckConstraint("c > 0"))], "c INTEGER CHECK (c > 0)"),
        (
            [Column("c", Integer), CheckConstraint("c > 0", name="positive")],
            "c INTEGER, CONSTRAINT positive CHECK (c > 0)",
        ),
        (
            [Column("c", Integer), Column("d", Integer), CheckConstraint("d > c"), CheckConstraint("c > 0")],
            "c INTEGER, d INTEGER, CHECK (c > 0), CHECK (d > c)",
        ),
        (
            [Column("c", Integer), CheckConstraint("c > 0", sqlite_on_conflict="IGNORE")],
            "c INTEGER, CHECK (c > 0) ON CONFLICT IGNORE",
        ),
        (
            [Column("c", Integer), UniqueConstraint("c", sqlite_on_conflict="REPLACE")],
            "c INTEGER, UNIQUE (c) ON CONFLICT REPLACE",
        ),
        (
            [Column("c", Integer, unique=True, sqlite_on_conflict_unique="IGNORE")],
            "c INTEGER, UNIQUE (c) ON CONFLICT IGNORE",
        ),
        ([Column("c", ForeignKey("t.id"))], "c INTEGER REFERENCES t (id)"),
        (
            [Column("c", ForeignKey("t.id", name="up", ondelete="CASCADE", onupdate="SET NULL"), nullable=False)],
            "c INTEGER NOT NULL CONSTRAINT up REFERENCES t (id) ON DELETE CASCADE ON UPDATE SET NULL",
        ),
        (
            [Column("c", ForeignKey("t.id", deferrable=True, initially="DEFERRED"))],
            "c INTEGER REFERENCES t (id) DEFERRABLE INITIALLY DEFERRED",
        ),
        *(
            (
                [Column("c", ForeignKey("t.id", ondelete=action, onupdate=action))],
                f"c INTEGER REFERENCES t (id) ON DELETE {action} ON UPDATE {action}",
            )
            for action in ("NO ACTION", "RESTRICT", "SET NULL", "SET DEFAULT", "CASCADE")
        ),
        (
            [Column("c", ForeignKey("t.id", deferrable=True)), Column("d", ForeignKey("t.id", deferrable=False))],
            "c INTEGER REFERENCES t (id) DEFERRABLE, d INTEGER REFERENCES t (id) NOT DEFERRABLE",
        ),
        (
            [Column("c", Integer), CheckConstraint("c > 0", name="the order")],
            'c INTEGER, CONSTRAINT "the order" CHECK (c > 0)',
        ),
        (
            [Column("order", Text), Column("Group", Text), Column('say "it"', Text)],
            '"order" TEXT, "Group" TEXT, "say ""it""" TEXT',
        ),
    ],
)
def test_column_constraints(items: list[SchemaItem], sql: str) -> None:
    assert ddl(*items) == [f"CREATE TABLE t (id INTEGER PRIMARY KEY, {sql})"]


@pytest.mark.parametrize(
    ("key", "options", "sql"),
    [
        ([Column("id", Integer, primary_key=True)], {}, "(id INTEGER PRIMARY KEY)"),
        (
            [Column("id", Integer, primary_key=True)],
            {"sqlite_autoincrement": True},
            "(id INTEGER PRIMARY KEY AUTOINCREMENT)",
        ),
        ([Column("id", Text, primary_key=True)], {}, "(id TEXT PRIMARY KEY NOT NULL)"),
        ([Column("id", Text, primary_key=True, nullable=True)], {}, "(id TEXT PRIMARY KEY)"),
        (
            [Column("id", Text, primary_key=True, sqlite_on_conflict_primary_key="REPLACE")],
            {},
            "(id TEXT PRIMARY KEY ON CONFLICT REPLACE NOT NULL)",
        ),
        (
            [Column("id", Text), PrimaryKeyConstraint("id", name="pk", sqlite_on_conflict="IGNORE")],
            {},
            "(id TEXT CONSTRAINT pk PRIMARY KEY ON CONFLICT IGNORE NOT NULL)",
        ),
        (
            [Column("a", Integer, primary_key=True), Column("b", Text, primary_key=True)],
            {},
            "(a INTEGER NOT NULL, b TEXT NOT NULL, PRIMARY KEY (a, b))",
        ),
        (
            [Column("a", Text), Column("b", Text), PrimaryKeyConstraint("b", "a")],
            {},
            "(a TEXT NOT NULL, b TEXT NOT NULL, PRIMARY KEY (b, a))",
        ),
        (
            [Column("a", Text), Column("b", Text), PrimaryKeyConstraint("a", "b", name="pk")],
            {"sqlite_with_rowid": False},
            "(a TEXT NOT NULL, b TEXT NOT NULL, CONSTRAINT pk PRIMARY KEY (a, b)) WITHOUT ROWID",
        ),
        (
            [Column("id", Integer, primary_key=True)],
            {"sqlite_with_rowid": False},
            "(id INTEGER PRIMARY KEY NOT NULL) WITHOUT ROWID",
        ),
        (
            [Column("id", Text, primary_key=True), Column("c", Named("any"))],
            {"sqlite_strict": True, "sqlite_with_rowid": False},
            "(id TEXT PRIMARY KEY NOT NULL, c ANY) WITHOUT ROWID, STRICT",
        ),
        ([Column("c", Text)], {}, "(c TEXT)"),
    ],
)
def test_primary_keys_and_table_options(key: list[SchemaItem], options: dict[str, Any], sql: str) -> None:
    metadata = MetaData()
    Table("t", metadata, *key, **options)
    assert made(metadata) == [f"CREATE TABLE t {sql}"]


def c_and_d(*items: SchemaItem) -> list[str]:
    return ddl(Column("c", Text), Column("d", Text), *items)[1:]


@pytest.mark.parametrize(
    ("items", "sql"),
    [
        ([UniqueConstraint("c")], ["CREATE UNIQUE INDEX t_c_unique ON t (c)"]),
        ([UniqueConstraint("d", "c")], ["CREATE UNIQUE INDEX t_d_c_unique ON t (d, c)"]),
        ([UniqueConstraint("c", name="mine")], ["CREATE UNIQUE INDEX mine ON t (c)"]),
        ([UniqueConstraint("c"), UniqueConstraint("c")], ["CREATE UNIQUE INDEX t_c_unique ON t (c)"]),
        ([Index("i", "c", "d")], ["CREATE INDEX i ON t (c, d)"]),
        ([Index("i", "c", unique=True)], ["CREATE UNIQUE INDEX i ON t (c)"]),
        ([Index("i", text("c DESC"), "d")], ["CREATE INDEX i ON t (c DESC, d)"]),
        ([Index("i", text("c COLLATE NOCASE DESC"))], ["CREATE INDEX i ON t (c COLLATE NOCASE DESC)"]),
        (
            [Index("i", "d", unique=True, sqlite_where=text("c = 'a;b'"))],
            ["CREATE UNIQUE INDEX i ON t (d) WHERE c = 'a;b'"],
        ),
        ([Index("i", text("lower(c)"))], ["CREATE INDEX i ON t (lower(c))"]),
        ([Index("i", "c", sqlite_where=text("d IS NOT NULL"))], ["CREATE INDEX i ON t (c) WHERE d IS NOT NULL"]),
        ([Index("b", "c"), Index("a", "d")], ["CREATE INDEX a ON t (d)", "CREATE INDEX b ON t (c)"]),
    ],
)
def test_indexes(items: list[SchemaItem], sql: list[str]) -> None:
    assert c_and_d(*items) == sql


def test_indexes_on_expressions_of_columns() -> None:
    metadata = MetaData()
    table = Table("t", metadata, Column("c", Text), Column("n", Integer))
    Index("descending", table.c.c.desc(), table.c.n)
    Index("folded", func.lower(table.c.c), unique=True)
    Index("collated", table.c.c.collate("NOCASE"))
    Index("both", table.c.c.collate("NOCASE").desc(), func.abs(table.c.n).desc())
    Index("partial", table.c.c, sqlite_where=(table.c.n > 1) & (table.c.c != "it's"))
    assert made(metadata)[1:] == [
        "CREATE INDEX both ON t (c COLLATE NOCASE DESC, abs(n) DESC)",
        "CREATE INDEX collated ON t (c COLLATE NOCASE)",
        "CREATE INDEX descending ON t (c DESC, n)",
        "CREATE UNIQUE INDEX folded ON t (lower(c))",
        "CREATE INDEX partial ON t (c) WHERE n > 1 AND c != 'it''s'",
    ]


def test_index_names_that_sqlalchemy_makes() -> None:
    assert ddl(Column("c", Text, index=True), Column("d", Text, index=True, unique=True))[1:] == [
        "CREATE INDEX ix_t_c ON t (c)",
        "CREATE UNIQUE INDEX ix_t_d ON t (d)",
    ]


def test_a_naming_convention_is_followed() -> None:
    metadata = MetaData(
        naming_convention={
            "ix": "idx_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "fk": "fk_%(table_name)s",
        }
    )
    Table(
        "t",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("c", Text, unique=True),
        Column("d", ForeignKey("t.id"), index=True),
    )
    assert made(metadata) == [
        "CREATE TABLE t (id INTEGER PRIMARY KEY, c TEXT, d INTEGER CONSTRAINT fk_t REFERENCES t (id))",
        "CREATE INDEX idx_t_d ON t (d)",
        "CREATE UNIQUE INDEX uq_t_c ON t (c)",
    ]


def test_a_reference_by_several_columns_stands_after_them() -> None:
    metadata = MetaData()
    Table("parent", metadata, Column("a", Integer, primary_key=True), Column("b", Integer, primary_key=True))
    Table(
        "child",
        metadata,
        Column("a", Integer),
        Column("b", Integer),
        ForeignKeyConstraint(["a", "b"], ["parent.a", "parent.b"], ondelete="CASCADE"),
    )
    assert made(metadata)[0] == (
        "CREATE TABLE child (a INTEGER, b INTEGER, FOREIGN KEY(a, b) REFERENCES parent (a, b) ON DELETE CASCADE)"
    )


def test_a_reference_by_several_columns_may_be_to_its_own_table() -> None:
    metadata = MetaData()
    Table(
        "t",
        metadata,
        Column("a", Integer, primary_key=True),
        Column("b", Integer, primary_key=True),
        Column("up_a", Integer),
        Column("up_b", Integer),
        ForeignKeyConstraint(
            ["up_a", "up_b"],
            ["t.a", "t.b"],
            name="up",
            onupdate="CASCADE",
            ondelete="SET NULL",
            deferrable=True,
            initially="DEFERRED",
        ),
    )
    assert made(metadata)[0] == (
        "CREATE TABLE t (a INTEGER NOT NULL, b INTEGER NOT NULL, up_a INTEGER, up_b INTEGER, "
        "CONSTRAINT up FOREIGN KEY(up_a, up_b) REFERENCES t (a, b) ON DELETE SET NULL ON UPDATE CASCADE "
        "DEFERRABLE INITIALLY DEFERRED, PRIMARY KEY (a, b))"
    )


def test_references_in_a_cycle_stay_also_those_that_are_to_be_added_later() -> None:
    metadata = MetaData()
    Table(
        "a",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("b_id", ForeignKey("b.id", use_alter=True, name="to_b")),
    )
    Table(
        "b",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("n", Integer),
        UniqueConstraint("id", "n"),
        Column("a_id", ForeignKey("a.id")),
    )
    Table(
        "c",
        metadata,
        Column("b_id", Integer),
        Column("b_n", Integer),
        ForeignKeyConstraint(["b_id", "b_n"], ["b.id", "b.n"], use_alter=True, name="to_both"),
    )
    assert made(metadata) == [
        "CREATE TABLE a (id INTEGER PRIMARY KEY, b_id INTEGER CONSTRAINT to_b REFERENCES b (id))",
        "CREATE TABLE b (id INTEGER PRIMARY KEY, n INTEGER, a_id INTEGER REFERENCES a (id))",
        "CREATE UNIQUE INDEX b_id_n_unique ON b (id, n)",
        "CREATE TABLE c (b_id INTEGER, b_n INTEGER, CONSTRAINT to_both FOREIGN KEY(b_id, b_n) REFERENCES b (id, n))",
    ]


def test_the_layout_is_a_column_a_line() -> None:
    metadata = MetaData()
    Table("t", metadata, Column("id", Integer, primary_key=True), Column("c", Text))
    assert statements([metadata]) == ("CREATE TABLE t (\n\tid INTEGER PRIMARY KEY, \n\tc TEXT\n)",)


def test_tables_stand_by_name_each_with_its_indexes() -> None:
    metadata = MetaData()
    for name, other in {"b": "c", "a": "b", "c": "a"}.items():
        Table(
            name,
            metadata,
            Column("id", Integer, ForeignKey(f"{other}.id"), primary_key=True),
            Index(f"{name}_z", "id"),
            Index(f"{name}_a", "id"),
        )
    assert [statement.split()[2] for statement in made(metadata)] == [
        "a", "a_a", "a_z",
        "b", "b_a", "b_z",
        "c", "c_a", "c_z",
    ]  # fmt: skip


def test_tables_of_several_metadatas_make_one_schema() -> None:
    first, second = MetaData(), MetaData()
    parent = Table("b", first, Column("id", Integer, primary_key=True))
    Table("a", second, Column("b_id", ForeignKey(parent.c.id)))
    assert made(second, first) == [
        "CREATE TABLE a (b_id INTEGER REFERENCES b (id))",
        "CREATE TABLE b (id INTEGER PRIMARY KEY)",
    ]


@pytest.mark.parametrize(
    ("declare", "message", "hint"),
    [
        (lambda m: Table("t", m, Column("c", ARRAY(Text))), "t.c: D1 has no type for ARRAY(Text())", None),
        (lambda m: Table("t", m, Column("c")), "t.c: D1 has no type for NullType()", None),
        (
            lambda m: Table("t", m, Column("c", Numeric), sqlite_strict=True),
            "t.c: a STRICT table has no type for decimal numbers",
            "Field(sa_type=ExactDecimal), from progy",
        ),
        (
            lambda m: Table("t", m, Column("c", String(collation="de_DE"))),
            "t.c: D1 has no collation de_DE, only BINARY, NOCASE and RTRIM",
            None,
        ),
        (
            lambda m: Table("t", m, Column("c", Integer, server_default="now")),
            "t.c: the server default 'now' is no number",
            "an expression is text('now')",
        ),
        (
            lambda m: Table("t", m, Column("c", Text, server_default="CURRENT_TIMESTAMP")),
            "t.c: the server default 'CURRENT_TIMESTAMP' would be a string",
            "server_default=text('CURRENT_TIMESTAMP')",
        ),
        (
            lambda m: Table("t", m, Column("c", UnixSeconds, server_default=func.now())),
            "t.c: CURRENT_TIMESTAMP is text, and the column INTEGER",
            'server_default=text("(unixepoch())")',
        ),
        (
            lambda m: Table("t", m, Column("c", Enum(Status), server_default="draft")),
            "t.c: no member is stored as the server default 'draft'",
            "one of 'DRAFT', 'OUT'",
        ),
        (
            lambda m: Table("t", m, Column("c", Integer, Sequence("s"))),
            "t.c: D1 has no sequences and no identity columns",
            "an INTEGER PRIMARY KEY counts by itself: `int | None` with Field(primary_key=True)",
        ),
        (
            lambda m: Table("t", m, Column("c", Integer, Identity())),
            "t.c: D1 has no sequences and no identity columns",
            "an INTEGER PRIMARY KEY counts by itself: `int | None` with Field(primary_key=True)",
        ),
        (
            lambda m: Table("t", m, Column("c", Text), schema="app"),
            "t: D1 has no schemas, and the table is in 'app'",
            None,
        ),
        (
            lambda m: Table("t", m, Column("c", Text), prefixes=["TEMPORARY"]),
            "t: D1 has only ordinary tables: a prefix such as TEMPORARY isn't allowed",
            None,
        ),
        (
            lambda m: Table("t", m, Column("c", Text, server_default=text("lower('"))),
            "t.c: a quote opened at character 6 is never closed",
            None,
        ),
        (lambda m: Table("t", m), "t: the table has no columns", None),
        (
            lambda m: Table("t", m, Column("c", Text, primary_key=True), sqlite_autoincrement=True),
            "t: AUTOINCREMENT needs a primary key of one INTEGER column, and no WITHOUT ROWID",
            None,
        ),
        (
            lambda m: Table("t", m, Column("c", Text), UniqueConstraint("c", deferrable=True)),
            "t: only a foreign key can be deferred, not a UNIQUE",
            None,
        ),
        (
            lambda m: Table("t", m, Column("c", Text, CheckConstraint("c > 0", deferrable=True))),
            "t.c: only a foreign key can be deferred",
            None,
        ),
        (lambda m: Table("_CF_x", m, Column("c", Text)), "_CF_x: D1 keeps names like _CF_x for itself", None),
        (
            lambda m: Table("t", m, Column("c", Text), Index("sqlite_i", "c")),
            "t: D1 keeps names like sqlite_i for itself",
            None,
        ),
        (
            lambda m: (Table("t", m, Column("c", Text)), Table("T", m, Column("c", Text))),
            "t: the table t has the name of the table T",
            None,
        ),
        (
            lambda m: Table("t", m, Column("c", Text), Index("i", "c"), Index("i", "c", unique=True)),
            "t: two indexes are called i",
            None,
        ),
        (
            lambda m: Table("t", m, Column("c", Text, index=True), Index("IX_t_c", "c")),
            "t: the index ix_t_c has the name of the index IX_t_c of t",
            None,
        ),
        (
            lambda m: (Table("t", m, Column("c", Text), Index("i", "c")), Table("u", m, Column("c", Text), Index("i", "c"))),
            "u: two indexes are called i, this one and one of t",
            None,
        ),
        (
            lambda m: Table("t", m, Column("c", Text), Index("t", "c")),
            "t: the index t has the name of the table t",
            None,
        ),
        (
            lambda m: Table("t", m, *(Column(f"c{number}", Text) for number in range(101))),
            "t: D1 allows 100 columns a table, and this one has 101",
            None,
        ),
        (
            lambda m: (Table("t", m, Column("c", Text), Index("I", "c")), Table("u", m, Column("c", Text), Index("i", "c"))),
            "u: the index i has the name of the index I of t",
            None,
        ),
        (
            lambda m: (Table("users", m, Column("id", Integer, primary_key=True)), Table("t", m, Column("c", ForeignKey("user.id")))),
            "t.c: refers to user.id, but there is no table user",
            "did you mean users.id?",
        ),
        (
            lambda m: (Table("users", m, Column("key", Integer, primary_key=True)), Table("t", m, Column("c", ForeignKey("users.id")))),
            "t.c: refers to users.id, but the table users has no column id",
            "did you mean users.key?",
        ),
        (
            lambda m: (Table("users", m, Column("uid", Integer), Column("key", Integer, primary_key=True)), Table("t", m, Column("c", ForeignKey("users.id")))),
            "t.c: refers to users.id, but the table users has no column id",
            "did you mean users.uid?",
        ),
        (
            lambda m: (Table("users", m, Column("name", Integer)), Table("t", m, Column("c", ForeignKey("users.id")))),
            "t.c: refers to users.id, but the table users has no column id",
            None,
        ),
        (
            lambda m: Table("t", m, Column("id", Integer, primary_key=True), Column("c", Integer), Column("d", ForeignKey("t.c"))),
            "t.d: refers to t (c), which is neither its primary key nor unique",
            "make t (c) unique, or refer to the primary key",
        ),
    ],
)  # fmt: skip
def test_what_d1_cannot_hold_is_refused(declare: Callable[[MetaData], object], message: str, hint: str | None) -> None:
    metadata = MetaData()
    declare(metadata)
    with pytest.raises(DeclarationError) as caught:
        statements([metadata])
    assert (str(caught.value), caught.value.hint) == (message, hint)


def test_a_view_among_the_tables_is_refused() -> None:
    schema = pytest.importorskip("sqlalchemy", minversion="2.1").schema
    metadata = MetaData()
    schema.CreateView(select(literal(1).label("one")), "v", metadata=metadata)
    with pytest.raises(DeclarationError, match="v: SQLAlchemy's views aren't made") as caught:
        statements([metadata])
    assert caught.value.hint == 'View("v", "SELECT …"), from progy'


def test_a_reference_to_a_unique_column_is_fine() -> None:
    metadata = MetaData()
    Table("t", metadata, Column("c", Text, unique=True), Column("d", Text), Index("i", "d", unique=True))
    Table("u", metadata, Column("a", ForeignKey("t.c")), Column("b", ForeignKey("t.d")))
    assert made(metadata)[-1] == "CREATE TABLE u (a TEXT REFERENCES t (c), b TEXT REFERENCES t (d))"


def test_a_reference_to_a_partly_unique_column_is_refused() -> None:
    metadata = MetaData()
    Table("t", metadata, Column("c", Text), Index("i", "c", unique=True, sqlite_where=text("c > 'a'")))
    Table("u", metadata, Column("a", ForeignKey("t.c")))
    with pytest.raises(DeclarationError, match="neither its primary key nor unique"):
        statements([metadata])


@pytest.mark.parametrize(
    ("key", "options", "expected"),
    [
        (Column("id", Integer, primary_key=True), {}, True),
        (Column("id", Boolean, primary_key=True), {}, True),
        (Column("id", Text, primary_key=True), {}, False),
        (Column("id", Integer), {}, False),
        (Column("id", Integer, primary_key=True), {"sqlite_with_rowid": False}, False),
    ],
)
def test_what_is_a_rowid(key: Column[Any], options: dict[str, Any], expected: bool) -> None:  # noqa: FBT001 - a case
    Table("t", MetaData(), key, **options)
    assert is_rowid(key) is expected


def test_the_declared_type_leaves_the_collation_out() -> None:
    named = Column("c", String(collation="NOCASE"))
    Table("t", MetaData(), named)
    assert storage_type(named) == "TEXT"


def test_a_table_may_have_a_hundred_columns() -> None:
    metadata = MetaData()
    Table("t", metadata, *(Column(f"c{number}", Text) for number in range(100)))
    assert len(made(metadata)) == 1


def test_the_tables_of_two_metadatas_may_not_have_one_name() -> None:
    first, second = MetaData(), MetaData()
    Table("t", first, Column("c", Text))
    Table("t", second, Column("c", Text))
    with pytest.raises(DeclarationError, match=r"^t: two tables are called t$"):
        statements([first, second])
