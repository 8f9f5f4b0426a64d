"""Empty tables that stand for others for a moment.

SQLite refuses to work on rows that refer to a table which isn't there, or act on such rows, even where there are none.
In a cycle of tables that come, or that go, one of them is always missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from progy.schema.objects import fold
from progy.sql.names import quote

if TYPE_CHECKING:
    from collections.abc import Iterable

    from progy.schema.objects import ForeignKey, Table


def stub(table: Table, keys: Iterable[ForeignKey]) -> str:
    """The statement that makes a table of that name with the keys that these references lead to."""
    primary = table.primary_key.columns if table.primary_key else ()
    wanted = {tuple(map(fold, key.references)): key.references for key in keys if key.references}
    wanted.pop(tuple(map(fold, primary)), None)
    columns = dict.fromkeys([*primary, *(column for names in wanted.values() for column in names)])
    constraints = [f"PRIMARY KEY ({', '.join(map(quote, primary))})"] if primary else []
    constraints += [f"UNIQUE ({', '.join(map(quote, names))})" for names in wanted.values()]
    return f"CREATE TABLE {quote(table.name)} ({', '.join([*map(quote, columns), *constraints])})"
