"""What models declare beside their tables: views, triggers and virtual tables.

    from progy import View

    active_users = View("active_users", "SELECT id, email FROM users WHERE deleted_at IS NULL")

Such an object counts as a table does: it is enough that a module of the models makes it. SQLAlchemy is only loaded
where a model's class or table is given, and so is loaded already.
"""

from __future__ import annotations

import contextlib
import inspect
import re
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from progy.sql.names import literal, quote, unquote
from progy.sql.tidy import tidied
from progy.sql.tokens import UnclosedQuoteError, tokens

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TypeAlias

    from sqlalchemy import Table

    Named: TypeAlias = "type[Any] | Table | View | str"
    """A table or view: the model's class, the object that declares it, or its name."""

Kind = Literal["view", "trigger", "virtual table"]
Event = Literal["INSERT", "UPDATE", "DELETE"]


class Part(NamedTuple):
    """One object of the database that a declaration makes."""

    kind: Kind
    name: str
    sql: str
    """Its CREATE statement, without a semicolon."""
    table: str | None = None
    """The table or view that a trigger is on, or that a full-text index reads."""
    columns: tuple[str, ...] = ()
    """The columns of `table` that it names there: after UPDATE OF, or those a full-text index reads."""
    event: Event | None = None
    """What fires a trigger."""


class Made(NamedTuple):
    """A declaration, and the place in a file where it was made."""

    declaration: View | Trigger | VirtualTable | FTS5
    file: str
    line: int


@dataclass(frozen=True)
class View:
    """A view.

    Args:
        name: Its name.
        select: The SELECT statement.
        columns: The columns' names, where the SELECT's own won't do.
        description: What it is for, in the documentation.

    Raises:
        TypeError: `select` is no text.
        ValueError: It isn't one SELECT statement.
    """

    name: str
    select: str
    _: KW_ONLY
    columns: Sequence[str] = ()
    description: str | None = None

    def __post_init__(self) -> None:
        """Look at the arguments, and take note of the view."""
        _check(self, self.name, select=self.select)
        _check_names(self, "columns", self.columns)
        words = list(tokens(self.select))
        if not words[0].is_word("SELECT", "WITH", "VALUES"):
            raise ValueError(f"{_of(self)}: a view is made of a SELECT, which doesn't begin with {words[0].text}")
        if any(word.is_operator(";") for word in words[:-1]):
            raise ValueError(f"{_of(self)}: a view is made of one statement, and this is more")
        _note(self)

    @property
    def parts(self) -> tuple[Part, ...]:
        """The view."""
        columns = f" ({', '.join(map(quote, self.columns))})" if self.columns else ""
        return (Part("view", self.name, f"CREATE VIEW {quote(self.name)}{columns} AS\n{tidied(self.select, end='')}"),)


@dataclass(frozen=True)
class Trigger:
    """A trigger.

    Args:
        name: Its name.
        event: When it fires, as SQL says it: `"AFTER UPDATE OF email"`, `"BEFORE INSERT"`, `"INSTEAD OF DELETE"`.
        on: The table or, for INSTEAD OF, the view: the model's class, the `View`, or the name.
        when: An expression over `new` and `old`: the trigger fires for the rows where it is true.
        body: One or more statements, with semicolons between them.
        description: What it is for.

    Raises:
        TypeError: `on` is neither a table nor a view, or a text is none.
        ValueError: The event isn't one, or isn't one of such a table or view.
    """

    name: str
    event: str
    on: Named
    _: KW_ONLY
    body: str
    when: str | None = None
    description: str | None = None

    def __post_init__(self) -> None:
        """Look at the arguments, and take note of the trigger."""
        _check(self, self.name, event=self.event, body=self.body, **({} if self.when is None else {"when": self.when}))
        timing, _, _ = _parsed_event(self)
        instead, on_view = timing == "INSTEAD OF", isinstance(self.on, View)
        name = _name_of(self, self.on)
        if on_view and not instead:
            raise ValueError(f"{_of(self)}: {name} is a view, and a view's triggers fire INSTEAD OF what is done to it")
        if instead and not on_view and not isinstance(self.on, str):
            raise ValueError(f"{_of(self)}: {name} is a table, and only a view's triggers fire INSTEAD OF anything")
        _note(self)

    @property
    def parts(self) -> tuple[Part, ...]:
        """The trigger."""
        timing, event, columns = _parsed_event(self)
        return (_trigger(self.name, (timing, event, columns), _name_of(self, self.on), self.body, self.when),)


@dataclass(frozen=True)
class VirtualTable:
    """A virtual table, whose rows a module of SQLite keeps: `rtree`, say. For full-text search there is `FTS5`.

    Args:
        name: Its name.
        module: The module.
        arguments: What the module is given, each as SQL.
        description: What it is for.

    Raises:
        TypeError: `arguments` is no list of texts.
        ValueError: A name or an argument is empty.
    """

    name: str
    module: str
    arguments: Sequence[str]
    _: KW_ONLY
    description: str | None = None

    def __post_init__(self) -> None:
        """Look at the arguments, and take note of the table."""
        _check(self, self.name, module=self.module)
        _check_names(self, "arguments", self.arguments)
        for argument in self.arguments:
            _check(self, self.name, argument=argument)
        _note(self)

    @property
    def parts(self) -> tuple[Part, ...]:
        """The table."""
        arguments = [tidied(argument, indent="  ", end="") for argument in self.arguments]
        return (Part("virtual table", self.name, _virtual_table(self.name, self.module, arguments)),)


@dataclass(frozen=True)
class FTS5:
    """A table for full-text search (sqlite.org/fts5.html).

    Args:
        name: Its name.
        columns: The columns that can be searched, and those of `unindexed`, in order.
        content: Where the text is: None to keep a copy in this table; a table or view, by its model's class, its
            `View` or its name, to read it there; an empty text to keep none of it.
        content_rowid: The column of `content` that is its row number: by default SQLite's own.
        sync: Whether three triggers on `content`, a table, keep this one current.
        unindexed: Those of the columns that are kept, and not searched.
        tokenize: How text becomes words: `"porter unicode61"`.
        prefix: The lengths for which beginnings of words get an index: `(2, 3)`.
        options: Further options of FTS5's by name: `{"detail": "column"}`.
        description: What it is for.

    Raises:
        TypeError: `columns` is no list of names, or `content` neither a table nor a view.
        ValueError: An argument makes no sense without another.
    """

    name: str
    columns: Sequence[str]
    _: KW_ONLY
    content: Named | None = None
    content_rowid: str | None = None
    sync: bool = False
    unindexed: Sequence[str] = ()
    tokenize: str | None = None
    prefix: Sequence[int] = ()
    options: Mapping[str, str | int] = field(default_factory=dict)
    description: str | None = None

    def __post_init__(self) -> None:
        """Look at the arguments, and take note of the table."""
        _check(self, self.name)
        _check_names(self, "columns", self.columns)
        _check_names(self, "unindexed", self.unindexed)
        if not self.columns:
            raise ValueError(f"{_of(self)}: there are no columns to search")
        for unknown in (name for name in self.unindexed if name not in self.columns):
            raise ValueError(f"{_of(self)}: the unindexed column {unknown} isn't among the columns")
        if isinstance(self.prefix, str) or not all(isinstance(length, int) for length in self.prefix):
            raise TypeError(f"{_of(self)}: prefix takes lengths, such as (2, 3), not {self.prefix!r}")
        for option in _ARGUMENTS & self.options.keys():
            raise ValueError(f"{_of(self)}: {option} is an argument of its own, not one of the options")
        for option in self.options:
            if not re.fullmatch(r"[a-z][a-z0-9_]*", option):
                raise ValueError(f"{_of(self)}: {option!r} is no option of FTS5's")
        if self._source is None and (self.sync or self.content_rowid is not None):
            argument = "sync" if self.sync else "content_rowid"
            raise ValueError(f"{_of(self)}: {argument} needs a table to read from: content=Post, say")
        if self.sync and isinstance(self.content, View):
            raise ValueError(f"{_of(self)}: {self._source} is a view, which can't be followed: sync=True takes a table")
        _note(self)

    @property
    def parts(self) -> tuple[Part, ...]:
        """The table and, with `sync`, its triggers."""
        arguments = [quote(name) + (" UNINDEXED" if name in self.unindexed else "") for name in self.columns]
        arguments += [f"{option} = {literal(str(value))}" for option, value in self._options()]
        columns = (self.content_rowid or "rowid", *self.columns) if self._source else ()
        sql = _virtual_table(self.name, "fts5", arguments)
        table = Part("virtual table", self.name, sql, self._source, columns)
        return (table, *(self._followers(self._source) if self.sync and self._source else ()))

    @property
    def _source(self) -> str | None:
        """The name of the table or view that the text is read from."""
        return _name_of(self, self.content) if self.content is not None and self.content != "" else None

    def _options(self) -> Iterator[tuple[str, str | int]]:
        if self.content is not None:
            yield "content", self._source or ""
        if self.content_rowid is not None:
            yield "content_rowid", self.content_rowid
        if self.tokenize is not None:
            yield "tokenize", self.tokenize
        if self.prefix:
            yield "prefix", " ".join(map(str, self.prefix))
        yield from self.options.items()

    def _followers(self, source: str) -> Iterator[Part]:
        """The triggers that FTS5's documentation gives for a table whose text is elsewhere."""
        table, names = quote(self.name), [self.content_rowid or "rowid", *self.columns]

        def values(row: str) -> str:
            return ", ".join(f"{row}.{quote(name)}" for name in names)

        columns = ", ".join(["rowid", *map(quote, self.columns)])
        insert = f"INSERT INTO {table} ({columns}) VALUES ({values('new')})"  # noqa: S608 - quoted
        delete = f"INSERT INTO {table} ({table}, {columns}) VALUES ('delete', {values('old')})"  # noqa: S608 - quoted
        bodies: dict[Event, str] = {"INSERT": insert, "DELETE": delete, "UPDATE": f"{delete};\n{insert}"}
        for event, body in bodies.items():
            yield _trigger(f"{self.name}_{event.lower()}", ("AFTER", event, ()), source, body)


@contextlib.contextmanager
def collected() -> Iterator[list[Made]]:
    """What is declared while the context lasts, in order."""
    made: list[Made] = []
    _collectors.append(made)
    try:
        yield made
    finally:
        # By identity: two lists of the same things are equal.
        _collectors[:] = [other for other in _collectors if other is not made]


_collectors: list[list[Made]] = []
_ARGUMENTS: Final = frozenset({"content", "content_rowid", "tokenize", "prefix"})
_EVENT: Final = re.compile(
    r"(BEFORE|AFTER|INSTEAD\s+OF)\s+(INSERT|DELETE|UPDATE)(?:\s+OF\b\s*(.+))?", re.IGNORECASE | re.DOTALL
)


def _note(declaration: View | Trigger | VirtualTable | FTS5) -> None:
    """Tell whoever collects, with the place that made it: the innermost outside this module."""
    frame = inspect.currentframe()
    while frame is not None and frame.f_globals.get("__name__") == __name__:
        frame = frame.f_back
    if frame is not None:
        for made in _collectors:
            made.append(Made(declaration, frame.f_code.co_filename, frame.f_lineno))


def _of(declaration: object) -> str:
    """How errors name a declaration: `View 'active_users'`."""
    return f"{type(declaration).__name__} {getattr(declaration, 'name', None)!r}"


def _check(declaration: object, name: str, **texts: str) -> None:
    """Refuse what is no text, or empty, or has a quote that is never closed."""
    for argument, text in {"name": name, **texts}.items():
        if not isinstance(text, str):
            raise TypeError(f"{_of(declaration)}: {argument} takes text, not {text!r}")
        try:
            empty = not (text if argument == "name" else list(tokens(text)))
        except UnclosedQuoteError as error:
            raise ValueError(f"{_of(declaration)}: {argument}: {error}") from None
        if empty:
            raise ValueError(f"{_of(declaration)}: {argument} is empty")


def _check_names(declaration: object, argument: str, names: Sequence[str]) -> None:
    if isinstance(names, str) or not isinstance(names, Sequence) or not all(isinstance(name, str) for name in names):
        raise TypeError(f"{_of(declaration)}: {argument} takes a list of texts, not {names!r}")
    if "" in names:
        raise ValueError(f"{_of(declaration)}: one of {argument} is empty")


def _name_of(declaration: object, named: Named) -> str:
    """The name of a table or view."""
    if isinstance(named, str):
        if not named:
            raise ValueError(f"{_of(declaration)}: the table's name is empty")
        return named
    if isinstance(named, View):
        return named.name
    from sqlalchemy import Table

    table = getattr(named, "__table__", named)
    if isinstance(table, Table):
        return str(table.name)
    if isinstance(named, type):
        raise TypeError(f"{_of(declaration)}: {named.__name__} has no table: is table=True missing?")
    shown = getattr(named, "name", None) or repr(named)
    raise TypeError(f"{_of(declaration)}: {shown} is neither a table nor a view")


def _parsed_event(trigger: Trigger) -> tuple[str, Event, tuple[str, ...]]:
    """Timing, event, and the columns after UPDATE OF."""
    found = _EVENT.fullmatch(trigger.event.strip())
    if found is None or (found[3] and found[2].upper() != "UPDATE"):
        raise ValueError(
            f"{_of(trigger)}: {trigger.event!r} is no event: BEFORE, AFTER or INSTEAD OF, then INSERT, DELETE, UPDATE, "
            "or UPDATE OF and columns"
        )
    listed = list(tokens(found[3] or ""))
    names, commas = listed[::2], listed[1::2]
    if (
        any(name.kind not in {"name", "quoted"} for name in names)
        or not all(comma.is_operator(",") for comma in commas)
        or (listed and len(names) == len(commas))
    ):
        raise ValueError(f"{_of(trigger)}: {found[3]!r} is no list of columns")
    event: Event = found[2].upper()  # type: ignore[assignment]  # the pattern knows no other
    return " ".join(found[1].upper().split()), event, tuple(unquote(name.text) for name in names)


def _trigger(
    name: str, event: tuple[str, Event, tuple[str, ...]], table: str, body: str, when: str | None = None
) -> Part:
    timing, what, columns = event
    listed = f" OF {', '.join(map(quote, columns))}" if columns else ""
    condition = f"\nWHEN {tidied(when, end='')}" if when is not None else ""
    sql = (
        f"CREATE TRIGGER {quote(name)} {timing} {what}{listed} ON {quote(table)}{condition}\n"
        f"BEGIN\n  {tidied(body, indent='  ', end=';')}\nEND"
    )
    return Part("trigger", name, sql, table, columns, what)


def _virtual_table(name: str, module: str, arguments: Sequence[str]) -> str:
    listed = ",\n".join(f"  {argument}" for argument in arguments)
    return f"CREATE VIRTUAL TABLE {quote(name)} USING {quote(module)}" + (f" (\n{listed}\n)" if listed else "")
